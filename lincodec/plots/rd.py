"""Rate against distortion, as ``benchmarks/codec/rd.py`` measured it."""

from __future__ import annotations

import json
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
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error})") from error
    try:
        for point in found["points"]:
            float(point["bpp"]), float(point["quality"]["psnr_rgb"]), str(point["codec"])
        clip = found["clip"]
        found["title"] = (
            f"{Path(clip['name']).stem} {clip['width']}x{clip['height']}, {clip['frames']} frames"
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{path}: expected what benchmarks/codec/rd.py writes: clip, and points with codec, "
            f"bpp and quality (missing or wrong: {error})"
        ) from error
    if not found["points"]:
        raise UsageError(f"{path}: has no points")
    result: dict[str, Any] = found
    return result


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
    mpl: Any = extras.need("matplotlib", "plot")
    mpl.use("Agg")
    pyplot: Any = extras.need("matplotlib.pyplot", "plot")
    drawn, axes = pyplot.subplots(figsize=(7, 5))
    for codec in dict.fromkeys(point["codec"] for point in points):
        curve = sorted((p["bpp"], p["quality"][figure]) for p in points if p["codec"] == codec)
        style = "o-" if codec.startswith("linc") else "s--"
        axes.plot([x for x, _ in curve], [y for _, y in curve], style, label=codec)
    axes.set_xscale("log")
    axes.set_xlabel("bits per luma sample, whole file less audio")
    axes.set_ylabel(FIGURES[figure])
    axes.set_title(title)
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    with atomic_output(output, overwrite=True) as temporary:
        drawn.savefig(temporary, dpi=120, bbox_inches="tight", format=suffix[1:])
    pyplot.close(drawn)
