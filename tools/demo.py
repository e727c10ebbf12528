"""The main job on a real clip, as a user would type it, and how the result compares.

Encodes a clip, decodes it at native size, at twice the size and at twice the frame rate, and sets
the file beside x264 and x265 at the same number of bytes. ``make demo`` runs it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.common.anchors import Clip, Point, clip_path, load_clip, match_bytes, measure
from lincodec.video.reader import FrameReader

_ANCHORS = ("x264", "x265")
_DECODE = ("-y",)


def linc(*arguments: str) -> dict[str, Any]:
    """Run a linc command line, show it, and return its result."""
    print("$ linc " + " ".join(arguments), flush=True)
    command = [sys.executable, "-m", "lincodec", *arguments, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"demo: linc ended with exit code {done.returncode}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def run(clip: Clip, out: Path, preset: str, max_time: str, tries: int) -> None:
    """The whole demo."""
    started = time.monotonic()
    coded = str(out / f"{clip.name}.linc")
    files = {
        "native": str(out / f"{clip.name}_native.mp4"),
        "2x size": str(out / f"{clip.name}_2x.mp4"),
        "2x frame rate": str(out / f"{clip.name}_2x_rate.mp4"),
    }
    encoded = linc("encode", clip.path, "-o", coded, "-y", "--preset", preset,
                   "--max-time", max_time)  # fmt: skip
    info = linc("info", coded)
    linc("verify", coded)
    decoded = {
        "native": linc("decode", coded, "-o", files["native"], *_DECODE),
        "2x size": linc("decode", coded, "-o", files["2x size"], *_DECODE, "--res", "x2"),
        "2x frame rate": linc(
            "decode", coded, "-o", files["2x frame rate"], *_DECODE, "--fps-scale", "2"
        ),
    }
    target = info["bytes"]["total"] - info["bytes"]["audio"]
    print(f"x264 and x265 at {target} bytes, give or take 3 %:", flush=True)
    points = []
    for name in _ANCHORS:
        path = str(out / f"{clip.name}_{name}.mp4")
        points.append(match_bytes(clip, name, target, path, tries=tries))
        files[f"{name}, same bytes"] = path
    print()
    print(parts_table(info))
    print()
    print(comparison_table(clip, files["native"], encoded, info, decoded["native"], points))
    print()
    print(decodes_table(decoded))
    print()
    print("Files to look at:")
    for name, path in {"original": clip.path, "coded": coded, **files}.items():
        print(f"  {name:18} {path}")
    print(f"\nThe whole demo took {time.monotonic() - started:.0f} s.")


def parts_table(info: dict[str, Any]) -> str:
    """Where the bytes of the file go."""
    lines = [f"{'bytes by part':18} {'bytes':>9}  share"]
    total = info["bytes"]["total"]
    for name, count in info["bytes"].items():
        lines.append(f"{name:18} {count:9}  {100 * count / total:4.1f} %")
    return "\n".join(lines)


def comparison_table(
    clip: Clip,
    native: str,
    encoded: dict[str, Any],
    info: dict[str, Any],
    decoded: dict[str, Any],
    points: list[Point],
) -> str:
    """linc, its decoded mp4 and the anchors, one line each."""
    with FrameReader(native) as reader:
        again = measure(clip, (frame.planes for frame in reader), ms_ssim=False)
    size = info["bytes"]["total"] - info["bytes"]["audio"]
    head = f"{'codec':18} {'bytes':>9} {'bpp':>8} {'RGB dB':>7} {'YUV dB':>7}"
    render_fps = decoded["frames"] / decoded["render_seconds"]
    lines = [f"{head} {'encode s':>9} {'decode fps':>11}"]
    lines.append(
        f"{'linc':18} {size:9} {encoded['bpp']:8.4f} {encoded['psnr']:7.2f} "
        f"{encoded['psnr_yuv']:7.2f} {encoded['seconds']:9.1f} {render_fps:11.1f}"
    )
    for point in points:
        quality = point.quality
        lines.append(
            f"{f'{point.codec} {point.setting}':18} {point.bytes:9} {point.bpp:8.4f} "
            f"{quality.psnr_rgb:7.2f} {quality.psnr_yuv:7.2f} {point.encode_s:9.1f} "
            f"{point.decode_fps:11.1f}"
        )
    lines.append(
        f"(audio not counted; the decoded mp4, coded once more by x264: {again.psnr_rgb:.2f} dB)"
    )
    return "\n".join(lines)


def decodes_table(decoded: dict[str, dict[str, Any]]) -> str:
    """What was decoded, and how fast including the encoding of the mp4."""
    lines = [f"{'decode':18} {'size':>11} {'frames':>7} {'seconds':>8} {'fps':>7}"]
    for name, result in decoded.items():
        size = f"{result['width']}x{result['height']}"
        lines.append(
            f"{name:18} {size:>11} {result['frames']:7} {result['seconds']:8.1f} "
            f"{result['fps']:7.1f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", default="bunny", help="bunny, bikes, carphone or a path")
    parser.add_argument("--preset", default="medium")
    parser.add_argument("--max-time", default="90", help="bound on the encode, in seconds")
    parser.add_argument("--tries", type=int, default=4, help="encodes per anchor at most")
    parser.add_argument("--out", type=Path, default=Path("demo_out"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    if not Path(clip_path(given.clip)).exists():
        raise SystemExit(f"demo: no clip {given.clip}")
    clip = load_clip(given.clip)
    run(clip, given.out, given.preset, given.max_time, given.tries)


if __name__ == "__main__":
    main()
