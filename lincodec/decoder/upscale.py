"""Models that enlarge pictures, in ONNX files, run by onnxruntime (``lincodec[upscale]``).

A model takes float samples [1, channels, height, width] from 0 to 1, three channels for R, G and B
or one for luma, and gives [1, channels, scale * height, scale * width]. Its scale is found by
asking it. Pictures go through it in tiles, so that memory does not grow with them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from lincodec.errors import InputError, LincError, UsageError
from lincodec.options import LANCZOS
from lincodec.system.cores import usable_cores
from lincodec.system.extras import need
from lincodec.types import FloatArray

#: Side of tiles, of models that take any size, and what sides of smaller pictures are rounded up
#: to: a multiple of the windows and halvings that models are made of.
_TILE, _UNIT = 256, 64
#: Samples around what is kept of a tile, at most: what a model knows of its surroundings.
_MARGIN = 16
_LARGEST_SCALE = 16
_KINDS: dict[str, np.dtype[np.generic]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
}
_LAYOUT = "float [1, 3 or 1, height, width] from 0 to 1"


@dataclass(frozen=True)
class Tile:
    """A part of an axis that goes through a model, and what is kept of it."""

    start: int
    """First sample."""
    first: int
    """First and past the last sample that are kept, counted along the axis."""
    last: int


def tiles(size: int, side: int, margin: int) -> list[Tile]:
    """Tiles of ``side`` that cover an axis of ``size`` samples.

    ``margin`` samples on their sides are not kept, but at the ends of the axis. An axis shorter
    than a tile is one tile, which reaches past its end.
    """
    if size <= side:
        return [Tile(0, 0, size)]
    out: list[Tile] = []
    for start in range(0, size - 2 * margin, side - 2 * margin):
        at, kept = min(start, size - side), out[-1].last if out else 0
        out.append(Tile(at, kept, size if at + side == size else at + side - margin))
        if at + side == size:
            break
    return out


def upscaler_of(choice: str) -> Upscaler | None:
    """The model of a file; None: ``lanczos``, which is none.

    Raises:
        InputError: the file cannot be read.
        UsageError: it is not such a model.
        ResourceError: onnxruntime is not installed.
    """
    return None if choice == LANCZOS else Upscaler(choice)


class Upscaler:
    """A model; threads may share it.

    Attributes:
        channels: 3 for R, G and B, or 1 for luma.
        scale: how much larger both sides get.
    """

    def __init__(self, path: str) -> None:
        """Load a model and see what it does; raises as ``upscaler_of`` says."""
        if not os.path.isfile(path):
            what = "is a folder" if os.path.isdir(path) else "there is no such file"
            raise InputError(f"{path}: {what}; expected {LANCZOS} or the path of an ONNX model")
        self._path, runtime = path, need("onnxruntime", "upscale")
        options = runtime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = usable_cores()
        try:
            self._session: Any = runtime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise self._wrong("is not an ONNX model that runs here", error) from error
        self.channels, self._kind, self._fixed = self._input()
        self._margin = min([_MARGIN, *(side // 8 for side in self._fixed if side)])
        self.scale = self._find_scale()

    def _wrong(self, what: str, error: Exception | None = None) -> LincError:
        """What is wrong with the model, in one line."""
        why = f": {str(error).splitlines()[0]}" if error and str(error) else ""
        return UsageError(f"{self._path} {what}{why}; expected a model of {_LAYOUT}")

    def _input(self) -> tuple[int, np.dtype[np.generic], tuple[int, int]]:
        """Channels, kind of samples and (height, width) of the input, 0 where it is any."""
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise self._wrong(f"has {len(inputs)} inputs and {len(outputs)} outputs, not one each")
        shape, kind = inputs[0].shape, inputs[0].type
        found = [side if isinstance(side, int) else 0 for side in shape]
        if kind not in _KINDS or len(found) != 4 or found[0] > 1 or found[1] not in (0, 1, 3):
            raise self._wrong(f"takes {kind} {shape}")
        return found[1] or 3, _KINDS[kind], (found[2], found[3])

    def _find_scale(self) -> int:
        """By a grey picture, which has to come out grey."""
        height, width = (side or _UNIT for side in self._fixed)
        found = self._run(np.full((self.channels, height, width), 0.5, np.float32))
        scale = found.shape[-1] // width if found.ndim == 3 else 0
        expected = (self.channels, height * scale, width * scale)
        if not 1 <= scale <= _LARGEST_SCALE or found.shape != expected:
            raise self._wrong(
                f"makes {list(found.shape)} of {[self.channels, height, width]}, not a whole "
                f"number of times as much, up to {_LARGEST_SCALE}"
            )
        if not 0.25 < float(found.mean()) < 0.75:
            raise self._wrong(f"makes {found.mean():.3g} of a grey of 0.5")
        return scale

    def _run(self, tile: FloatArray) -> FloatArray:
        """What the model makes of samples [channels, height, width]."""
        name = self._session.get_inputs()[0].name
        try:
            (found,) = self._session.run(None, {name: tile[None].astype(self._kind)})
        except Exception as error:
            raise self._wrong(f"does not take {list(tile.shape)}", error) from error
        samples: FloatArray = np.asarray(found, np.float32)
        if not np.isfinite(samples).all():
            raise self._wrong("makes samples that are not finite numbers")
        return samples[0] if samples.shape[:1] == (1,) else samples

    def parts(self, picture: FloatArray) -> Iterator[tuple[slice, slice, FloatArray]]:
        """A picture enlarged, part by part.

        Args:
            picture: [channels, height, width], 0 to 1.

        Yields:
            rows and columns of the large picture, and its samples there [channels, ., .], 0 to 1.
        """
        scale, sizes = self.scale, picture.shape[1:]
        sides = [
            fixed or min(_TILE, -(-size // _UNIT) * _UNIT)
            for fixed, size in zip(self._fixed, sizes, strict=True)
        ]
        down, across = (
            tiles(size, side, self._margin) for size, side in zip(sizes, sides, strict=True)
        )
        for row in down:
            for column in across:
                cut = picture[
                    :, row.start : row.start + sides[0], column.start : column.start + sides[1]
                ]
                short = [(0, side - have) for side, have in zip(sides, cut.shape[1:], strict=True)]
                large = self._run(np.pad(cut, ((0, 0), *short), mode="edge"))
                rows, columns = (
                    slice(scale * (t.first - t.start), scale * (t.last - t.start))
                    for t in (row, column)
                )
                yield (
                    slice(scale * row.first, scale * row.last),
                    slice(scale * column.first, scale * column.last),
                    np.clip(large[:, rows, columns], 0, 1),
                )
