"""How fast linc decodes, where that time goes, and how well --dry-run predicts an encode.

    python -m benchmarks.codec.speed                        both, all clips and presets
    python -m benchmarks.codec.speed --parts decode --presets instant

Decoding is `linc decode` to an MP4 of x264 preset veryfast, as a process; one more decode in this
process, to nowhere, says how long the network part takes of it. Writes speed.json, a page and a
plot into benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import matplotlib as mpl

from benchmarks.codec.scoreboard import SET, load
from benchmarks.common.runs import RESULTS, command, listed, machine
from lincodec.decoder.decode import decode
from lincodec.encoder.encode import encode
from lincodec.encoder.forecast import forecast
from lincodec.model.network import Network
from lincodec.options import DecodeOptions, EncodeOptions

#: Least frames a second with the MP4.
BARS = {"instant": 25.0, "medium": 12.0}
DECODED = "bunny 1280x720"
FORECAST = {"carphone": None, "foreman": None, "bikes": 100}
_WRITER = ("--enc-preset", "veryfast")

Row = dict[str, Any]


def decoding(preset: str, title: str, folder: Path, frames: int | None = None) -> Row:
    """One clip encoded and decoded: frames a second with MP4 and without, and shares of time."""
    clip = load(replace(SET[title], frames=frames), folder)
    path, out = str(folder / "speed.linc"), str(folder / "speed.mp4")
    report = encode(clip.path, path, EncodeOptions(preset, span=clip.span), overwrite=True)
    command = [sys.executable, "-m", "lincodec", "decode", path, "-o", out, "-y", "--json"]
    begun = time.monotonic()
    done = subprocess.run([*command, *_WRITER], stdout=subprocess.PIPE, text=True, check=True)
    wall = time.monotonic() - begun
    found = json.loads(done.stdout.splitlines()[-1])
    network, alone = network_seconds(path)
    return {
        "clip": title, "preset": preset, "frames": report.frames, "bpp": round(report.bpp, 4),
        "psnr": round(report.psnr, 2), "encode_s": round(report.seconds, 1),
        "decode_s": round(found["seconds"], 2), "render_s": round(found["render_seconds"], 2),
        "fps": round(found["fps"], 1), "process_fps": round(report.frames / wall, 1),
        "render_alone_s": round(alone, 2), "render_alone_fps": round(report.frames / alone, 1),
        "network_s": round(network, 2), "load": round(os.getloadavg()[0], 1),
        "met": found["fps"] >= BARS.get(preset, 0.0),
    }  # fmt: skip


def network_seconds(path: str) -> tuple[float, float]:
    """(seconds in the network part, seconds of all) of a decode that writes nowhere."""
    spent = 0.0
    plain = Network.residual

    def timed(*arguments: Any, **named: Any) -> Any:
        nonlocal spent
        begun = time.perf_counter()
        result = plain(*arguments, **named)
        spent += time.perf_counter() - begun
        return result

    with mock.patch.object(Network, "residual", timed):
        report = decode(path, "nowhere", DecodeOptions(format="null", audio=False))
    return spent, report.seconds


def prediction(preset: str, title: str, frames: int | None, folder: Path) -> Row:
    """What --dry-run says of an encode, and what came of it."""
    clip = load(replace(SET[title], frames=frames), folder)
    options = EncodeOptions(preset, span=clip.span, audio=False)
    path = str(folder / "forecast.linc")
    begun = time.monotonic()
    guess = forecast(clip.path, path, options)
    spent = time.monotonic() - begun
    report = encode(clip.path, path, options, overwrite=True)
    size = report.bytes["total"] - report.bytes["audio"]
    return {
        "clip": title, "preset": preset, "frames": report.frames,
        "bytes": size, "predicted_bytes": guess.bytes,
        "bytes_off_percent": round(100 * (guess.bytes / size - 1), 1),
        "seconds": round(report.seconds, 1), "predicted_seconds": round(guess.seconds, 1),
        "seconds_off_percent": round(100 * (guess.seconds / report.seconds - 1), 1),
        "dry_run_s": round(spent, 1), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def page(found: dict[str, list[Row]]) -> str:
    """speed.md."""
    lines = [_HEAD, *_DECODE]
    for r in found["decode"]:
        state = "met" if r["met"] else "**missed**"
        rest = r["render_alone_s"] - r["network_s"]
        lines.append(
            f"| {r['clip']} | {r['preset']} | {r['bpp']:.4f} | {r['psnr']:.2f} | {r['encode_s']:g} "
            f"| **{r['fps']:g}** | {r['process_fps']:g} | {r['render_alone_fps']:g} "
            f"| {100 * r['network_s'] / r['render_alone_s']:.0f} % "
            f"| {100 * rest / r['render_alone_s']:.0f} % "
            f"| {100 * (1 - r['render_s'] / r['decode_s']):.0f} % "
            f"| ≥ {BARS.get(r['preset'], 0):g}: {state} |"
        )
    lines += ["", *_FORECAST]
    for r in found["forecast"]:
        lines.append(
            f"| {r['clip']}, {r['frames']} frames | {r['preset']} | {r['predicted_bytes']} "
            f"| {r['bytes']} | {r['bytes_off_percent']:+.1f} % | {r['predicted_seconds']:g} "
            f"| {r['seconds']:g} | {r['seconds_off_percent']:+.0f} % | {r['dry_run_s']:g} |"
        )
    return "\n".join(lines) + "\n"


_HEAD = """# Speed of decoding, and --dry-run

