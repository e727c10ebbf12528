"""Whether encodes land where they are told to: file size, quality and time.

    python -m benchmarks.codec.targets                  measures what is missing, writes the tables
    python -m benchmarks.codec.targets --kinds size --presets medium --again

Runs `linc encode` as a user does. Size: the file less its audio is within 3 % of --size. Quality:
--psnr is met, or the exit code is 6 and the best file is there and verifies. Time: the process,
start-up included, takes 10 % longer than --max-time at most, or is refused with exit code 6 within
a quarter of it. Every row is in
benchmarks/results/targets.json as soon as it is measured, and a run goes on where one was stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl

from benchmarks.codec.scoreboard import SET, load
from benchmarks.common.anchors import Clip
from benchmarks.common.runs import RESULTS, command, listed, machine

CLIPS = ("carphone", "foreman", "bunny 320x180", "BasketballPass", "bikes")
BPPS = (0.03, 0.08, 0.2)
QUALITIES = (30.0, 34.0)
#: dB beyond the finest quantiser, asked of the first clip alone: it takes the longest.
BEYOND = 60.0
SECONDS = (5.0, 10.0, 30.0, 120.0)
#: Share of a time limit within which it is refused if it cannot be kept.
REFUSAL = 0.25
#: What is encoded in a time: whole clips, up to 720p.
TIMED = ("bunny 320x180", "bikes", "bunny 640x360", "bunny 1280x720")
_ALL = tuple(dict.fromkeys(CLIPS + TIMED))
#: Of each other clip, at most.
_FRAMES = 60
BARS = {"size": 0.03, "psnr": 0.005, "time": 0.10}
_HEAD = """# Targets

