"""A partitioned segment as the compiled core sees it: one call, one function of the core."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from lincodec.core.buffers import Buffers
from lincodec.core.library import library
from lincodec.core.records import Record, Tool
from lincodec.core.resample import Resampler
from lincodec.core.signatures import FrameInfo, Parameters
from lincodec.core.status import check
from lincodec.registry import Chroma
from lincodec.types import Planes

#: Pictures put out whose memory is used again.
_REMEMBERED = 16
#: log2 of the chroma subsampling, horizontal and vertical.
_SHIFTS = {Chroma.YUV420: (1, 1), Chroma.YUV422: (1, 0), Chroma.YUV444: (0, 0)}


class CoreSegment:
    """Memory and functions of the core for one segment; calls for different records may overlap."""

    def __init__(
        self, payload: bytes, width: int, height: int, chroma: Chroma, depth: int, frames: int
    ) -> None:
        """The arguments are those of ``PartitionedDecoder``."""
        self._core, self._payload = library(), payload  # the core reads it until it is closed
        self._handle: Any = ctypes.c_void_p()
        self._kind = np.dtype(np.uint8 if depth == 8 else np.uint16)
        self._sizes = [(height, width)]
        if chroma != Chroma.GREY:
            across, down = _SHIFTS[chroma]
            self._sizes += [(-(-height >> down), -(-width >> across))] * 2
        self._buffers = Buffers(self._sizes, self._kind, _REMEMBERED)
        parameters = Parameters(width, height, int(chroma), depth, frames)
        status = self._core.linc_segment_open(
            payload, len(payload), ctypes.byref(parameters), ctypes.byref(self._handle)
        )
        check(status, "headers of pictures")
        self.frames = frames
        self.record_bytes: int = sum(
            function(ctypes.byref(parameters))
            for function in (self._core.linc_picture_bytes, self._core.linc_parsed_bytes)
        )
        """Memory that a record takes while it is decoded."""

    def close(self) -> None:
        """Free the memory; nothing may be asked for afterwards."""
        self._core.linc_segment_close(self._handle)
        self._handle = None

    def record(self, at: int) -> Record:
        """What the header of a record says."""
        info = FrameInfo()
        status = self._core.linc_segment_frame(self._handle, at, ctypes.byref(info))
        check(status, f"record {at}")
        return Record(
            info.display,
            info.level,
            tuple(info.reference[: info.references]),
            info.context_source if info.context_source >= 0 else None,
            bool(info.needs_motion),
            info.bytes,
            Tool(info.tools),
        )

    def parse(self, at: int, where: str) -> None:
        """Entropy decode a record.

        Raises:
            CorruptError: its bytes break the format.
        """
        check(self._core.linc_segment_parse(self._handle, at), where)

    def reconstruct(self, at: int, where: str) -> None:
        """Make the samples of a parsed record."""
        check(self._core.linc_segment_reconstruct(self._handle, at), where)

    def planes(self, at: int, where: str) -> Planes:
        """The samples of a reconstructed record."""
        planes = self._buffers.take()
        for index, plane in enumerate(planes):
            status = self._core.linc_segment_output(
                self._handle, at, index, plane.ctypes.data, plane.strides[0], plane.nbytes
            )
            check(status, where)
        return planes

    def resampled(self, at: int, where: str, resampler: Resampler) -> Planes:
        """The samples of a reconstructed record at another size."""
        planes = resampler.taken()
        for index, (plane, (rows, columns)) in enumerate(zip(planes, resampler.axes, strict=True)):
            work = resampler.work(index)
            status = self._core.linc_segment_resample(
                self._handle, at, index, rows.seen, columns.seen, plane.ctypes.data,
                plane.strides[0], plane.nbytes, work.ctypes.data,
            )  # fmt: skip
            check(status, where)
        return planes

    def release(self, at: int, what: int) -> None:
        """Free parts of a record, given by their masks."""
        self._core.linc_segment_release(self._handle, at, what)
