"""How fast linc encodes and decodes beside other codecs, in how much memory, and --dry-run.

    python -m benchmarks.codec.speed                             everything
    python -m benchmarks.codec.speed --parts encode --presets slow --clips 720p
    python -m benchmarks.codec.speed --parts forecast

Everything is a whole process, its start and its end counted. What decides is the ratio to x264,
x265, SVT-AV1 and FFmpeg's decoder of HEVC in the same run, for frames a second are those of one
machine at one time; the best of some rounds counts. A run replaces the rows that it measures in
speed.json and leaves the others, so that the whole may be done in pieces; the page and the plot
are made of all of them. The clip of 1080p is looked for in $LINC_MEDIA.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl

from benchmarks.codec.scoreboard import SET, load
from benchmarks.common.anchors import clip_path
from benchmarks.common.processes import Finished, finished
from benchmarks.common.runs import RESULTS, command, listed, machine
from lincodec.encoder.encode import encode
from lincodec.encoder.forecast import forecast
from lincodec.options import EncodeOptions

#: Clips by name: path, and frames at most.
CLIPS = {"720p": ("bunny", 132), "1080p": ("caption/mmaction2_demo_skeleton.mp4", 132)}
#: Frames that a slow preset encodes, and least frames a second of all of bunny on two quiet cores.
PRESETS = {"instant": (132, 25.0), "fast": (132, 8.0), "medium": (66, 2.5), "slow": (33, 0.6)}
#: Least frames a second of decoding to nowhere, and to an MP4 as it is made by default.
DECODE_BARS = {"720p": (120.0, 60.0), "1080p": (60.0, 35.0)}
#: Codec, preset and constant quality of the others.
OTHERS = {
    "x264 medium": ("libx264", "medium", 28),
    "x265 medium": ("libx265", "medium", 30),
    "SVT-AV1 8": ("libsvtav1", "8", 40),
}
#: Whose files are decoded.
DECODED = "instant"
FORECAST = {"carphone": None, "foreman": None, "bikes": 100}
PARTS = ("encode", "decode", "start", "forecast")

Row = dict[str, Any]


def _row(clip: str, what: str, frames: int, best: Finished, **more: Any) -> Row:
    return {
        "clip": clip, "what": what, "frames": frames, "wall_s": round(best.wall, 3),
        "cpu_s": round(best.cpu, 3), "fps": round(frames / best.wall, 1),
        "megabytes": round(best.megabytes), "load": round(os.getloadavg()[0], 1), **more,
    }  # fmt: skip


def _best(rounds: int, module: str, *arguments: object) -> Finished:
    return min((finished(module, *arguments) for _ in range(rounds)), key=lambda f: f.wall)


def encoding(
    clip: str, presets: Sequence[str], rounds: int, folder: Path, most: int | None = None
) -> list[Row]:
    """Encodes of a clip at some presets, and by the others, in one run."""
    path, frames = clip_path(CLIPS[clip][0]), CLIPS[clip][1]
    rows, yards = [], {}
    for name, (codec, preset, crf) in OTHERS.items():
        out = folder / f"{codec}.mp4"
        count = min(frames, most or frames)
        best = _best(
            rounds, "benchmarks.codec.transcode", "encode", path, out, codec, preset, crf, count
        )
        rows.append(_row(clip, name, _frames_in(out), best, bytes=out.stat().st_size))
        yards[name] = rows[-1]["fps"]
    for preset in presets:
        count, bar = PRESETS[preset]
        count, out = min(count, most or count), folder / "speed.linc"
        best = _best(
            rounds if count > frames // 2 else 1, "lincodec", "encode", path, "-o", out, "--preset",
            preset, "--frames", count, "--audio", "none", "-y", "-q",
        )  # fmt: skip
        count = min(count, rows[0]["frames"])
        row = _row(clip, preset, count, best, bytes=out.stat().st_size)
        row["of"] = {name: round(row["fps"] / fps, 3) for name, fps in yards.items()}
        if clip == "720p" and most is None:
            row |= {"bar": bar, "met": row["fps"] >= bar}
        rows.append(row)
    return rows


def _frames_in(path: Path) -> int:
    return int(finished("benchmarks.codec.transcode", "decode", path).output)


def decoding(clip: str, rounds: int, folder: Path, most: int | None = None) -> list[Row]:
    """Decodes of a clip to nowhere and to an MP4, and of HEVC to nowhere."""
    path, frames = clip_path(CLIPS[clip][0]), min(CLIPS[clip][1], most or CLIPS[clip][1])
    linc, hevc, mp4 = folder / "speed.linc", folder / "speed.mp4", folder / "out.mp4"
    finished(
        "lincodec", "encode", path, "-o", linc, "--preset", DECODED, "--frames", frames, "-y", "-q"
    )
    finished("benchmarks.codec.transcode", "encode", path, hevc, *OTHERS["x265 medium"], frames)
    frames = _frames_in(hevc)
    yard = _best(rounds, "benchmarks.codec.transcode", "decode", hevc)
    rows = [_row(clip, "HEVC to nowhere", frames, yard)]
    outputs = {"to nowhere": (os.devnull, "--format", "null"), "to MP4": (mp4,)}
    for (name, (out, *more)), bar in zip(outputs.items(), DECODE_BARS[clip], strict=True):
        best = _best(rounds, "lincodec", "decode", linc, "-o", out, *more, "-y", "-q")
        row = _row(clip, name, frames, best, of={"HEVC": round(yard.wall / best.wall, 3)})
        rows.append(row | ({"bar": bar, "met": row["fps"] >= bar} if most is None else {}))
    return rows


def starting(clip: str, rounds: int, folder: Path) -> list[Row]:
    """Processor seconds until something is there."""
    path, out = clip_path(CLIPS[clip][0]), folder / "start.linc"
    finished("lincodec", "encode", path, "-o", out, "--preset", DECODED, "-y", "-q")
    asked: dict[str, tuple[float, tuple[object, ...]]] = {
        "linc encode, first frame read": (0.3, (
            "linc", "encode", path, "-o", folder / "x.linc", "--preset", DECODED, "--frames", 2,
            "-y", "-q",
        )),
        "linc decode, first frame decoded": (
            0.3, ("linc", "decode", out, "-o", os.devnull, "--format", "null", "-q")
        ),
        "API, first frame": (0.2, ("api", out, 0)),
        "API, a frame in the middle": (0.2, ("api", out, CLIPS[clip][1] // 2)),
    }  # fmt: skip
    rows = []
    for what, (bar, arguments) in asked.items():
        found = [
            float(finished("benchmarks.codec.startup", *arguments).output) for _ in range(rounds)
        ]
        rows.append(
            {"clip": clip, "what": what, "cpu_s": round(min(found), 3), "bar": bar,
             "met": min(found) <= bar, "load": round(os.getloadavg()[0], 1)}
        )  # fmt: skip
    return rows


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
        "clip": title, "what": preset, "frames": report.frames,
        "bytes": size, "predicted_bytes": guess.bytes,
        "bytes_off_percent": round(100 * (guess.bytes / size - 1), 1),
        "seconds": round(report.seconds, 1), "predicted_seconds": round(guess.seconds, 1),
        "seconds_off_percent": round(100 * (guess.seconds / report.seconds - 1), 1),
        "dry_run_s": round(spent, 1), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def _state(row: Row, sign: str) -> str:
    if "bar" not in row:
        return ""
    return f"{sign} {row['bar']:g}: {'met' if row['met'] else '**missed**'}"


def page(found: dict[str, list[Row]]) -> str:
    """speed.md."""
    lines = [_HEAD, *_ENCODE]
    for r in found["encode"]:
        ratios = [f"{r['of'][name]:.2f}" if "of" in r else "" for name in OTHERS]
        lines.append(
            f"| {r['clip']} | {r['what']} | {r['frames']} | **{r['fps']:g}** | {r['cpu_s']:g} "
            f"| {' | '.join(ratios)} | {r['megabytes']} | {r['bytes']} | {_state(r, '≥')} |"
        )
    lines += ["", *_DECODE]
    for r in found["decode"]:
        ratio = f"{r['of']['HEVC']:.2f}" if "of" in r else ""
        lines.append(
            f"| {r['clip']} | {r['what']} | {r['frames']} | **{r['fps']:g}** | {r['cpu_s']:g} "
            f"| {ratio} | {r['megabytes']} | {_state(r, '≥')} |"
        )
    lines += ["", *_START]
    for r in found["start"]:
        lines.append(f"| {r['clip']} | {r['what']} | {r['cpu_s']:g} | {_state(r, '≤')} |")
    lines += ["", *_FORECAST]
    for r in found["forecast"]:
        lines.append(
            f"| {r['clip']}, {r['frames']} frames | {r['what']} | {r['predicted_bytes']} "
            f"| {r['bytes']} | {r['bytes_off_percent']:+.1f} % | {r['predicted_seconds']:g} "
            f"| {r['seconds']:g} | {r['seconds_off_percent']:+.0f} % | {r['dry_run_s']:g} |"
        )
    return "\n".join(lines) + "\n"


_HEAD = """# Speed and memory

