"""Rate, distortion and time of linc against x264, x265 and SVT-AV1 on the same frames.

    python -m benchmarks.codec.rd --clip bunny --presets instant,medium --qualities 26,32,38,44

Every codec gets the same frames in one run. Writes JSON with all points, the command and the
machine, and a plot, into benchmarks/results/. BD-rates are over RGB and YUV PSNR.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.common.anchors import (
    ANCHORS,
    Clip,
    Point,
    Quality,
    encode_anchor,
    load_clip,
    measure,
    timed,
)
from benchmarks.common.bd_rate import bd_rate
from benchmarks.common.runs import RESULTS, command, listed, machine
from lincodec.container import LincFile
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.encoder.encode import encode
from lincodec.options import EncodeOptions
from lincodec.plots.rd import plot_rd
from lincodec.types import Planes

_FIGURES: dict[str, Callable[[Quality], float]] = {
    "rgb": lambda quality: quality.psnr_rgb,
    "yuv": lambda quality: quality.psnr_yuv,
}


def encode_linc(clip: Clip, options: EncodeOptions, folder: Path, *, ms_ssim: bool) -> Point:
    """Encode the clip with linc, decode it and measure it."""
    path, cpu = str(folder / "point.linc"), time.process_time()
    report = encode(
        clip.path,
        path,
        dataclasses.replace(options, span=clip.span, audio=False),
        overwrite=True,
    )
    cpu = time.process_time() - cpu
    decoded, fps = timed(rendered(path))
    quality = measure(clip, decoded, ms_ssim=ms_ssim)
    size = report.bytes["total"] - report.bytes["audio"]
    setting = f"quality {options.quality:g}" if options.quality is not None else "default"
    bpp = 8 * size / clip.samples
    return Point(f"linc {options.preset}", setting, size, bpp, quality, report.seconds, cpu, fps)


def rendered(path: str) -> Iterator[Planes]:
    """Every frame of a .linc file at native size."""
    with open(path, "rb") as stream:
        file = LincFile(stream, name=path)
        renderer = Renderer(file)
        try:
            yield from renderer.frames(output_shots(0, file.n_frames, 1))
        finally:
            renderer.close()


def show(point: Point) -> None:
    """One line of the table."""
    quality = point.quality
    similar = f"{quality.ms_ssim:.4f}" if quality.ms_ssim is not None else "-"
    print(
        f"{point.codec:14} {point.setting:12} {point.bytes:9} {point.bpp:8.4f} "
        f"{quality.psnr_rgb:7.2f} {quality.psnr_yuv:7.2f} {similar:>7} "
        f"{point.encode_s:8.1f} {point.decode_fps:9.1f}",
        flush=True,
    )


def bd_rates(points: list[Point]) -> dict[str, dict[str, dict[str, float | None]]]:
    """BD-rate in per cent: figure -> codec -> anchor; None without a common range."""
    codecs = list(dict.fromkeys(point.codec for point in points))
    found: dict[str, dict[str, dict[str, float | None]]] = {}
    for figure, value in _FIGURES.items():
        curves = {
            codec: [(p.bpp, value(p.quality)) for p in points if p.codec == codec]
            for codec in codecs
        }
        curves = {codec: curve for codec, curve in curves.items() if len(curve) > 1}
        found[figure] = {}
        for codec, curve in curves.items():
            rates = {
                anchor: bd_rate(curves[anchor], curve)
                for anchor in curves
                if anchor.split()[0] in ANCHORS and anchor != codec
            }
            found[figure][codec] = {
                anchor: None if rate is None else round(100 * rate, 1)
                for anchor, rate in rates.items()
            }
    return found


def run(clip: Clip, given: argparse.Namespace) -> list[Point]:
    """Every point, printed as it is made."""
    head = f"{'codec':14} {'setting':12} {'bytes':>9} {'bpp':>8} {'RGB dB':>7} {'YUV dB':>7}"
    print(f"{head} {'MS-SSIM':>7} {'encode s':>8} {'decode fps':>9}", flush=True)
    points = []
    with tempfile.TemporaryDirectory() as folder:
        for name in given.codecs:
            for crf in given.crfs or ANCHORS[name].crfs:
                path = str(Path(folder) / "point.mp4")
                points.append(encode_anchor(clip, name, crf, path, ms_ssim=given.ms_ssim))
                show(points[-1])
        for preset in given.presets:
            for quality in given.qualities or [None]:
                options = EncodeOptions(
                    preset=preset,
                    quality=quality,
                    max_time=given.max_time,
                    device=given.device,
                    network=given.network,
                )
                points.append(encode_linc(clip, options, Path(folder), ms_ssim=given.ms_ssim))
                show(points[-1])
    return points


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--clip", default="bunny", help="bunny, bikes, carphone or a path")
    add("--frames", type=int, help="only the first so many")
    add("--presets", type=listed(str), default=["instant", "medium"], help="of linc")
    add("--qualities", type=listed(float), default=[26.0, 32.0, 38.0, 44.0], help="of linc")
    add("--max-time", type=float, help="bound on each linc encode, in seconds")
    add("--network", action=argparse.BooleanOptionalAction, help="force linc's network part")
    add("--device", default="auto", help="where linc fits")
    add("--codecs", type=listed(str), default=list(ANCHORS), help="anchors")
    add("--crfs", type=listed(float), help="of the anchors; default: five that suit each")
    add("--ms-ssim", action=argparse.BooleanOptionalAction, default=True)
    add("--out", type=Path, default=RESULTS)
    add("--name", help="of the result files; default: from the clip")
    return parser.parse_args()


def main() -> None:
    """Measure, print, write."""
    given = arguments()
    clip = load_clip(given.clip, given.frames)
    info = clip.info
    title = f"{Path(clip.name).stem} {info.width}x{info.height}, {len(clip.frames)} frames"
    points = run(clip, given)
    rates = bd_rates(points)
    for figure, codecs in rates.items():
        for codec, found in codecs.items():
            text = ", ".join(
                f"{anchor} {'no overlap' if rate is None else f'{rate:+.1f} %'}"
                for anchor, rate in found.items()
            )
            print(f"BD-rate {figure.upper()} of {codec} against {text}")
    given.out.mkdir(parents=True, exist_ok=True)
    name = given.name or re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    report = {
        "command": command(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "clip": {"name": Path(clip.name).name, "frames": len(clip.frames),
                 "width": info.width, "height": info.height, "fps": str(info.fps)},
        "points": [dataclasses.asdict(point) for point in points],
        "bd_rate_percent": rates,
    }  # fmt: skip
    (given.out / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    plot_rd(report["points"], title, str(given.out / f"{name}.png"))
    print(f"wrote {given.out / name}.json and .png")


if __name__ == "__main__":
    main()
