"""Short windows of six clips: linc's default preset beside x265 and SVT-AV1, every byte counted.

    python -m benchmarks.codec.windows

Quick enough to say after every change of the encoder whether it is better (two minutes). Four
clips move; in two the camera stands still, and of those the files are so small that what is around
the pictures counts. Writes benchmarks/results/windows.json and .md.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path

from benchmarks.codec.rd import bd_rates, show
from benchmarks.codec.scoreboard import QUALITIES, Source, load, point
from benchmarks.common.anchors import ANCHORS, Point
from benchmarks.common.runs import RESULTS, listed, write_report
from lincodec.options import EncodeOptions

CLIPS = {
    "foreman": Source("natural/foreman_cif_60f_h264.mp4", 49),
    "BasketballPass": Source("raw/BasketballPass_416x240_101f_rgb_ffv1.mkv", 49, halve=True),
    "bikes": Source("bikes", 49),
    "bunny 320x180": Source("bench/bunny_320x180.mp4", 49),
    "taichi (still camera)": Source("natural/taichi_driving1.mp4", 33),
    "street (still camera)": Source("natural/opencv_vtest.avi", 33),
}
AGAINST = ("x265", "svtav1")


def points(title: str, preset: str) -> list[Point]:
    """linc and what it is held against, on one clip."""
    wanted = [(name, f"crf {crf}") for name in AGAINST for crf in ANCHORS[name].crfs]
    wanted += [(f"linc {preset}", f"quality {quality:g}") for quality in QUALITIES]
    with tempfile.TemporaryDirectory() as folder:
        clip = load(CLIPS[title], Path(folder))
        made = []
        for codec, setting in wanted:
            made.append(point(clip, codec, setting, Path(folder)))
            print(f"{title:24}", end="")
            show(made[-1])
    return made


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=listed(str), default=list(CLIPS))
    parser.add_argument("--preset", default=EncodeOptions().preset)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    made = {title: points(title, given.preset) for title in given.clips}
    codec = f"linc {given.preset}"
    rows = {title: bd_rates(found)["rgb"][codec] for title, found in made.items()}
    table = [f"| clip | frames | {' | '.join(AGAINST)} |", "|---|---" + "|---" * len(AGAINST) + "|"]
    for title, row in rows.items():
        found = [row[name] for name in AGAINST]
        cells = " | ".join("-" if rate is None else f"{rate:+.1f} %" for rate in found)
        table.append(f"| {title} | {CLIPS[title].frames} | {cells} |")
    head = f"# Short windows\n\nBD-rate of `{given.preset}`, RGB, whole files.\n\n"
    text = head + "\n".join(table) + "\n"
    clips = {title: [dataclasses.asdict(p) for p in found] for title, found in made.items()}
    write_report(given.out, "windows", text, preset=given.preset, bd_rate=rows, clips=clips)
    print(text, end="")


if __name__ == "__main__":
    main()
