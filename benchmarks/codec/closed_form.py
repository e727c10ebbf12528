"""The plain closed form: what linc's first part comes to without anything this package adds to it.

Temporal Karhunen-Loeve transform of every segment, block DCT of the eigen-frames in YCbCr 4:4:4
(chroma steps 1.6 times luma's), one uniform step with a dead zone (rounding offset 0.33), an ideal
two-sided geometric code of every (eigen-frame, channel, frequency) whose own statistics cost
nothing, 10 bits a latent entry. Published constants, RGB PSNR over whole clips; the bars say what
linc's presets have to be worth beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.common.anchors import Point
from benchmarks.common.bd_rate import bd_rate


@dataclass(frozen=True)
class Plain:
    """The plain closed form of one clip."""

    curve: tuple[tuple[float, float], ...]
    """(bpp, RGB PSNR in dB)."""
    seconds: float
    """Of one rate on two cores."""


#: By name of the clip in the scoreboard's set.
PLAIN = {
    "bunny 1280x720": Plain(
        ((0.0113, 28.7), (0.0277, 31.5), (0.0623, 34.4), (0.130, 37.3), (0.260, 40.2)), 9
    ),
    "bunny 640x360": Plain(((0.0164, 26.8), (0.0417, 29.4), (0.0994, 32.4), (0.218, 35.6)), 3),
    "bikes": Plain(((0.0194, 27.0), (0.0434, 29.9), (0.0939, 33.0), (0.192, 36.3)), 3),
    "carphone": Plain(((0.0213, 26.6), (0.0497, 29.0), (0.113, 31.5), (0.255, 34.2)), 0.3),
}


@dataclass(frozen=True)
class Bar:
    """What a preset has to reach: BD-rates in per cent."""

    mean: float
    worst: float | None
    seconds: float
    """Longest encode."""


BARS = {"linc medium": Bar(-25, -15, 1200), "linc instant": Bar(-10, None, 1200)}


def against_plain(clip: str, points: Sequence[Point]) -> dict[str, float | None]:
    """BD-rate in per cent of every linc preset among the points of a clip that PLAIN has."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for point in points:
        if point.codec.startswith("linc"):
            curves.setdefault(point.codec, []).append((point.bpp, point.quality.psnr_rgb))
    found: dict[str, float | None] = {}
    for codec, curve in curves.items():
        rate = bd_rate(PLAIN[clip].curve, curve) if len(curve) > 1 else None
        found[codec] = None if rate is None else round(100 * rate, 1)
    return found


def verdicts(clips: Mapping[str, Sequence[Point]]) -> list[str]:
    """A table: every preset's BD-rates against PLAIN, its longest encode and its bar."""
    names = [name for name in PLAIN if clips.get(name)]
    rates = {name: against_plain(name, clips[name]) for name in names}
    heads = [f"{name} ({PLAIN[name].seconds:g} s)" for name in names]
    lines = ["| preset | " + " | ".join(heads) + " | mean | longest encode | bar |"]
    lines.append("|---|" + "---|" * (len(names) + 3))
    for codec, bar in BARS.items():
        mine = [rates[name].get(codec) for name in names]
        known = [rate for rate in mine if rate is not None]
        if not known:
            continue
        seconds = max(p.encode_s for name in names for p in clips[name] if p.codec == codec)
        mean = sum(known) / len(known)
        met = len(known) == len(PLAIN) and mean <= bar.mean and seconds <= bar.seconds
        met = met and (bar.worst is None or max(known) <= bar.worst)
        text = f"mean ≤ {bar.mean:g} %" + ("" if bar.worst is None else f", each ≤ {bar.worst:g} %")
        state = "met" if met else "missed" if len(known) == len(PLAIN) else "incomplete"
        cells = " | ".join("-" if rate is None else f"{rate:+.1f} %" for rate in mine)
        lines.append(f"| {codec} | {cells} | {mean:+.1f} % | {seconds:.0f} s | {text}: {state} |")
    return lines
