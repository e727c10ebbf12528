"""linc beside x264, x265 and SVT-AV1 over a fixed set of clips, in one command.

    python -m benchmarks.codec.scoreboard             measures what is missing, writes the tables
    python -m benchmarks.codec.scoreboard --again "linc medium"      measures those points once more
    python -m benchmarks.codec.scoreboard --clips carphone,foreman --codecs x265,"linc instant"
    python -m benchmarks.codec.scoreboard --tables    only the tables, from the points there are
    python -m benchmarks.codec.scoreboard --join other.json   takes points measured elsewhere

Every point is in benchmarks/results/scoreboard.json as soon as it is made, so a run can be stopped
and goes on where it was. scoreboard.md and .png and the table in README.md are made of that file.
A linc encode may take what its preset gives it; anchors run at two presets of theirs.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.codec import scoreboard_report
from benchmarks.codec.rd import encode_linc, show
from benchmarks.common.anchors import ANCHORS, Clip, Point, Quality, encode_anchor, load_clip
from benchmarks.common.clips import written
from benchmarks.common.runs import RESULTS, command, listed, machine
from lincodec.options import EncodeOptions
from lincodec.types import Planes

README = Path(__file__).resolve().parents[2] / "README.md"
PRESETS = ("instant", "fast", "medium", "slow")
QUALITIES = (26.0, 32.0, 38.0, 44.0)
_ABOUT = ("date", "load")


@dataclass(frozen=True)
class Source:
    """A clip of the set."""

    path: str
    """Of ``anchors.clip_path``."""
    frames: int | None = None
    """Only the first so many."""
    halve: bool = False
    """Whether 4:4:4 colour is averaged to 4:2:0, for encoders that have nothing else."""


SET = {
    "carphone": Source("carphone"),
    "bunny 320x180": Source("bench/bunny_320x180.mp4"),
    "foreman": Source("natural/foreman_cif_60f_h264.mp4"),
    "BasketballPass": Source("raw/BasketballPass_416x240_101f_rgb_ffv1.mkv", halve=True),
    "bunny 640x360": Source("bench/bunny_640x360.mp4"),
    "bikes": Source("bikes"),
    "street (static camera)": Source("natural/opencv_vtest.avi", 60),
    "PDF (screen)": Source("natural/screen_Adobe_PDF_1024x768_50f.264"),
    "bunny 1280x720": Source("bunny"),
}

Board = dict[str, list[Point]]


def load(source: Source, folder: Path) -> Clip:
    """The clip as every codec gets it."""
    clip = load_clip(source.path, source.frames)
    if not source.halve:
        return clip
    info = replace(clip.info, chroma_shift=(1, 1))
    halved = written(clip.name, [_halved(planes) for planes in clip.frames], info, folder)
    return load_clip(halved.path)


def _halved(planes: Planes) -> Planes:
    """Chroma averaged over 2 x 2 samples."""
    luma, *chroma = planes
    height, width = luma.shape
    blocks = (plane.reshape(height // 2, 2, width // 2, 2) for plane in chroma)
    means = (np.rint(block.mean((1, 3), dtype=np.float32)) for block in blocks)
    return (luma, *(mean.astype(luma.dtype) for mean in means))


def wanted() -> Iterator[tuple[str, str]]:
    """(codec, setting) of every point of a clip, quickest codec first."""
    for name, anchor in ANCHORS.items():
        yield from ((name, f"crf {crf}") for crf in anchor.crfs)
    for preset in PRESETS:
        yield from ((f"linc {preset}", f"quality {quality:g}") for quality in QUALITIES)
    for name, anchor in ANCHORS.items():
        if anchor.slow:
            yield from ((f"{name} {anchor.slow}", f"crf {crf}") for crf in anchor.crfs[::2])


def point(clip: Clip, codec: str, setting: str, folder: Path) -> Point:
    """Encode, decode and measure."""
    name, *preset = codec.split()
    value = float(setting.split()[1])
    if name == "linc":
        return encode_linc(clip, EncodeOptions(preset[0], value), folder, ms_ssim=False)
    path = str(folder / "point.mp4")
    return encode_anchor(
        clip, name, value, path, ms_ssim=False, preset=preset[0] if preset else None
    )


def run(given: argparse.Namespace) -> None:
    """Measure what is missing of the clips and codecs asked for."""
    path = given.out / "scoreboard.json"
    redone: set[tuple[str, str, str]] = set()
    with tempfile.TemporaryDirectory() as name:
        for title in given.clips:
            clip: Clip | None = None
            for codec, setting in wanted():
                board, key = read(path), (title, codec, setting)
                again = codec in given.again and key not in redone
                there = any((p.codec, p.setting) == key[1:] for p in board.get(title, []))
                if (given.codecs and codec not in given.codecs) or (there and not again):
                    continue
                clip = clip or load(SET[title], Path(name))
                made = point(clip, codec, setting, Path(name))
                redone.add(key)
                print(f"{title:24}", end="")
                show(made)
                write(path, title, made)


def read(path: Path) -> Board:
    """The points of every clip."""
    if not path.exists():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))["clips"]
    return {title: [_parsed(row) for row in points] for title, points in found.items()}


def _parsed(row: dict[str, Any]) -> Point:
    fields = {key: value for key, value in row.items() if key not in _ABOUT}
    return Point(**fields | {"quality": Quality(**row["quality"])})


def write(path: Path, title: str, made: Point) -> None:
    """Put one point into the file, in place of one of the same codec and setting."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    row = dataclasses.asdict(made) | {"date": now, "load": round(os.getloadavg()[0], 1)}
    merge(path, {title: [row]})


