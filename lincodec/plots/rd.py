"""Rate against distortion, as ``benchmarks/codec/rd.py`` measured it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lincodec.errors import InputError, UsageError
from lincodec.system import extras
from lincodec.system.atomic import atomic_output

#: Quality figures by name: what the y axis says.
FIGURES = {
    "psnr_rgb": "RGB PSNR, dB",
    "psnr_y": "Y PSNR, dB",
    "psnr_yuv": "YUV PSNR, (6 Y + U + V) / 8, dB",
    "ms_ssim": "MS-SSIM",
}


def read_results(path: str) -> dict[str, Any]:
    """What a benchmark wrote.

    Raises:
        InputError: the file cannot be read.
        UsageError: it is not a rate-distortion result.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error})") from error
    try:
        for point in found["points"]:
            _check_point(point)
        clip = found["clip"]
        found["title"] = (
            f"{Path(clip['name']).stem} {clip['width']}x{clip['height']}, {clip['frames']} frames"
        )
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
        raise UsageError(
            f"{path}: expected what benchmarks/codec/rd.py writes: clip, and points with codec, "
            f"bpp and quality (missing or wrong: {error})"
        ) from error
    if not found["points"]:
        raise UsageError(f"{path}: has no points")
    result: dict[str, Any] = found
    return result


def _check_point(point: Mapping[str, Any]) -> None:
    """Refuse what cannot be drawn.

    Raises:
        LookupError, TypeError, ValueError: a field is missing or of another kind.
    """
    if not isinstance(point["codec"], str) or not isinstance(point.get("setting", ""), str | int):
        raise TypeError("codec and setting are text")
    quality = point["quality"]
    if quality["psnr_rgb"] is None:
        raise TypeError("psnr_rgb is a number")
    for value in (point["bpp"], *(quality.get(name) for name in FIGURES)):
        if value is not None and (isinstance(value, str | bool) or not math.isfinite(value)):
            raise ValueError(f"{value!r} is no finite number")


def plot_rd(
    points: Sequence[Mapping[str, Any]], title: str, output: str, figure: str = "psnr_rgb"
) -> None:
    """Draw one curve a codec.

    Args:
        points: each with ``codec``, ``bpp`` and ``quality``.
        title: of the picture.
        output: a .png or .svg.
        figure: of ``FIGURES``.

    Raises:
        UsageError: the suffix or figure is unknown.
        ResourceError: matplotlib is not installed.
    """
    suffix = Path(output).suffix.lower()
    if suffix not in (".png", ".svg"):
        raise UsageError(f"{output}: expected a name that ends in .png or .svg")
    if figure not in FIGURES:
        raise UsageError(f"figure {figure}: expected one of {', '.join(FIGURES)}")
    if all(point["quality"].get(figure) is None for point in points):
        raise UsageError(f"no point has {figure}; expected one of {', '.join(FIGURES)} in quality")
    mpl: Any = extras.need("matplotlib", "plot")
    mpl.use("Agg")
    pyplot: Any = extras.need("matplotlib.pyplot", "plot")
    drawn, axes = pyplot.subplots(figsize=(7, 5))
    for codec in dict.fromkeys(point["codec"] for point in points):
        curve = sorted(
            (p["bpp"], p["quality"][figure])
            for p in points
            if p["codec"] == codec and p["quality"].get(figure) is not None
        )
        style = "o-" if codec.startswith("linc") else "s--"
        axes.plot([x for x, _ in curve], [y for _, y in curve], style, label=codec)
    axes.set_xscale("log")
    axes.set_xlabel("bits per luma sample, whole file less audio")
    axes.set_ylabel(FIGURES[figure])
    axes.set_title(title, parse_math=False)
    axes.grid(visible=True, which="both", alpha=0.3)
    for text in axes.legend().get_texts():
        text.set_parse_math(False)  # names are no formulas
    with atomic_output(output, overwrite=True) as temporary:
        drawn.savefig(temporary, dpi=120, bbox_inches="tight", format=suffix[1:])
    pyplot.close(drawn)
