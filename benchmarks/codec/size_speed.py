"""How fast a file is decoded at other sizes, and in how much memory.

    python -m benchmarks.codec.size_speed
    python -m benchmarks.codec.size_speed --sizes 640x360,4k --frames 32 --rounds 1

A clip is encoded once, then decoded to nowhere by ``linc decode`` at every size in turn, each as a
process of its own, in rounds; what counts is the best of the rounds, beside that of native size in
the same run. Memory is the most that the process held. Then the largest size once more, of ever
longer parts of the clip, played forwards and backwards to make it long: memory must not grow with
the number of frames. Writes JSON and a table into benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.common.anchors import load_clip
from benchmarks.common.clips import written
from benchmarks.common.processes import finished
from benchmarks.common.runs import RESULTS, listed, write_report
from lincodec.encoder.encode import encode
from lincodec.options import EncodeOptions

Row = dict[str, Any]

SIZES = ["x1", "640x360", "427x240", "x0.7", "4k", "8k"]
LENGTHS = [48, 144]


def decoded(path: Path, size: str, frames: int, *more: str) -> Row:
    """One decode of the first frames to nowhere: frames a second and MB of memory.

    Args:
        path: of the .linc file.
        size: of the output, as for ``--res``.
        frames: of the file.
        more: arguments of ``linc decode``.
    """
    asked = ["--res", size, "--frames", str(frames), "--format", "null", "--json", *more]
    done = finished("lincodec", "decode", path, *asked)
    found = json.loads(done.output.splitlines()[-1])
    return {
        "size": f"{found['width']}x{found['height']}", "frames": found["frames"],
        "fps": round(found["fps"], 1), "mb": round(done.megabytes),
    }  # fmt: skip


def coded(name: str, frames: int, preset: str, folder: Path) -> tuple[str, Path]:
    """A clip, there and back until it is long enough, as a .linc file."""
    clip = load_clip(name, frames)
    there_and_back = [*clip.frames, *clip.frames[-2:0:-1]]
    planes = [there_and_back[k % len(there_and_back)] for k in range(frames)]
    source = written(clip.name, planes, clip.info, folder)
    path = folder / "clip.linc"
    encode(source.path, str(path), EncodeOptions(preset=preset), overwrite=True)
    return clip.label, path


def table(label: str, speeds: Sequence[Row], lengths: Sequence[Row]) -> str:
    """Markdown."""
    lines = [
        f"Decoded to nowhere, {label}:\n",
        "| size | frames a second | of native | MB |",
        "|" + "---|" * 4,
        *(f"| {r['size']} | {r['fps']:.1f} | {r['of_native']:.2f} | {r['mb']} |" for r in speeds),
        "\nThe most memory of ever longer parts:\n",
        "| size | frames | MB |",
        "|" + "---|" * 3,
        *(f"| {r['size']} | {r['frames']} | {r['mb']} |" for r in lengths),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--clip", default="bunny", help="a name, or a path below $LINC_MEDIA")
    add("--sizes", type=listed(str), default=SIZES, help="x1 is native, and goes first")
    add("--frames", type=int, default=64, help="of a decode whose speed is measured")
    add("--rounds", type=int, default=2)
    add("--lengths", type=listed(int), default=LENGTHS, help="frames of the largest size")
    add("--preset", default=EncodeOptions.preset)
    add("--coded", type=Path, help="this .linc file instead of encoding the clip")
    add("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    sizes = ["x1", *(size for size in given.sizes if size != "x1")]
    with tempfile.TemporaryDirectory() as folder:
        if given.coded:
            label, path = given.coded.stem, given.coded
        else:
            longest = max([given.frames, *given.lengths])
            label, path = coded(given.clip, longest, given.preset, Path(folder))
        rounds = [
            [decoded(path, size, given.frames) for size in sizes] for _ in range(given.rounds)
        ]
        lengths = [decoded(path, sizes[-1], length) for length in given.lengths]
    speeds = [max(rows, key=lambda row: float(row["fps"])) for rows in zip(*rounds, strict=True)]
    for row in speeds:
        row["of_native"] = round(row["fps"] / speeds[0]["fps"], 2)
    text = table(f"{label}, preset {given.preset}", speeds, lengths)
    print(text, end="")
    write_report(given.out, "size_speed", text, speeds=speeds, lengths=lengths)


if __name__ == "__main__":
    main()
