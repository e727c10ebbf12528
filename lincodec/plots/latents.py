"""Latents as a map of the frames: one point a frame, coloured by time (paper Fig. 9)."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from lincodec.bitstream.embedding import Aligned, normalised, segment_latents
from lincodec.container import LincArch, LincFile
from lincodec.container.open import open_file
from lincodec.errors import UsageError
from lincodec.plots.projection import Floats, Projection, project
from lincodec.semantics.index import seconds_at
from lincodec.semantics.page import pictures
from lincodec.system import extras
from lincodec.system.atomic import atomic_output

#: Columns of a thumbnail,
_THUMB = 160
#: and most of them on the page; with more frames, some share the picture of a neighbour.
_THUMBS = 600
_COLUMNS = 20
_QUALITY = 75


@dataclass(frozen=True)
class LatentMap:
    """The points of one file."""

    title: str
    space: str
    """What was projected: latents, or a model's name."""
    projection: Projection
    times: list[float]
    """Seconds of every frame."""
    segments: list[int]
    """Segment of every frame."""


def map_latents(linc: LincFile, space: str | None, method: str) -> LatentMap:
    """Project every frame of an open file.

    Args:
        linc: the file.
        space: ``latents``, or the name of a model the file is aligned to; None: the first such
            model, else the latents.
        method: see ``project``.

    Raises:
        UsageError: the file is not aligned to that model, or its latents have no common space.
    """
    models = {data.model: data for data in linc.alignments()}
    name = space or next(iter(models), "latents")
    if name != "latents" and name not in models:
        known = ", ".join(["latents", *models])
        raise UsageError(f"{linc.name}: no space {name}; expected one of {known}")
    vectors = _raw(linc) if name == "latents" else Aligned(linc, models[name]).frames()
    vectors = vectors if name == "latents" else normalised(vectors)
    times = linc.times()
    owner = [i for i, entry in enumerate(linc.segments) for _ in range(entry.n_frames)]
    seconds = [seconds_at(times, frame) for frame in range(linc.n_frames)]
    return LatentMap(Path(linc.name).name, name, project(vectors, method), seconds, owner)


def _raw(linc: LincFile) -> Floats:
    """The latents themselves, which only one basis makes comparable."""
    if isinstance(linc.arch, LincArch) and len(linc.segments) > 1:
        raise UsageError(
            f"{linc.name}: each of its {len(linc.segments)} segments has latents of its own kind, "
            "so they share no map; run linc align first, and its space will be plotted"
        )
    parts = [segment_latents(linc, index) for index in range(len(linc.segments))]
    return np.concatenate(parts)


def write_html(linc: LincFile, found: LatentMap, output: str) -> None:
    """One self-contained page: hover for a picture, click for the frame.

    Raises:
        ResourceError: Pillow is not installed.
    """
    count = linc.n_frames
    stride = -(-count // _THUMBS)
    sheet, size = _sheet(linc, range(0, count, stride))
    low, high = found.projection.points.min(axis=0), found.projection.points.max(axis=0)
    spread = float(max((high - low).max(), 1e-9))
    places = (found.projection.points - (low + high) / 2) / spread + 0.5
    data = {
        "title": found.title,
        "about": f"{count} frames, {found.space}; {found.projection.about}",
        "points": [
            [round(float(x), 4), round(float(y), 4), round(time, 3), segment, frame // stride]
            for frame, ((x, y), time, segment) in enumerate(
                zip(places, found.times, found.segments, strict=True)
            )
        ],
        "columns": _COLUMNS,
        "size": size,
        "sheet": "data:image/jpeg;base64," + base64.b64encode(sheet).decode("ascii"),
    }
    page = resources.files("lincodec.plots").joinpath("latents.html").read_text("utf-8")
    # "<" would let a file name end the script element
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    with atomic_output(output, overwrite=True) as temporary:
        temporary.write_text(page.replace("{{DATA}}", text), encoding="utf-8")


def _sheet(linc: LincFile, frames: range) -> tuple[bytes, list[int]]:
    """Thumbnails in rows of ``_COLUMNS`` as one JPEG, and the [width, height] of one."""
    pil: Any = extras.need("PIL.Image", "plot")
    shown = [pil.fromarray(picture) for picture in pictures(linc, frames, _THUMB)]
    width, height = shown[0].size
    rows = -(-len(shown) // _COLUMNS)
    sheet = pil.new("RGB", (width * min(_COLUMNS, len(shown)), height * rows))
    for index, image in enumerate(shown):
        sheet.paste(image, (index % _COLUMNS * width, index // _COLUMNS * height))
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue(), [width, height]


def write_png(found: LatentMap, output: str) -> None:
    """The map as a picture.

    Raises:
        ResourceError: matplotlib is not installed.
    """
    mpl: Any = extras.need("matplotlib", "plot")
    mpl.use("Agg")
    pyplot: Any = extras.need("matplotlib.pyplot", "plot")
    figure, axes = pyplot.subplots(figsize=(7, 6))
    x, y = found.projection.points.T
    axes.plot(x, y, color="0.8", linewidth=0.8, zorder=1)
    dots = axes.scatter(x, y, c=found.times, cmap="viridis", s=18, zorder=2)
    figure.colorbar(dots, label="seconds")
    axes.set_title(f"{found.title}: {found.space}", parse_math=False)
    axes.set_xlabel(found.projection.about)
    axes.set_xticks([])
    axes.set_yticks([])
    with atomic_output(output, overwrite=True) as temporary:
        figure.savefig(temporary, dpi=120, bbox_inches="tight", format="png")
    pyplot.close(figure)


def plot_latents(
    path: str, output: str, space: str | None = None, method: str = "auto"
) -> LatentMap:
    """Plot a file to ``output``: .html or .png by its suffix.

    Raises:
        UsageError: another suffix, or see ``map_latents``.
        CorruptError: the file is damaged.
    """
    suffix = Path(output).suffix.lower()
    if suffix not in (".html", ".png"):
        raise UsageError(f"{output}: expected a name that ends in .html or .png")
    with open_file(path) as stream:
        linc = LincFile(stream, name=path)
        found = map_latents(linc, space, method)
        if suffix == ".png":
            write_png(found, output)
        else:
            write_html(linc, found, output)
    return found
