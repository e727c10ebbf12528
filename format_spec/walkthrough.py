"""Write walkthrough.md and walkthrough-colour.md: two small vectors, byte by byte.

python format_spec/walkthrough.py            write the pages
python format_spec/walkthrough.py --check    exit 1 when one is out of date
"""

from __future__ import annotations

import argparse
import struct
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "reference"))

import linc_read  # noqa: E402  (found through the line above)
from linc_partitioned import Geometry  # noqa: E402
from walkthrough_pictures import write_records  # noqa: E402

VECTORS = HERE / "vectors" / "good"
#: Page, its vector, and what that holds.
PAGES = {
    "walkthrough.md": ("good-minimal", "one grey frame, one component"),
    "walkthrough-colour.md": (
        "good-raw-latents",
        "two frames in three planes, two components, latents as they are, a digest and an index",
    ),
    "walkthrough-pictures.md": (
        "good-pictures-tiny",
        "two partitioned pictures, the second predicted from the first",
    ),
}

MODE_RAW = 0

#: (name, layout) of the fields of fixed payloads; s is bytes shown as they are.
HEAD = """version_written H|version_needed H|incompat I|compat I|width I|height I|n_frames I|
n_segments I|fps numerator I|fps denominator I|sar numerator H|sar denominator H|bit_depth B|
primaries B|transfer B|matrix B|full_range B|rotation B|chroma B|reserved B|max_params Q|
max_symbols Q"""
ARCH = """arch_id H|arch_version H|block B|overlap B|n_components H|net_layers B|net_stride B|
net_channels H|net_latents H|net_hidden H|reserved I"""
SEGMENT = "first_frame I|n_frames I|flags B|reserved B|reserved H|n_tensors H|reserved H"
TENSOR = "role B|layer B|mode B|bits B|ndim B|reserved B|reserved H"
TAIL = "payload_length I|a f|b f"
INDEX = "first_frame I|n_frames I|offset Q|length Q|flags I"
DONE = "total_length Q|index_offset Q|n_sections I|sha256 32s"

INTRO = """# A small file, byte by byte

This page is made by `walkthrough.py` from `vectors/good/{name}.linc`: {what},
{width} x {height} luma samples, {size} bytes. Numbers before the bytes are offsets in
the file; CRCs are of type, length and payload.
"""


