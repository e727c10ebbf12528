"""Single pictures of a .linc file at any time and size, upright, as PNG."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.crop import Crop
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import Shot
from lincodec.decoder.upscale import upscaler_of
from lincodec.errors import UsageError
from lincodec.options import LANCZOS
from lincodec.system.atomic import atomic_output
from lincodec.types import Times
from lincodec.video.color import to_rgb
from lincodec.video.orientation import square_size, upright
from lincodec.video.still import write_png
from lincodec.video.timing import duration

#: Samples between the pictures of a sheet.
_GAP = 4


@dataclass(frozen=True)
class StillReport:
    """What was written."""

    output: str
    width: int
    height: int
    times: tuple[float, ...]
    """Seconds of the pictures."""
    bytes_read: int
    """Of the .linc file."""


def shot_at(times: Times, seconds: float) -> Shot:
    """The place between frames that is shown at a time; after the last frame's time that frame.

    Args:
        times: of the video.
        seconds: from its first frame; negative counts from the end.

    Raises:
        UsageError: the time is not in the video.
    """
    length = float(duration(times))
    at = seconds + length if seconds < 0 else seconds
    if not 0 <= at < length - 1e-9:
        raise UsageError(f"no frame at {seconds:g} s; the video has {length:g} s")
    exact = Fraction(at).limit_denominator(10**6) / times.time_base + times.pts[0]
    frame = min(bisect.bisect_right(times.pts, exact), len(times.pts)) - 1
    if frame == len(times.pts) - 1:
        return Shot(frame, Fraction(0))
    return Shot(frame, (exact - times.pts[frame]) / (times.pts[frame + 1] - times.pts[frame]))


def still(
    source: str,
    output: str,
    seconds: float,
    *,
    size: tuple[int, int] | None = None,
    crop: Crop | None = None,
    upscale: str = LANCZOS,
    overwrite: bool = False,
) -> StillReport:
    """Write the picture at a time; reads the segment it lies in, and one more at its border.

    Args:
        source: path of the .linc file.
        output: path of the PNG file.
        seconds: from the first frame; negative counts from the end.
        size: (width, height) before rotation; None: native, with square samples.
        crop: the part of the stored picture to show; None: all of it.
        upscale: how it is enlarged: ``lanczos``, or the path of an ONNX model.
        overwrite: whether an existing output may be replaced.

    Raises:
        InputError: the file cannot be opened.
        CorruptError: it is damaged.
        UsageError: the time is not in the video.
    """
    return _sheet(source, output, [seconds], 1, size, crop, upscale, overwrite=overwrite)


def contact_sheet(
    source: str,
    output: str,
    grid: tuple[int, int],
    *,
    size: tuple[int, int] | None = None,
    crop: Crop | None = None,
    upscale: str = LANCZOS,
    overwrite: bool = False,
) -> StillReport:
    """Write pictures at even distances, the first half a distance from the start.

    Args:
        source: path of the .linc file.
        output: path of the PNG file.
        grid: (columns, rows).
        size: (width, height) of each picture before rotation; None: native, with square samples.
        crop: the part of the stored picture to show; None: all of it.
        upscale: how it is enlarged: ``lanczos``, or the path of an ONNX model.
        overwrite: whether an existing output may be replaced.

    Raises:
        InputError: the file cannot be opened.
        CorruptError: it is damaged.
    """
    with open_file(source) as stream:
        length = float(duration(LincFile(stream, name=source).times()))
    count = grid[0] * grid[1]
    moments = [length * (index + 0.5) / count for index in range(count)]
    return _sheet(source, output, moments, grid[0], size, crop, upscale, overwrite=overwrite)


def _sheet(
    source: str,
    output: str,
    moments: Sequence[float],
    columns: int,
    size: tuple[int, int] | None,
    crop: Crop | None,
    upscale: str,
    *,
    overwrite: bool,
) -> StillReport:
    """Pictures at ``moments`` (seconds, ascending), row by row."""
    with open_file(source) as stream:
        file = LincFile(stream, name=source)
        times = file.times()
        shots = [shot_at(times, seconds) for seconds in moments]
        part = crop or file.info
        native = square_size((part.width, part.height), file.info.sar)
        renderer = Renderer(file, size or native, crop=crop, upscaler=upscaler_of(upscale))
        try:
            pictures = [
                upright(np.rint(to_rgb(planes, renderer.output)), file.info)
                for planes in renderer.frames(shots)
            ]
        finally:
            renderer.close()
        read = file.bytes_read
    picture = tiled([p.astype(np.uint8) for p in pictures], columns)
    with atomic_output(output, overwrite=overwrite) as temporary:
        write_png(temporary, picture)
    return StillReport(output, picture.shape[1], picture.shape[0], tuple(moments), read)


def tiled(pictures: Sequence[NDArray[np.uint8]], columns: int) -> NDArray[np.uint8]:
    """Pictures of one size in a grid, black between them."""
    if len(pictures) == 1:
        return np.ascontiguousarray(pictures[0])
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    shape = (rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3)
    out = np.zeros(shape, np.uint8)
    for index, picture in enumerate(pictures):
        top, left = (index // columns) * (height + _GAP), (index % columns) * (width + _GAP)
        out[top : top + height, left : left + width] = picture
    return out
