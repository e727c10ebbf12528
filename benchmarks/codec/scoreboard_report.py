"""The tables and the plot of the scoreboard, made of its points."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from scipy.interpolate import PchipInterpolator

from benchmarks.codec.closed_form import verdicts
from benchmarks.codec.rd import bd_rates
from benchmarks.common.anchors import ANCHORS, Point
from lincodec.options import EncodeOptions

Board = Mapping[str, Sequence[Point]]
_MARKS = re.compile(r"(<!-- scoreboard -->\n).*?(<!-- /scoreboard -->)", re.DOTALL)
_NAMES = {
    "x264": "x264",
    "x265": "x265",
    "svtav1": "SVT-AV1",
    "x264-psnr": "x264 psnr",
    "x265-psnr": "x265 psnr",
    "x265 veryslow": "x265 veryslow",
}
_HEAD = """# Scoreboard

Made by `python -m benchmarks.codec.scoreboard` from the points in `scoreboard.json`: every
codec gets the same frames; bpp is of the whole file less audio (anchors: coded packets and
parameter sets), quality the mean RGB PSNR. Seconds are processor seconds of all threads, wall
seconds where it says so. The machine has two slow cores and other work may have run on it: its
load is in the file beside every point, and fits that end by the clock do fewer
steps on a loaded machine.
"""
_EQUAL = """
At linc's bits per pixel and within linc's processor seconds for that file: RGB PSNR of linc less
that of the best preset measured of each encoder (x264 and x265: medium, veryslow; SVT-AV1: 6, 3)
that needs no more seconds than linc did; mean over linc's rates that lie within the encoder's. In
brackets the preset that was best most often. `-`: no preset was as quick, or no rate in common. For
medium the last column is the same against instant.
"""
_PLAIN = """
BD-rate (RGB PSNR, whole files) against the plain closed form of `closed_form.py`, whose code
ignores the cost of its own statistics; its seconds on two cores are those of one rate.
"""


def presets_of(points: Sequence[Point]) -> list[str]:
    """linc's codecs among points, as they come."""
    return list(dict.fromkeys(p.codec for p in points if p.codec.startswith("linc")))


def percent(rate: float | None) -> str:
    """A BD-rate as text."""
    return "no overlap" if rate is None else f"{rate:+.0f} %"