class Page:
    """Lines of Markdown, and the place in the file that they have come to."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0
        self.lines: list[str] = []

    def text(self, *lines: str) -> None:
        self.lines += lines

    def table(self) -> None:
        self.text("", "| at | bytes | field | value |", "| --- | --- | --- | --- |")

    def field(self, name: str, layout: str, note: str = "") -> object:
        """One row: ``layout`` as in struct."""
        size = struct.calcsize("<" + layout)
        raw = self.data[self.at : self.at + size]
        (value,) = struct.unpack("<" + layout, raw)
        shown = "" if layout.endswith("s") else f"{value:g}" if layout == "f" else str(value)
        self.text(f"| {self.at} | `{raw.hex(' ')}` | {name} | {note or shown} |")
        self.at += size
        return value

    def fields(self, description: str) -> None:
        """Several rows from ``name layout|name layout``."""
        for item in description.replace("\n", "").split("|"):
            name, _, layout = item.rpartition(" ")
            self.field(name, layout)

    def begin(self, clause: str) -> int:
        """Heading and frame of the next section; the end of its payload."""
        name = self.data[self.at : self.at + 4].decode()
        self.text("", f"## {name} (clause {clause})")
        self.table()
        self.field("type", "4s", name)
        length = self.field("length", "I")
        assert isinstance(length, int)
        return self.at + length

    def end(self) -> None:
        """The CRC of the section."""
        (crc,) = struct.unpack_from("<I", self.data, self.at)
        self.field("crc", "I", f"{crc:08x}")


def write_page(name: str, what: str) -> str:
    """The whole page of one vector."""
    data = (VECTORS / f"{name}.linc").read_bytes()
    file = linc_read.read(data)
    linc_read.decode_all(file)
    page = Page(data)
    head, (segment,) = file.head, file.segments
    sizes = {"width": head["width"], "height": head["height"], "size": len(data)}
    page.text(INTRO.format(name=name, what=what, **sizes).rstrip())
    page.text("", "## Signature (clause 4.1)")
    page.table()
    page.field("signature", "8s", "0x89, LNC, CR LF, 0x1A, LF")
    for clause, description in (("6.1", HEAD), ("6.2", ARCH)):
        page.begin(clause)
        page.fields(description)
        page.end()
    page.begin("6.4")
    page.fields(SEGMENT)
    for tensor in segment.tensors:
        page.fields(TENSOR)
        for _ in tensor.dims:
            page.field("dim", "I")
        page.fields(TAIL)
    page.end()
    if segment.pictures:
        latent, pictures = segment.tensors
        write_pictures(page, file, pictures)
    else:
        spectral, latent = segment.tensors
        write_weights(page, spectral)
    write_latents(page, latent)
    for kind, clause, row in (("dGST", "6.8", "sha256 32s"), ("iNDX", "6.11", INDEX)):
        if data[page.at : page.at + 4] == kind.encode():
            page.begin(clause)
            page.fields(row)
            page.end()
    page.begin("6.12")
    page.fields(DONE)
    page.end()
    assert page.at == len(data)
    write_picture(page, file)
    return "\n".join([*page.lines, ""])


def write_weights(page: Page, tensor: linc_read.Tensor) -> None:
    """WGTS with one spectral tensor."""
    end = page.begin("6.5, 7.5")
    for channel in range(len(tensor.numbers)):
        for name in ("centroid c1", "centroid c2", "centroid c3"):
            page.field(f"{name} of channel {channel}", "b")
    page.field("stream", f"{end - page.at}s", "all decisions, clause 7.5.2")
    assert page.at == end
    page.end()
    page.text("", "The integers q, one block a table (rows are v, columns u), without blocks of 0:")
    for channel, q in enumerate(tensor.numbers):
        for k, row, column in np.ndindex(*q.shape[:3]):
            block = q[k, row, column]
            if not block.any():
                continue
            page.text("", f"Channel {channel}, component {k}, block {row}, {column}:", "", "```")
            page.text(*(" ".join(f"{value:4d}" for value in line) for line in block), "```")


def write_pictures(page: Page, file: linc_read.File, tensor: linc_read.Tensor) -> None:
    """WGTS with the pictures; their records follow the section."""
    end = page.begin("6.5, 7.10")
    page.field("digest of the pictures", "16s")
    page.field("records", f"{end - page.at}s", "below")
    page.end()
    head = file.head
    shape = Geometry(head["width"], head["height"], head["chroma"], head["depth"])
    write_records(page.text, tensor.payload[16:], shape, file.frames)


def write_latents(page: Page, tensor: linc_read.Tensor) -> None:
    """LATS with one tensor, lattice or raw."""
    raw = tensor.mode == MODE_RAW
    end = page.begin("6.6, 7.1" if raw else "6.6, 7.4")
    values = linc_read.values(tensor)
    if raw:
        for k, frame in np.ndindex(*values.shape):
            page.field(f"component {k} of frame {frame}", "f")
    else:
        for _ in range(tensor.dims[0]):
            page.field("exponent of the row", "b")
        for _ in range(tensor.dims[0]):
            page.field("64 * order + table", "B")
        write_block(page)
    assert page.at == end
    page.end()
    if not raw:
        numbers = tensor.numbers[0].ravel().tolist()
        page.text("", f"The integers are {numbers}, the latents are {values.ravel().tolist()}.")


def write_block(page: Page) -> None:
    """An integer block (clause 7.7)."""
    words = page.field("n_words", "I")
    assert isinstance(words, int)
    for _ in range(words):
        page.field("word", "I")
    count = page.field("n_bytes", "I")
    page.field("bits", f"{count}s", "signs, then the low bits of large values")


def write_picture(page: Page, file: linc_read.File) -> None:
    """The first rendered frame."""
    page.text(
        "", "## The picture (clause 8)", "", f"Digest of the integers: `{file.digest.hex()}`."
    )
    for index, plane in enumerate(linc_read.codes(file, linc_read.render(file, 0))):
        page.text("", f"Codes of frame 0, plane {index}:", "", "```")
        page.text(*(" ".join(f"{code:3d}" for code in row) for row in plane), "```")


def main() -> int:
    """Write the pages, or with ``--check`` compare them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 on difference")
    check = parser.parse_args().check
    stale = False
    for name, (vector, what) in PAGES.items():
        text, page = write_page(vector, what), HERE / name
        if page.exists() and page.read_text(encoding="utf-8") == text:
            continue
        stale = True
        if check:
            print(f"{name} is out of date: run format_spec/walkthrough.py")
        else:
            page.write_text(text, encoding="utf-8", newline="\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
