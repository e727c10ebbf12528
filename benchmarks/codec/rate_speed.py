"""How fast a file is decoded at higher rates, with frames in between, and in how much memory.

    python -m benchmarks.codec.rate_speed
    python -m benchmarks.codec.rate_speed --rates 2 --rounds 1 --coded clip.linc

A clip is encoded once, then decoded to nowhere by ``linc decode`` at every rate in turn, each as a
process of its own, in rounds; what counts is the best of the rounds, beside that of the frames
themselves in the same run. Writes JSON and a table into benchmarks/results/.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.codec.size_speed import Row, coded, decoded
from benchmarks.common.runs import RESULTS, listed, write_report
from lincodec.options import EncodeOptions

RATES = ["1", "2", "5/2", "4", "8"]


def table(label: str, rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = [
        f"Decoded to nowhere, {label}:\n",
        "| frames for one | size | output frames a second | of those without any in between | MB |",
        "|" + "---|" * 5,
        *(
            f"| {r['rate']} | {r['size']} | {r['fps']:.1f} | {r['of_frames']:.2f} | {r['mb']} |"
            for r in rows
        ),
    ]
    return "\n".join(lines) + "\n"


def measured(
    path: Path, rates: Sequence[str], sizes: Sequence[str], frames: int, rounds: int
) -> list[Row]:
    """The best of the rounds for every size and rate."""
    cases = [(size, rate) for size in sizes for rate in rates]
    found = [
        [{"rate": r, **decoded(path, s, frames, "--fps-scale", r)} for s, r in cases]
        for _ in range(rounds)
    ]
    rows = [max(same, key=lambda row: float(row["fps"])) for same in zip(*found, strict=True)]
    own = {row["size"]: row["fps"] for row in rows if row["rate"] == rates[0]}
    for row in rows:
        row["of_frames"] = round(row["fps"] / own[row["size"]], 2)
    return rows


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--clip", default="bunny", help="a name, or a path below $LINC_MEDIA")
    add("--rates", type=listed(str), default=RATES, help="frames for one; 1 goes first")
    add("--sizes", type=listed(str), default=["x1"])
    add("--frames", type=int, default=48, help="of the file")
    add("--rounds", type=int, default=2)
    add("--preset", default=EncodeOptions.preset)
    add("--coded", type=Path, help="this .linc file instead of encoding the clip")
    add("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    rates = ["1", *(rate for rate in given.rates if rate != "1")]
    with tempfile.TemporaryDirectory() as folder:
        label, path = given.clip, given.coded
        if path is None:
            label, path = coded(given.clip, given.frames, given.preset, Path(folder))
        rows = measured(path, rates, given.sizes, given.frames, given.rounds)
    text = table(f"{label}, preset {given.preset}", rows)
    print(text, end="")
    write_report(given.out, "rate_speed", text, rows=rows)


if __name__ == "__main__":
    main()
