"""Small pictures and stills of a file, as a page shows or saves them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.decoder.render import Renderer
from lincodec.decoder.stills import shot_at
from lincodec.errors import UsageError
from lincodec.video.jpeg import jpeg
from lincodec.video.picture import read_picture
from lincodec.video.square import square_rgb
from lincodec.video.still import png

#: Columns of a thumbnail.
WIDTH = 240


def _rgb(path: Path, seconds: float, width: int | None) -> np.ndarray:
    with open_file(path) as stream:
        linc = LincFile(stream, name=path.name)
        info = linc.info
        shot = replace(shot_at(linc.times(), seconds), share=Fraction(0))
        scale = 1.0 if width is None else min(1.0, width / max(info.width, info.height))
        size = (max(2, round(info.width * scale)), max(2, round(info.height * scale)))
        renderer = Renderer(linc, size)
        try:
            planes = next(iter(renderer.frames([shot])))
            return square_rgb(planes, renderer.output)
        finally:
            renderer.close()


def thumbnail(path: Path, seconds: float) -> Iterator[bytes]:
    """The frame at a time as a small JPEG.

    Raises:
        UsageError: there is no such time.
        CorruptError: the frame cannot be decoded.
    """
    yield jpeg(_rgb(path, seconds, WIDTH))


def still(path: Path, seconds: float) -> Iterator[bytes]:
    """The frame at a time as PNG at its own size."""
    yield png(_rgb(path, seconds, None))


def picture_of(data: bytes) -> np.ndarray:
    """RGB samples [height, width, 3] of a picture file.

    Raises:
        UsageError: it is none.
    """
    try:
        return read_picture(data)
    except ValueError as error:
        raise UsageError(f"this is no picture: {error}") from error