def merge(path: Path, clips: dict[str, list[dict[str, Any]]]) -> None:
    """Put points into the file, each in place of one of the same codec and setting."""
    found: dict[str, Any] = (
        json.loads(path.read_text(encoding="utf-8"))["clips"] if path.exists() else {}
    )
    order = {key: place for place, key in enumerate(wanted())}
    for title, rows in clips.items():
        kept = {(p["codec"], p["setting"]): p for p in [*found.get(title, []), *rows]}
        found[title] = [kept[key] for key in sorted(kept, key=lambda key: order[key])]
    report = {
        "command": command(),
        "machine": machine(),
        "clips": {name: found[name] for name in SET if name in found},
    }
    temporary = path.with_suffix(".tmp")
    temporary.write_text(_lines(report), encoding="utf-8")
    temporary.replace(path)


def _lines(report: dict[str, Any]) -> str:
    """JSON with a line a point, for short differences."""
    texts = {
        name: ",\n".join(f"   {json.dumps(p)}" for p in points)
        for name, points in report["clips"].items()
    }
    clips = ",\n".join(f"  {json.dumps(name)}: [\n{text}\n  ]" for name, text in texts.items())
    head = "".join(f' "{key}": {json.dumps(report[key])},\n' for key in ("command", "machine"))
    return f'{{\n{head} "clips": {{\n{clips}\n }}\n}}\n'


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--clips", type=listed(str), default=list(SET), help="of the set; default: all")
    add("--codecs", type=listed(str), help="such as x265 or 'x265 veryslow'; default: all")
    add("--again", type=listed(str), default=[], help="codecs whose points are made once more")
    add("--tables", action="store_true", help="measure nothing")
    add("--join", type=Path, nargs="+", default=[], help="take the points of other scoreboard.json")
    add("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    for name in given.clips:
        if name not in SET:
            parser.error(f"--clips {name}: expected one of {', '.join(SET)}")
    return given


def main() -> None:
    """Measure, print, write."""
    given = arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    path = given.out / "scoreboard.json"
    for other in given.join:
        merge(path, json.loads(other.read_text(encoding="utf-8"))["clips"])
    if not (given.tables or given.join):
        run(given)
    board = read(path)
    scoreboard_report.write(given.out, board)
    if given.out == RESULTS:
        text = README.read_text(encoding="utf-8")
        README.write_text(scoreboard_report.placed(text, board), encoding="utf-8")


if __name__ == "__main__":
    main()
