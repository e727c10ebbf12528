"""Encoding of partitioned segments: pictures to one byte string (spec clause 8.12)."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np

from lincodec.core.library import library
from lincodec.core.signatures import Parameters, Task
from lincodec.core.status import check
from lincodec.registry import Chroma
from lincodec.types import Planes

_WHERE = "encoding pictures"


class PartitionedEncoder:
    """One segment under way; use it as a context manager, or close it.

    Calls for different frames may run in different threads at the same time, once the frames that
    they refer to and start from are coded; the bytes do not depend on it.
    """

    def __init__(self, like: Planes, chroma: Chroma, depth: int, frames: int) -> None:
        """
        Args:
            like: planes of the size and kind of all frames.
            chroma: format of the picture.
            depth: bits of a sample, 8 to 16.
            frames: of the segment.

        Raises:
            LimitError: the picture is larger than the format allows.
            ResourceError: there is no memory.
        """
        height, width = like[0].shape
        self._core = library()
        self._shapes = [plane.shape for plane in like]
        self._kind = np.dtype(np.uint8 if depth == 8 else np.uint16)
        self._encoder: Any = ctypes.c_void_p()
        parameters = Parameters(width, height, int(chroma), depth, frames)
        check(
            self._core.linc_encoder_open(ctypes.byref(parameters), ctypes.byref(self._encoder)),
            _WHERE,
        )

    def close(self) -> None:
        """Free the memory."""
        if self._encoder is not None:
            self._core.linc_encoder_close(self._encoder)
            self._encoder = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def source(self, display: int, planes: Planes) -> None:
        """Hand over the samples of a frame; they are copied.

        Raises:
            ResourceError: there is no memory.
        """
        rows = [np.ascontiguousarray(plane, self._kind) for plane in planes]
        assert [row.shape for row in rows] == self._shapes, "planes of another size"
        addresses = (ctypes.c_void_p * 3)(*(row.ctypes.data for row in rows))
        strides = (ctypes.c_size_t * 3)(*(row.strides[0] for row in rows))
        check(self._core.linc_encoder_source(self._encoder, display, addresses, strides), _WHERE)

    def glance(self, display: int, planes: Planes) -> None:
        """Hand over the luma of a frame for ``measure``; a half-size copy stays until ``weigh``.

        Raises:
            ResourceError: there is no memory.
        """
        luma = np.ascontiguousarray(planes[0], self._kind)
        assert luma.shape == self._shapes[0], "luma of another size"
        address, stride = luma.ctypes.data, luma.strides[0]
        check(self._core.linc_encoder_glance(self._encoder, display, address, stride), _WHERE)

    def measure(self, task: Task) -> None:
        """Find what every area of a frame has from its references.

        Raises:
            ResourceError: there is no memory.
        """
        check(self._core.linc_encoder_measure(self._encoder, ctypes.byref(task)), _WHERE)

    def weigh(self, tasks: Sequence[Task], strength: float) -> None:
        """Weigh the areas of frames by what others have from them.

        Args:
            tasks: all frames in coding order, each of them measured.
            strength: eighths of an octave of the step for a doubling of the importance.

        Raises:
            ResourceError: there is no memory.
        """
        given, core = (Task * len(tasks))(*tasks), self._core
        check(core.linc_encoder_weigh(self._encoder, given, len(tasks), strength), _WHERE)

    def code(self, task: Task) -> int:
        """Code one frame; returns the bytes of its stream.

        Raises:
            ResourceError: there is no memory.
        """
        check(self._core.linc_encoder_frame(self._encoder, ctypes.byref(task)), _WHERE)
        return int(self._core.linc_encoder_frame_bytes(self._encoder, task.display))

    def picture(self, display: int) -> Planes:
        """The reconstruction of a coded frame that was not released."""
        planes = tuple(np.empty(shape, self._kind) for shape in self._shapes)
        for index, plane in enumerate(planes):
            check(
                self._core.linc_encoder_output(
                    self._encoder, display, index, plane.ctypes.data, plane.strides[0], plane.nbytes
                ),
                _WHERE,
            )
        return planes

    def release(self, display: int) -> None:
        """Forget everything of a frame but its bytes."""
        self._core.linc_encoder_release(self._encoder, display)

    def finish(self, order: Sequence[int]) -> bytes:
        """The segment, of the frames in coding order."""
        displays = (ctypes.c_int32 * len(order))(*order)
        size = ctypes.c_size_t()
        finish = self._core.linc_encoder_finish
        check(finish(self._encoder, displays, len(order), None, 0, ctypes.byref(size)), _WHERE)
        out = ctypes.create_string_buffer(size.value)
        check(
            finish(self._encoder, displays, len(order), out, size.value, ctypes.byref(size)), _WHERE
        )
        return out.raw
