"""Preset instant beside the plain closed form, in bytes and in seconds of the same run.

    python -m benchmarks.codec.plain_form                       four clips, whole; minutes
    python -m benchmarks.codec.plain_form --clips carphone --frames 40 --out short

Both code every clip at several rates, one after the other in this process, imports not counted; at
a middle rate each also runs as a process of its own, start-up counted. The plain form counts ideal
bits and measures; linc writes its file and measures, and as a process it is also run as it is
usual, decoding every byte again before the file gets its name. Checks the plain form against its
published figures. Writes plain_form.json, a page and a plot into benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.common.bd_rate import bd_rate
from benchmarks.common.runs import RESULTS, command

import lincodec.cli  # noqa: F401  # isort: skip (settles threads before NumPy loads)

import matplotlib as mpl

from benchmarks.codec.closed_form import PLAIN
from benchmarks.codec.plain_coder import Cut, code_file
from benchmarks.codec.scoreboard import SET
from benchmarks.common.anchors import clip_path
from benchmarks.common.runs import listed, machine
from lincodec.encoder.encode import encode
from lincodec.options import EncodeOptions, Span

#: How the published figures cut each clip.
CUTS = {
    "bunny 1280x720": Cut(33, 32),
    "bunny 640x360": Cut(33, 16),
    "bikes": Cut(50, 16),
    "carphone": Cut(40, 16),
}
#: Luma step of the first published point; every next one has half of it.
FIRST_STEP = 256.0
QUALITIES = (26.0, 32.0, 38.0, 44.0)
#: Rate of the runs as processes.
STEP, QUALITY = 128.0, 38.0
#: Times that they run as processes.
TURNS = 3
PRESET = "instant"
#: Mean BD-rate that the preset has to reach, per cent.
BAR = -10.0

Row = dict[str, Any]


def timed(run: Callable[[], tuple[float, float]], setting: str) -> Row:
    """One point: bits per luma sample, RGB PSNR in dB, wall and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    bpp, psnr = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    row = {
        "setting": setting, "bpp": bpp, "psnr": psnr, "seconds": round(wall, 3),
        "cpu_seconds": round(cpu, 3), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip
    print(f"  {setting:12} {bpp:.5f} bpp {psnr:6.2f} dB {wall:7.2f} s {cpu:7.2f} CPU s", flush=True)
    return row


def plain_points(title: str, frames: int | None, steps: Sequence[float]) -> list[Row]:
    """The plain closed form of a clip at several steps."""
    path = clip_path(SET[title].path)

    def run(step: float) -> tuple[float, float]:
        coded = code_file(path, CUTS[title], step, frames)
        return coded.bpp, coded.psnr

    return [timed(partial(run, step), f"step {step:g}") for step in steps]


def linc_points(
    title: str, frames: int | None, qualities: Sequence[float], folder: Path
) -> list[Row]:
    """The preset at several qualities."""
    path, out = clip_path(SET[title].path), str(folder / "point.linc")

    def run(quality: float) -> tuple[float, float]:
        options = EncodeOptions(
            PRESET, quality, span=Span(frames=frames), audio=False, verify=False
        )
        report = encode(path, out, options, overwrite=True)
        return report.bpp, report.psnr

    return [timed(partial(run, quality), f"quality {quality:g}") for quality in qualities]


def process_seconds(title: str, frames: int | None, folder: Path) -> dict[str, float]:
    """Least wall seconds of both as processes of their own, in turns, at a middle rate."""
    path, cut = clip_path(SET[title].path), CUTS[title]
    part = [] if frames is None else ["--frames", str(frames)]
    coder = ["-m", "benchmarks.codec.plain_coder", path]
    coder += ["--segment", str(cut.segment), "--block", str(cut.block), "--step", f"{STEP:g}"]
    linc = ["-m", "lincodec", "encode", path, "-o", str(folder / "process.linc"), "-y", "-q"]
    linc += ["--preset", PRESET, "--quality", f"{QUALITY:g}", "--audio", "none"]
    commands = {"plain": coder, "linc": [*linc, "--no-verify"], "verified": linc}
    found = dict.fromkeys(commands, math.inf)
    for _ in range(TURNS):
        for name, words in commands.items():
            begun = time.perf_counter()
            subprocess.run([sys.executable, *words, *part], check=True, stdout=subprocess.DEVNULL)
            found[name] = min(found[name], round(time.perf_counter() - begun, 2))
    print(f"  as processes: {found}", flush=True)
    return found


def compared(title: str, given: argparse.Namespace, folder: Path) -> Row:
    """One clip: points of both, and what they come to."""
    print(title, flush=True)
    published = PLAIN[title].curve
    steps = [FIRST_STEP / 2**k for k in range(len(published))]
    plain = plain_points(title, given.frames, steps)
    linc = linc_points(title, given.frames, given.qualities, folder)
    curves = [[(row["bpp"], row["psnr"]) for row in rows] for rows in (plain, linc)]
    rate = bd_rate(*curves)
    seconds = {
        name: round(sum(row["seconds"] for row in rows) / len(rows), 3)
        for name, rows in (("plain", plain), ("linc", linc))
    }
    whole = given.frames is None
    return {
        "plain": plain,
        "linc": linc,
        "bd_rate_percent": None if rate is None else round(100 * rate, 1),
        "seconds": seconds,
        "ratio": round(seconds["linc"] / seconds["plain"], 2),
        "processes": process_seconds(title, given.frames, folder),
        "published": [off(row, point) for row, point in zip(plain, published, strict=True)]
        if whole
        else None,
        "published_seconds": PLAIN[title].seconds,
    }


def off(row: Row, point: tuple[float, float]) -> dict[str, float]:
    """How far a plain point lies from the published one."""
    return {
        "bpp_percent": round(100 * (row["bpp"] / point[0] - 1), 1),
        "db": round(row["psnr"] - point[1], 2),
    }


def page(clips: dict[str, Row]) -> str:
    """plain_form.md."""
    lines = [_HEAD, f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    for title, row in clips.items():
        rate, alone = row["bd_rate_percent"], row["processes"]
        lines.append(
            f"| {title} | {'-' if rate is None else f'{rate:+.1f} %'} "
            f"| {row['seconds']['plain']:.2f} | {row['seconds']['linc']:.2f} | {row['ratio']:.2f} "
            f"| {alone['plain']:.2f} | {alone['linc']:.2f} | {alone['linc'] / alone['plain']:.2f} "
            f"| {alone['verified']:.2f} | {row['published_seconds']:g} | {_worst(row)} |"
        )
    rates = [r["bd_rate_percent"] for r in clips.values() if r["bd_rate_percent"] is not None]
    if rates:
        mean, alone = sum(rates) / len(rates), [row["processes"] for row in clips.values()]
        ratios = [seconds["linc"] / seconds["plain"] for seconds in alone]
        state = "met" if mean <= BAR and len(clips) == len(CUTS) else "missed"
        if len(clips) < len(CUTS):
            state = "incomplete"
        lines += [
            "",
            f"Mean BD-rate {mean:+.1f} % (bar: ≤ {BAR:g} %, {state}).",
            f"Seconds as processes over the plain form's: {max(ratios):.2f} at most.",
        ]
    return "\n".join(lines) + "\n"


def _worst(row: Row) -> str:
    """The largest distances from the published curve."""
    if row["published"] is None:
        return "part of the clip"
    rate, db = (max((p[k] for p in row["published"]), key=abs) for k in ("bpp_percent", "db"))
    return f"{rate:+.1f} %, {db:+.2f} dB"


_HEAD = """# Preset instant and the plain closed form

Made by `python -m benchmarks.codec.plain_form` (`plain_form.json` has the points). BD-rate over
RGB PSNR of whole files against ideal bits. Seconds: mean over the rates, in one process after
imports, reading the clip and measuring included, for linc writing the file too; then one rate as a
process of its own, the least of three in turns. Verified: as it is usual, every byte decoded again
before the file gets its name, which the plain form does not do. Published: seconds on two cores,
and how far the plain form made here is off the published curve at most.
"""
_COLUMNS = (
    "clip", "BD-rate", "plain s", "instant s", "ratio", "plain process s", "instant process s",
    "ratio", "verified s", "published s", "off the published curve",
)  # fmt: skip


def plot(clips: dict[str, Row], path: Path) -> None:
    """Rate-distortion curves, a panel a clip."""
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        1, len(clips), figsize=(4 * len(clips), 3.5), layout="constrained", squeeze=False
    )
    for axis, (title, row) in zip(axes[0], clips.items(), strict=True):
        for name, rows in (("plain", row["plain"]), ("linc", row["linc"])):
            label = f"{'instant' if name == 'linc' else name}, {row['seconds'][name]:.1f} s"
            axis.plot([p["bpp"] for p in rows], [p["psnr"] for p in rows], "o-", label=label)
        axis.set_xscale("log")
        axis.set_title(title)
        axis.set_xlabel("bits per luma sample")
        axis.legend()
    axes[0][0].set_ylabel("RGB PSNR, dB")
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--clips", type=listed(str), default=list(CUTS))
    add("--frames", type=int, help="only the first so many of each clip")
    add("--qualities", type=listed(float), default=list(QUALITIES), help="of linc")
    add("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    for name in given.clips:
        if name not in CUTS:
            parser.error(f"--clips {name}: expected one of {', '.join(CUTS)}")
    return given


def main() -> None:
    """Measure, print, write."""
    given = arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        code_file(clip_path(SET[given.clips[0]].path), CUTS[given.clips[0]], STEP, 2)  # warm up
        linc_points(given.clips[0], 2, [QUALITY], folder)
        clips = {title: compared(title, given, folder) for title in given.clips}
    report = {
        "command": command(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "clips": clips,
    }
    path = given.out / "plain_form.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(page(clips), encoding="utf-8")
    plot(clips, path.with_suffix(".png"))
    print(page(clips))


if __name__ == "__main__":
    main()
