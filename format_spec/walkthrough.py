"""Write walkthrough.md: the smallest vector, byte by byte.

python format_spec/walkthrough.py            write the page
python format_spec/walkthrough.py --check    exit 1 when it is out of date
"""

from __future__ import annotations

import argparse
import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "reference"))

import linc_read  # noqa: E402  (found through the line above)

PAGE = HERE / "walkthrough.md"
VECTOR = HERE / "vectors" / "good" / "good-minimal.linc"

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
DONE = "total_length Q|index_offset Q|n_sections I|sha256 32s"

INTRO = """# A small file, byte by byte

This page is made by `walkthrough.py` from `vectors/good/good-minimal.linc`: one grey frame of
{width} x {height} samples, one component, {size} bytes. Numbers before the bytes are offsets in
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


def write_page(data: bytes) -> str:
    """The whole page."""
    file = linc_read.read(data)
    linc_read.decode_all(file)
    page = Page(data)
    head, (segment,) = file.head, file.segments
    page.text(INTRO.format(width=head["width"], height=head["height"], size=len(data)).rstrip())
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
    spectral, latent = segment.tensors
    write_weights(page, spectral)
    write_latents(page, latent)
    page.begin("6.12")
    page.fields(DONE)
    page.end()
    assert page.at == len(data)
    write_picture(page, file)
    return "\n".join([*page.lines, ""])


def write_weights(page: Page, tensor: linc_read.Tensor) -> None:
    """WGTS with one spectral tensor of one channel."""
    end = page.begin("6.5, 7.5")
    for name in ("centroid c1", "centroid c2", "centroid c3"):
        page.field(name, "b")
    page.field("table of first coefficients", "B")
    write_block(page)
    assert page.at == end
    page.end()
    (q,) = tensor.numbers
    page.text(
        "", "The integers q of the only component, one block a table (rows are v, columns u):"
    )
    for row, column in ((r, c) for r in range(q.shape[1]) for c in range(q.shape[2])):
        block = q[0, row, column]
        page.text("", f"Block {row}, {column}:", "", "```")
        page.text(*(" ".join(f"{value:4d}" for value in line) for line in block), "```")


def write_latents(page: Page, tensor: linc_read.Tensor) -> None:
    """LATS with one lattice tensor."""
    end = page.begin("6.6, 7.4")
    for _ in range(tensor.dims[0]):
        page.field("exponent of the row", "b")
    for _ in range(tensor.dims[0]):
        page.field("64 * order + table", "B")
    write_block(page)
    assert page.at == end
    page.end()
    numbers, value = tensor.numbers[0].ravel().tolist(), linc_read.values(tensor).ravel().tolist()
    page.text("", f"The integers are {numbers}, the latent is {value}.")


def write_block(page: Page) -> None:
    """An integer block (clause 7.7)."""
    words = page.field("n_words", "I")
    assert isinstance(words, int)
    for _ in range(words):
        page.field("word", "I")
    count = page.field("n_bytes", "I")
    page.field("bits", f"{count}s", "signs, then the low bits of large values")


def write_picture(page: Page, file: linc_read.File) -> None:
    """The rendered frame."""
    (plane,) = linc_read.codes(file, linc_read.render(file, 0))
    page.text(
        "", "## The picture (clause 8)", "", f"Digest of the integers: `{file.digest.hex()}`."
    )
    page.text("", "Codes of the only plane:", "", "```")
    page.text(*(" ".join(f"{code:3d}" for code in row) for row in plane), "```")


def main() -> int:
    """Write the page, or with ``--check`` compare it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 on difference")
    check = parser.parse_args().check
    text = write_page(VECTOR.read_bytes())
    stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text
    if stale and not check:
        PAGE.write_text(text, encoding="utf-8", newline="\n")
    if stale and check:
        print("walkthrough.md is out of date: run format_spec/walkthrough.py")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