def bd_table(board: Board, preset: str | None = None) -> str:
    """BD-rate of linc against what it is held to, a row a clip and preset, and means over clips.

    Args:
        board: the points.
        preset: whose rows are shown, beside the means of all; None: those of all.
    """
    heads = " | ".join(_NAMES.values())
    lines = [f"| clip | preset | {heads} |", "|---|---|" + "---|" * len(_NAMES)]
    means: dict[str, dict[str, list[float]]] = {}
    for clip, points in board.items():
        rates = bd_rates(list(points))["rgb"]
        for codec in presets_of(points):
            mine = rates.get(codec, {})
            cells = [percent(mine.get(name)) if name in mine else "-" for name in _NAMES]
            if preset in (None, codec.split()[1]):
                lines.append(f"| {clip} | {codec.split()[1]} | {' | '.join(cells)} |")
            for name in _NAMES:
                rate = mine.get(name)
                if rate is not None:
                    means.setdefault(codec, {}).setdefault(name, []).append(rate)
    for codec, columns in means.items():
        cells = [
            percent(sum(columns[name]) / len(columns[name])) if name in columns else "-"
            for name in _NAMES
        ]
        lines.append(f"| **mean** | {codec.split()[1]} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def along(points: Sequence[Point], value: Callable[[Point], float]) -> Callable[[float], float]:
    """A figure as a function of bpp: monotone cubic over log bpp, not a number outside."""
    rows = sorted({p.bpp: value(p) for p in points}.items())
    if len(rows) < 2:
        return lambda _: math.nan
    curve = PchipInterpolator([math.log(x) for x, _ in rows], [y for _, y in rows])
    low, high = rows[0][0], rows[-1][0]
    return lambda bpp: float(curve(math.log(bpp))) if low <= bpp <= high else math.nan


def equal_seconds(points: Sequence[Point], codec: str, family: str) -> tuple[float, str] | None:
    """dB of a codec above a family's best preset at the same bpp in no more seconds.

    Returns:
        Mean over the codec's points, and the preset that was best most often; None when no
        point can be compared.
    """
    curves = {}
    for name in dict.fromkeys(p.codec for p in points if family in (p.codec, p.codec.split()[0])):
        mine = [p for p in points if p.codec == name]
        curves[name] = (
            along(mine, lambda p: p.quality.psnr_rgb),
            along(mine, lambda p: math.log(max(p.encode_cpu_s, 1e-3))),
        )
    gains, winners = [], []
    for p in (p for p in points if p.codec == codec):
        found = {
            name: quality(p.bpp)
            for name, (quality, seconds) in curves.items()
            if name != codec and math.exp(seconds(p.bpp)) <= p.encode_cpu_s
        }
        if found:
            best = max(found, key=lambda name: found[name])
            gains.append(p.quality.psnr_rgb - found[best])
            winners.append(best)
    if not gains:
        return None
    return sum(gains) / len(gains), max(winners, key=winners.count)


def gain(found: tuple[float, str] | None) -> str:
    """dB at equal seconds as text, with the preset of the other encoder."""
    if found is None:
        return "-"
    name, *slow = found[1].split()
    preset = slow[0] if slow else ANCHORS[name].preset
    return f"{found[0]:+.2f}" + ("" if name == "linc" else f" ({preset})")


def seconds_table(board: Board) -> str:
    """dB at equal seconds."""
    families = [*(name for name in ANCHORS if not name.endswith("-psnr")), "linc instant"]
    heads = " | ".join(_NAMES.get(name, name) for name in families)
    lines = [f"| clip | preset | {heads} |", "|---|---|" + "---|" * len(families)]
    for clip, points in board.items():
        for codec in presets_of(points):
            cells = [
                "-" if family == codec else gain(equal_seconds(points, codec, family))
                for family in families
            ]
            lines.append(f"| {clip} | {codec.split()[1]} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def cost_table(board: Board) -> str:
    """Seconds of every codec: the range over its rates."""
    lines = [
        "| clip | codec | bpp | RGB dB | encode, processor s | encode, wall s | decode, fps |",
        "|---|---|---|---|---|---|---|",
    ]
    for clip, points in board.items():
        for codec in dict.fromkeys(p.codec for p in points):
            mine = [p for p in points if p.codec == codec]
            cells = [
                span([p.bpp for p in mine], 4), span([p.quality.psnr_rgb for p in mine], 2),
                span([p.encode_cpu_s for p in mine], 1), span([p.encode_s for p in mine], 1),
                span([p.decode_fps for p in mine], 0),
            ]  # fmt: skip
            lines.append(f"| {clip} | {codec} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def span(values: Sequence[float], digits: int) -> str:
    """The least and the largest."""
    return f"{min(values):.{digits}f} … {max(values):.{digits}f}"


def placed(text: str, board: Board) -> str:
    """A page with the BD-rate table of the default preset between its marks."""
    table = bd_table(board, EncodeOptions().preset)
    return _MARKS.sub(lambda m: m[1] + table + m[2], text)


def write(out: Path, board: Board) -> None:
    """scoreboard.md and scoreboard.png."""
    parts = [
        _HEAD, "\n## BD-rate over RGB PSNR\n\nPlus: linc needs that many more bytes.\n\n",
        bd_table(board), "\n## dB at equal seconds\n", _EQUAL, "\n", seconds_table(board),
        "\n## Against the plain closed form\n", _PLAIN, "\n", "\n".join(verdicts(board)), "\n",
        "\n## Rates, quality and seconds\n\nLeast and largest over the rates of a codec.\n\n",
        cost_table(board),
    ]  # fmt: skip
    (out / "scoreboard.md").write_text("".join(parts), encoding="utf-8")
    plot(board, out / "scoreboard.png")


def plot(board: Board, path: Path) -> None:
    """A panel a clip: RGB PSNR over bpp."""
    mpl.use("Agg")
    from matplotlib import pyplot

    columns = min(3, len(board))
    rows = -(-len(board) // max(columns, 1))
    if not rows:
        return
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(5 * columns, 3.6 * rows), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(board) :]:
        axis.set_axis_off()
    panels: list[Any] = list(axes.flat)
    for axis, (clip, points) in zip(panels, board.items(), strict=False):
        for index, codec in enumerate(dict.fromkeys(p.codec for p in points)):
            mine = sorted((p.bpp, p.quality.psnr_rgb) for p in points if p.codec == codec)
            style = "o-" if codec.startswith("linc") else "--" if len(codec.split()) == 1 else ":"
            axis.semilogx(*zip(*mine, strict=True), style, label=codec, color=f"C{index}", ms=4)
        axis.set_title(clip)
        axis.grid(visible=True, which="both", alpha=0.3)
    panels[0].legend(fontsize=7)
    figure.supxlabel("bits per luma sample, whole file less audio")
    figure.supylabel("RGB PSNR, dB")
    figure.savefig(path, dpi=75)
    pyplot.close(figure)
