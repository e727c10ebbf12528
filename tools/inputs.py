"""Which properties of which inputs survive encode and decode: writes docs/inputs.md.

    python -m tools.inputs [--media FOLDER] [--only PART-OF-NAME] [--json FILE]

Every video below FOLDER (default: $LINC_MEDIA) and a set of kinds made here go through
``encode`` (a few frames, the quickest settings) and ``decode``; what a reader says of the source is
compared with what is stored and with what it says of the decoded video.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from lincodec.container import LincFile
from lincodec.decoder.decode import decode
from lincodec.encoder.encode import encode
from lincodec.errors import LincError
from lincodec.options import DecodeOptions, EncodeOptions, Span
from lincodec.types import AudioTrack, Times, VideoInfo
from lincodec.video.reader import FrameReader
from lincodec.video.timing import is_constant
from tools import made_inputs

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "inputs.md"
SUFFIXES = {
    ".264", ".avi", ".gif", ".h264", ".i420", ".ivf", ".mkv", ".mov", ".mp4", ".mpg", ".png",
    ".ts", ".wav", ".webm", ".y4m", ".yuv",
}  # fmt: skip
PROPERTIES = ("size", "frames", "times", "depth", "chroma", "colour", "shape", "turn", "audio")


@dataclass
class Row:
    """What became of one input."""

    name: str
    what: str = ""
    """In words: codec-independent description of the picture."""
    refused: str = ""
    """Why it was refused, in one line."""
    kept: dict[str, str] = field(default_factory=dict)
    """Property -> yes, or what is different."""
    notes: list[str] = field(default_factory=list)


@dataclass
class Seen:
    """A short video as a reader sees it."""

    info: VideoInfo
    times: Times
    audio: AudioTrack | None
    warnings: list[str]


def look(path: Path, frames: int | None) -> Seen:
    """Read a video, or its first frames."""
    with FrameReader(str(path), span=Span(frames=frames)) as reader:
        count = sum(1 for _ in reader)
        info = replace(reader.info, n_frames=count)
        return Seen(info, reader.times(), reader.audio(), list(reader.warnings))


def frames_for(path: Path) -> int:
    """Few, and fewer of a large picture."""
    with FrameReader(str(path)) as reader:
        return 2 if reader.info.width * reader.info.height > 3_000_000 else 6


def described(seen: Seen) -> str:
    """``1280x720 10-bit 4:2:0, 29.97/s, aac``."""
    info = seen.info
    chroma = {None: "grey", (1, 1): "4:2:0", (1, 0): "4:2:2", (0, 0): "4:4:4"}[info.chroma_shift]
    color = info.color
    parts = [f"{info.width}x{info.height} {info.bit_depth}-bit {chroma}"]
    rate = f"{float(info.fps):.4g}/s"
    parts.append(rate if is_constant(seen.times, info.fps) else f"variable, about {rate}")
    if (color.primaries, color.transfer, color.matrix) != (2, 2, 2):
        parts.append(f"colour {color.primaries}/{color.transfer}/{color.matrix}")
    parts += ["full range"] if color.full_range else []
    parts += [f"samples {info.sar}"] if info.sar != 1 else []
    parts += [f"turned {info.rotation}"] if info.rotation else []
    parts += [seen.audio.codec] if seen.audio else []
    return ", ".join(parts)


def properties(seen: Seen) -> dict[str, object]:
    """What is compared, by the names of ``PROPERTIES``; times are rounded to a millisecond."""
    info = seen.info
    track = seen.audio
    times = [round(float(pts * seen.times.time_base), 3) for pts in seen.times.pts]
    return {
        "size": f"{info.width}x{info.height}",
        "frames": info.n_frames,
        "times": times,
        "depth": info.bit_depth,
        "chroma": info.chroma_shift,
        "colour": info.color,
        "shape": str(info.sar),
        "turn": info.rotation,
        "audio": None
        if track is None
        else (track.codec, track.sample_rate, track.layout, [p.data for p in track.packets]),
    }


def same(name: str, one: object, other: object) -> bool:
    """Whether a property is kept; times within a millisecond and a half."""
    if name == "times" and isinstance(one, list) and isinstance(other, list):
        close = (abs(a - b) <= 0.0015 for a, b in zip(one, other, strict=False))
        return len(one) == len(other) and all(close)
    return one == other


def compared(source: Seen, stored: Seen, shown: Seen) -> dict[str, str]:
    """yes, or where it was lost."""
    given, kept, seen = properties(source), properties(stored), properties(shown)
    found = {}
    for name in PROPERTIES:
        if name == "audio" and given[name] is None:
            found[name] = "–"
        elif not same(name, given[name], kept[name]):
            found[name] = "lost in the file"
        elif not same(name, given[name], seen[name]):
            found[name] = "lost in the output"
        else:
            found[name] = "yes"
    return found


def tried(path: Path, name: str, folder: Path) -> Row:
    """One input there and back."""
    row = Row(name)
    try:
        frames = frames_for(path)
        source = look(path, frames)
        row.what = described(source)
        linc = folder / "coded.linc"
        options = EncodeOptions(preset="instant", network=False, span=Span(frames=frames))
        report = encode(str(path), str(linc), options, overwrite=True)
        row.notes = list(report.warnings)
        with linc.open("rb") as file:
            opened = LincFile(file)
            stored = Seen(opened.info, opened.times(), opened.audio(), [])
        info = source.info
        even = info.width % 2 == 0 and info.height % 2 == 0
        plain = info.bit_depth in (8, 10) and (even or info.chroma_shift == (0, 0))
        output = folder / ("out.mp4" if plain else "out.mkv")
        quick = {"codec": "libx264", "encoder_preset": "ultrafast"} if plain else {"codec": "ffv1"}
        back = decode(str(linc), str(output), DecodeOptions(**quick), overwrite=True)  # type: ignore[arg-type]
        row.notes += [text for text in back.extra.get("warnings", ()) if text not in row.notes]
        row.kept = compared(source, stored, look(output, None))
    except LincError as error:
        row.refused = str(error).replace(f"{path}: ", "").replace(str(path), name)
    return row


def inputs(media: Path | None, folder: Path) -> Iterator[tuple[str, Path]]:
    """(name, path) of every input."""
    if media is not None:
        for path in sorted(media.rglob("*")):
            if path.suffix.lower() in SUFFIXES:
                yield str(path.relative_to(media)), path
    yield from ((f"made: {name}", path) for name, path in made_inputs.make_all(folder))


def page(rows: list[Row]) -> str:
    """docs/inputs.md."""
    passed = [row for row in rows if not row.refused]
    lines = [
        "# What is kept of which input",
        "",
        "Made by `python -m tools.inputs`: a few frames of every input through `linc",
        "encode` and `linc decode`. *yes*: the source, the file and the decoded video agree (times",
        "to 1.5 ms, audio packets byte for byte, colour and range as H.273 code points). Names are",
        "those of the collection of real clips the tests use; *made* inputs are made on the spot.",
        "",
        f"{len(rows)} inputs: {len(passed)} passed, {len(rows) - len(passed)} refused.",
        "",
        "| input | what it is | " + " | ".join(PROPERTIES) + " | said |",
        "| --- | --- |" + " --- |" * len(PROPERTIES) + " --- |",
    ]
    for row in passed:
        cells = " | ".join(row.kept[name] for name in PROPERTIES)
        lines.append(f"| {row.name} | {row.what} | {cells} | {'; '.join(row.notes)} |")
    lines += ["", "## Refused", "", "| input | reason |", "| --- | --- |"]
    lines += [f"| {row.name} | {row.refused} |" for row in rows if row.refused]
    return "\n".join([*lines, ""])


def main() -> int:
    """Try every input; exit 1 when one ends in anything but a result or a clear reason."""
    parser = argparse.ArgumentParser(description="what is kept of which input")
    default = os.environ.get("LINC_MEDIA")
    parser.add_argument("--media", type=Path, default=Path(default) if default else None)
    parser.add_argument("--only", default="", help="inputs whose name has this in it; no page")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows, bugs = [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for label, path in inputs(given.media, folder):
            if given.only not in label:
                continue
            try:
                row = tried(path, label, folder)
            except Exception:  # noqa: BLE001 (counted and shown: the others are tried all the same)
                traceback.print_exc()
                bugs += 1
                continue
            lost = {k: v for k, v in row.kept.items() if v.startswith("lost")}
            print(label, row.refused or lost or "kept", row.notes, flush=True)
            rows.append(row)
    if not given.only:
        PAGE.write_text(page(rows), encoding="utf-8")
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    print(f"{len(rows)} inputs, {sum(bool(r.refused) for r in rows)} refused, {bugs} bugs")
    return 1 if bugs else 0


if __name__ == "__main__":
    sys.exit(main())
