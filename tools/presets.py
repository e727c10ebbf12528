"""What every preset of architecture linc takes and gives, for the table of `linc presets`.

    python -m tools.presets                       every preset; minutes (or make presets)
    python -m tools.presets --presets medium      only that one anew

Encodes the first frames of six clips, small ones to 1080p, at the default quality and writes the
sums and means into lincodec/encoder/presets.json, a preset at a time. The paper presets are made
for a GPU and not measured.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.codec.rd import encode_linc
from benchmarks.codec.scoreboard import SET, Source, load
from benchmarks.common.anchors import Clip
from benchmarks.common.runs import listed, machine
from lincodec.encoder.presets import PRESETS
from lincodec.options import EncodeOptions

FILE = Path(__file__).resolve().parent.parent / "lincodec" / "encoder" / "presets.json"
#: The first so many frames of clips of the scoreboard and one more.
CLIPS = {
    title: replace(SET[title], frames=frames)
    for title, frames in {
        "carphone": 60, "bunny 320x180": 60, "foreman": 60, "bikes": 60, "bunny 1280x720": 33,
    }.items()
} | {"walk 1920x1080": Source("caption/mmaction2_demo_skeleton.mp4", 17)}  # fmt: skip


def measure(preset: str, clips: list[Clip], folder: Path) -> dict[str, Any]:
    """Seconds of all clips together, mean RGB PSNR, bits per luma sample of all."""
    points = [encode_linc(clip, EncodeOptions(preset), folder, ms_ssim=False) for clip in clips]
    bits = 8 * sum(point.bytes for point in points)
    return {
        "seconds": round(sum(point.encode_s for point in points), 1),
        "cpu_seconds": round(sum(point.encode_cpu_s for point in points), 1),
        "psnr": round(sum(point.quality.psnr_rgb for point in points) / len(points), 2),
        "bpp": round(bits / sum(clip.samples for clip in clips), 4),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    measurable = [name for name, preset in PRESETS.items() if preset.inr is None]
    parser.add_argument("--presets", type=listed(str), default=measurable)
    parser.add_argument("--out", type=Path, default=FILE)
    given = parser.parse_args()
    found: dict[str, Any] = {}
    if given.out.exists():
        found = json.loads(given.out.read_text(encoding="utf-8"))["presets"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = [load(source, folder) for source in CLIPS.values()]
        for preset in given.presets:
            found[preset] = measure(preset, clips, folder)
            print(preset, found[preset], flush=True)
            report = {
                "command": "python -m tools.presets",
                "clips": [
                    f"{title} {clip.info.width}x{clip.info.height}, {len(clip.frames)} frames"
                    for title, clip in zip(CLIPS, clips, strict=True)
                ],
                "megasamples": round(sum(clip.samples for clip in clips) / 1e6, 2),
                "machine": machine(),
                "presets": {name: found[name] for name in PRESETS if name in found},
            }
            given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
