"""What a border between two segments of one shot does to the frames at it.

A clip is encoded twice, the second time from half a segment later on, so that borders fall
elsewhere and a frame at a border of one encode lies inside a segment of the other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.anchors import Clip
from lincodec.container import LincFile
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.encoder.encode import encode
from lincodec.options import EncodeOptions, Span
from lincodec.types import FloatArray
from lincodec.video import metrics
from lincodec.video.color import to_rgb

#: Frames between a border and a frame that counts as inside.
_INSIDE = 4


def encoded(clip: Clip, first: int, options: EncodeOptions) -> tuple[FloatArray, list[int]]:
    """RGB PSNR of every frame of the clip encoded from frame ``first`` on, NaN before it.

    Returns:
        And the first frames of segments that go on with the shot of the one before.
    """
    times = clip.times
    # half a tick early, so that rounding does not lose the frame
    start = float((times.pts[first] - times.pts[0] - 0.5) * times.time_base) if first else None
    span = Span(start=start, frames=len(clip.frames) - first)
    found = np.full(len(clip.frames), np.nan)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "borders.linc")
        encode(clip.path, str(path), replace(options, span=span, audio=False, hold_out=1))
        with path.open("rb") as stream:
            linc = LincFile(stream)
            starts = [first + s.first_frame for s in linc.segments if s.continues]
            renderer = Renderer(linc)
            for index, planes in enumerate(renderer.frames(output_shots(0, linc.n_frames, 1))):
                wanted = to_rgb(clip.frames[first + index], clip.info)
                error = metrics.mse(wanted, to_rgb(planes, clip.info))
                found[first + index] = metrics.psnr(error)
            renderer.close()
    return found, starts


def dip(psnr: Sequence[float] | FloatArray, start: int) -> float:
    """dB by which the two frames at a border before frame ``start`` are below those beside them."""
    return float(psnr[start - 2] + psnr[start + 1] - psnr[start - 1] - psnr[start]) / 2


def losses(here: FloatArray, borders: Collection[int], there: FloatArray,
           others: Collection[int]) -> list[float]:  # fmt: skip
    """dB that frames at borders here gain where they lie inside a segment."""
    out = []
    for frame in sorted({f for start in borders for f in (start - 1, start)}):
        inside = all(not -_INSIDE < frame - start < _INSIDE for start in others)
        if inside and np.isfinite(here[frame]) and np.isfinite(there[frame]):
            out.append(float(there[frame] - here[frame]))
    return out


def borders(clip: Clip, options: EncodeOptions) -> dict[str, Any]:
    """A row of figures for a clip."""
    psnr, starts = encoded(clip, 0, options)
    row: dict[str, Any] = {"clip": clip.label, "quality": options.quality, "borders": len(starts)}
    if not starts:
        return row
    last = len(psnr) - 1
    dips = [dip(psnr, start) for start in starts if 2 <= start < last]
    inner = [dip(psnr, k) for k in range(2, last) if all(abs(k - start) > 1 for start in starts)]
    moved, others = encoded(clip, max(1, starts[0] // 2), options)
    lost = losses(psnr, starts, moved, others) + losses(moved, others, psnr, starts)
    row |= {"dip": float(np.mean(dips)), "dip_most": max(dips), "dip_most_elsewhere": max(inner)}
    if lost:
        row |= {"frames": len(lost), "lost": float(np.mean(lost)), "lost_most": max(lost)}
    return row


def borders_table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows of ``borders``."""
    names = ("dip", "dip_most", "dip_most_elsewhere", "lost", "lost_most")
    lines = [
        "Borders between segments of one shot, RGB PSNR in dB: how far the two frames at a border",
        "are below the two beside them, and what a frame at a border gains inside a segment.\n",
        "| clip | quality | borders | mean dip | most | most elsewhere | mean gain inside | most |",
        "|" + "---|" * 8,
    ]
    for row in rows:
        cells = [f"{row[name]:+.2f}" if name in row else "" for name in names]
        lines.append(
            f"| {row['clip']} | {row['quality']:g} | {row['borders']} | {' | '.join(cells)} |"
        )
    return "\n".join(lines) + "\n"