Made by `python -m benchmarks.codec.speed` (`speed.json`).

## Decoding on the CPU

fps with MP4: frames and seconds of `linc decode --enc-preset veryfast`; of the process: its start
counted; alone: decoded to nowhere. Shares of the latter: the network, and all else (entropy
decoding, spectral part, rounding). Not rendering: share of the decode with MP4 that was start-up
or waited for the encoder of the MP4.
"""
_COLUMNS = (
    "clip", "preset", "bpp", "RGB dB", "encode s", "fps with MP4", "of the process", "alone",
    "network", "all else", "not rendering", "bar",
)  # fmt: skip
_DECODE = (f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|")
_FORECAST = (
    "## --dry-run\n",
    "| clip | preset | predicted bytes | bytes | off | predicted s | s | off | dry run s |",
    "|---" * 9 + "|",
)


def plot(rows: Sequence[Row], path: Path) -> None:
    """Where the seconds of a decode go."""
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(6, 1 + 0.7 * len(rows)), layout="constrained")
    names = [f"{row['clip']}, {row['preset']}" for row in rows]
    network = [row["network_s"] for row in rows]
    rest = [row["render_alone_s"] - row["network_s"] for row in rows]
    axis.barh(names, network, label="network")
    axis.barh(names, rest, left=network, label="all else of rendering")
    axis.plot([row["decode_s"] for row in rows], names, "k|", ms=20, label="with MP4 in all")
    axis.set_xlabel("seconds")
    axis.legend()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--parts", type=listed(str), default=["decode", "forecast"])
    add("--presets", type=listed(str), default=list(BARS))
    add("--clip", default=DECODED, help="decoded clip, of the scoreboard's set")
    add("--frames", type=int, help="of the decoded clip, at most")
    add("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    path = given.out / "speed.json"
    found: dict[str, list[Row]] = {"decode": [], "forecast": []}
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        found |= {part: kept[part] for part in found if part not in given.parts}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for preset in given.presets:
            if "decode" in given.parts:
                found["decode"].append(decoding(preset, given.clip, folder, given.frames))
                print(found["decode"][-1], flush=True)
            if "forecast" in given.parts:
                for title, frames in FORECAST.items():
                    found["forecast"].append(prediction(preset, title, frames, folder))
                    print(found["forecast"][-1], flush=True)
    report = {
        "command": command(),
        "machine": machine(),
        **found,
    }
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(page(found), encoding="utf-8")
    plot(found["decode"], path.with_suffix(".png"))


if __name__ == "__main__":
    main()