Made by `python -m benchmarks.codec.speed` (`speed.json` says on what machine). Whole processes,
their start and end counted, one after the other. Frames a second are those of one machine; the
ratios to other codecs in the same run are what can be compared (`load` in `speed.json` says how
busy the machine was otherwise, with work of less priority). CPU: seconds of all threads. Of clips
that a slow preset would take minutes for it gets the first frames only.
"""


def _table(title: str, *columns: str) -> tuple[str, str, str]:
    return f"## {title}\n", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"


_ENCODE = _table(
    "Encoding", "clip", "codec", "frames", "fps", "CPU s", *(f"of {name}" for name in OTHERS),
    "MB", "bytes", "bar",
)  # fmt: skip
_DECODE = _table(
    f"Decoding of preset {DECODED}", "clip", "what", "frames", "fps", "CPU s", "of HEVC", "MB",
    "bar",
)  # fmt: skip
_START = _table("Until it works", "clip", "what", "CPU s", "bar")
_FORECAST = _table(
    "--dry-run", "clip", "preset", "predicted bytes", "bytes", "off", "predicted s", "s", "off",
    "dry run s",
)  # fmt: skip


def plot(found: dict[str, list[Row]], path: Path) -> None:
    """Frames a second of all codecs, and what is asked of linc."""
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(11, 5), layout="constrained")
    for axis, part in zip(axes, ("encode", "decode"), strict=True):
        rows = found[part][::-1]
        names = [f"{row['clip']}, {row['what']}" for row in rows]
        kinds = ["C0" if "of" in row else "0.7" for row in rows]
        axis.barh(names, [row["fps"] for row in rows], color=kinds)
        barred = [(row["bar"], name) for row, name in zip(rows, names, strict=True) if "bar" in row]
        axis.plot([bar for bar, _ in barred], [name for _, name in barred], "k|", ms=14)
        axis.set_xscale("log")
        axis.set_xlabel(f"frames a second ({part}); |: asked for")
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def merged(kept: Sequence[Row], made: Sequence[Row]) -> list[Row]:
    """Rows of an earlier run with those of this one in their places."""
    fresh = {(row["clip"], row["what"]): row for row in made}
    both = [fresh.pop((row["clip"], row["what"]), row) for row in kept]
    both += fresh.values()
    order = list(CLIPS)
    return sorted(both, key=lambda row: order.index(row["clip"]) if row["clip"] in order else 9)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--parts", type=listed(str), default=list(PARTS))
    add("--presets", type=listed(str), default=list(PRESETS))
    add("--clips", type=listed(str), default=list(CLIPS))
    add("--rounds", type=int, default=3)
    add("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    made: dict[str, list[Row]] = {part: [] for part in PARTS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for clip in given.clips:
            if "encode" in given.parts:
                made["encode"] += encoding(clip, given.presets, given.rounds, folder)
            if "decode" in given.parts:
                made["decode"] += decoding(clip, given.rounds, folder)
            if "start" in given.parts and clip == "720p":
                made["start"] += starting(clip, given.rounds, folder)
        if "forecast" in given.parts:
            for preset in given.presets:
                made["forecast"] += [
                    prediction(preset, title, frames, folder) for title, frames in FORECAST.items()
                ]
    path = given.out / "speed.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found = {part: merged(kept.get(part, []), made[part]) for part in PARTS}
    for part in PARTS:
        for row in made[part]:
            print(part, row, flush=True)
    commands = [*kept.get("commands", []), command()]
    report = {"commands": list(dict.fromkeys(commands)), "machine": machine(), **found}
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(page(found), encoding="utf-8")
    plot(found, path.with_suffix(".png"))


if __name__ == "__main__":
    main()