Made by `python -m benchmarks.codec.targets` (`targets.json`), which runs `linc encode` on the first
60 frames of each clip, on all of them where a time is given. Sizes are of files
without audio; times are of the whole process.
"""
_HEADS = {
    "size": ("wanted bytes", "bytes", "off", "within 3 %"),
    "psnr": ("wanted dB", "dB", "above", "met, or exit 6 and a file"),
    "time": ("limit s", "s", "off", "10 % over at most, or refused"),
}


@dataclass(frozen=True)
class Case:
    """One encode with a target."""

    kind: str
    """size, psnr or time."""
    clip: str
    preset: str
    wanted: float
    """Bits per luma sample, dB or seconds."""

    def options(self, clip: Clip) -> list[str]:
        """What the command line says."""
        if self.kind == "size":
            return ["--size", str(round(self.wanted * clip.samples / 8))]
        return ["--psnr" if self.kind == "psnr" else "--max-time", f"{self.wanted:g}"]


def cases(kinds: Sequence[str], presets: Sequence[str]) -> Iterator[Case]:
    """Five clips at three sizes, three clips at two qualities or three, four at four times."""
    for clip in CLIPS:
        for preset in presets:
            if "size" in kinds:
                yield from (Case("size", clip, preset, bpp) for bpp in BPPS)
            if "psnr" in kinds and clip in CLIPS[:3]:
                beyond = (BEYOND,) if clip == CLIPS[0] else ()
                yield from (Case("psnr", clip, preset, db) for db in QUALITIES + beyond)
    if "time" in kinds:
        for clip in TIMED:
            for preset in presets:
                yield from (Case("time", clip, preset, limit) for limit in SECONDS)


def run(case: Case, clip: Clip, folder: Path) -> dict[str, Any]:
    """Encode from the command line; what came of it."""
    out = folder / "target.linc"
    out.unlink(missing_ok=True)
    command = [sys.executable, "-m", "lincodec", "encode", clip.path, "-o", str(out), "--json"]
    command += ["--preset", case.preset, "--audio", "none", *case.options(clip)]
    if clip.span.frames is not None:
        command += ["--frames", str(clip.span.frames)]
    begun = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    wall = time.monotonic() - begun
    if done.returncode not in (0, 6):
        raise SystemExit(f"targets: exit code {done.returncode} of {shlex.join(command)}")
    info = _json("info", str(out)) if out.exists() else None
    wanted = float(case.options(clip)[1])
    got = {"size": info and info["bytes"]["total"], "psnr": info and info["psnr"], "time": wall}
    row = {
        "kind": case.kind, "clip": case.clip, "preset": case.preset, "target": case.wanted,
        "wanted": wanted, "got": got[case.kind], "wall_s": round(wall, 2), "exit": done.returncode,
        "load": round(os.getloadavg()[0], 1),
        "verified": info is not None and _json("verify", str(out)) is not None,
    }  # fmt: skip
    return row | {"met": met(row)}


def _json(*arguments: str) -> dict[str, Any] | None:
    """The result of a linc command, None when it fails."""
    command = [sys.executable, "-m", "lincodec", *arguments, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def met(row: dict[str, Any]) -> bool:
    """Whether a row keeps its promise."""
    if row["kind"] == "time" and row["exit"] == 6:
        return bool(row["wall_s"] <= REFUSAL * row["wanted"])
    if not row["verified"]:
        return False
    if row["kind"] == "psnr":
        above = row["got"] >= row["wanted"] - BARS["psnr"]
        return bool(row["exit"] == (0 if above else 6))
    off = row["got"] / row["wanted"] - 1
    if row["kind"] == "time":  # what is done sooner ends sooner
        return bool(row["exit"] == 0 and off <= BARS["time"])
    return bool(row["exit"] == 0 and abs(off) <= BARS[row["kind"]])


def table(rows: Sequence[dict[str, Any]], kind: str) -> str:
    """The rows of one kind and how many kept their promise."""
    mine = [row for row in rows if row["kind"] == kind]
    wanted, got, off, bar = _HEADS[kind]
    lines = [f"| clip | preset | {wanted} | {got} | {off} | exit | {bar} |", "|---" * 7 + "|"]
    for row in mine:
        away = "-"
        if row["got"] is not None:
            difference = row["got"] - row["wanted"]
            relative = f"{100 * difference / row['wanted']:+.1f} %"
            away = f"{difference:+.2f} dB" if kind == "psnr" else relative
        number = "-" if row["got"] is None else f"{row['got']:.{0 if kind == 'size' else 2}f}"
        state = "yes" if row["met"] else "**no**"
        lines.append(
            f"| {row['clip']} | {row['preset']} | {row['wanted']:g} | {number} | {away} "
            f"| {row['exit']} | {state} |"
        )
    count = sum(row["met"] for row in mine)
    return "\n".join(lines) + f"\n\n{count} of {len(mine)}.\n"


def page(rows: Sequence[dict[str, Any]]) -> str:
    """targets.md."""
    parts = [_HEAD]
    for kind, title in (("size", "--size"), ("psnr", "--psnr"), ("time", "--max-time")):
        parts.append(f"\n## {title}\n\n{table(rows, kind)}")
    return "".join(parts)


def plot(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """How far off sizes and times are, a dot an encode."""
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for axis, kind in zip(axes, ("size", "time"), strict=True):
        for preset in dict.fromkeys(row["preset"] for row in rows):
            mine = [r for r in rows if (r["kind"], r["preset"]) == (kind, preset) and r["got"]]
            off = [100 * (r["got"] / r["wanted"] - 1) for r in mine]
            axis.plot([r["wanted"] for r in mine], off, "o", label=preset)
        bar = 100 * BARS[kind]
        axis.axhspan(-bar, bar, alpha=0.15)
        axis.set(xlabel=_HEADS[kind][0], ylabel="off, per cent", title=f"{kind} (band: the bar)")
        axis.set_xscale("log")
        axis.grid(visible=True, alpha=0.3)
    axes[0].legend()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--kinds", type=listed(str), default=list(BARS), help="size, psnr, time")
    add("--presets", type=listed(str), default=["instant", "medium"])
    add("--clips", type=listed(str), default=list(_ALL))
    add("--again", action="store_true", help="measure what is there once more")
    add("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    path = given.out / "targets.json"
    rows: list[dict[str, Any]] = []
    if path.exists():
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    chosen = [case for case in cases(given.kinds, given.presets) if case.clip in given.clips]
    with tempfile.TemporaryDirectory() as name:
        clips: dict[tuple[str, int | None], Clip] = {}
        for case in chosen:
            key = (case.kind, case.clip, case.preset, case.wanted)
            there = [r for r in rows if (r["kind"], r["clip"], r["preset"], r["target"]) == key]
            if there and not given.again:
                continue
            length = SET[case.clip].frames if case.kind == "time" else _FRAMES
            clip = clips.get((case.clip, length))
            if clip is None:
                clip = load(replace(SET[case.clip], frames=length), Path(name))
                clips[case.clip, length] = clip
            row = run(case, clip, Path(name))
            rows = [r for r in rows if r not in there] + [row]
            print(json.dumps(row), flush=True)
            rows.sort(key=lambda r: (r["kind"], _ALL.index(r["clip"]), r["preset"], r["target"]))
            report = {
                "command": command(),
                "machine": machine(),
                "rows": rows,
            }
            path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (given.out / "targets.md").write_text(page(rows), encoding="utf-8")
    plot(rows, given.out / "targets.png")


if __name__ == "__main__":
    main()
