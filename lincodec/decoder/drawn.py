"""Frames of spectral segments without a network, by the core (spec clause 8.3)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from lincodec.bitstream import quantisers
from lincodec.bitstream.segment import SegmentCode, Spectral, unpack_segment
from lincodec.container import LincArch, SegmentData, SegmentHeader
from lincodec.core.resample import Resampler
from lincodec.core.spectral import Axis, SpectralDecoder, Weights
from lincodec.decoder.latents import latents_of, motion_of
from lincodec.registry import Role
from lincodec.system.cores import usable_cores
from lincodec.types import Planes, VideoInfo, plane_shifts

#: More threads than this wait for memory.
_MOST_THREADS = 16

Floats = NDArray[np.float32]


def is_drawn(header: SegmentHeader) -> bool:
    """Whether a segment of architecture linc is spectral and nothing else draws it."""
    return not header.has_network and any(t.role == Role.SPECTRAL for t in header.tensors)


class Drawing:
    """A decoded segment that can be asked for any frame, by several threads at once."""

    def __init__(self, code: SegmentCode, arch: LincArch, info: VideoInfo) -> None:
        """
        Args:
            code: of the segment, without a network.
            arch, info: of the file.

        Raises:
            CorruptError: tensors are missing or of the wrong size.
        """
        self.latents, self._depth = latents_of(code, arch), info.bit_depth
        motion_of(code)  # damage is told of even where no frame in between is asked for
        self._decoder = SpectralDecoder(_weights(code.spectral, arch, info))

    def codes(self, frame: int) -> Planes:
        """The integer planes of a frame.

        Raises:
            CorruptError: a sample is not a finite number.
        """
        return self._decoder.codes(self.latents[:, frame], self._depth)

    def samples(self, frame: int) -> tuple[Floats, ...]:
        """The same before rounding, float32 in centred 8-bit code values."""
        return tuple(self._decoder.samples(self.latents[:, frame]))

    def resampled(self, frame: int, resampler: Resampler) -> Planes:
        """The integer planes of a frame at another size."""
        if resampler.mean:
            return self._decoder.codes(self.latents[:, frame], self._depth, resampler.mean)
        return resampler.planes(self.samples(frame))


def _weights(spectral: Spectral, arch: LincArch, info: VideoInfo) -> list[Weights]:
    """Weights of every plane."""
    out, side = [], 1 << arch.block
    shifts = plane_shifts(info.plane_sizes)
    planes = zip(info.plane_sizes, shifts, spectral.channels, strict=True)
    for channel, ((height, width), (sy, sx), q) in enumerate(planes):
        step, centroids = spectral.channel_step(channel), spectral.centroids[channel]
        values = quantisers.spectral_dequantise(q.values, step, centroids)
        rows = Axis(height, side >> sy, arch.overlap >> sy)
        columns = Axis(width, side >> sx, arch.overlap >> sx)
        out.append(Weights(rows, columns, q.shape[0], q.where, values))
    return out


class DrawnDecoder:
    """The frames of one segment, in any order; it holds threads: close it."""

    def __init__(self, data: SegmentData, arch: LincArch, info: VideoInfo) -> None:
        """Begin to entropy decode.

        Args:
            data: the segment as it is read from a file.
            arch, info: of the file.
        """
        threads = min(usable_cores(), _MOST_THREADS)
        self._pool, self._ahead = ThreadPoolExecutor(threads), 2 * threads

        def made() -> Drawing:
            return Drawing(unpack_segment(data, arch, info.plane_sizes), arch, info)

        self._made: Future[Drawing] = self._pool.submit(made)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    @property
    def drawing(self) -> Drawing:
        """The decoded segment.

        Raises:
            CorruptError: it breaks the format.
        """
        return self._made.result()

    @property
    def is_ending(self) -> bool:
        """Whether the next segment may be entropy decoded beside what is still drawn."""
        return self._made.done()

    def frames(
        self, displays: Sequence[int], made: Callable[[Drawing, int], Planes] = Drawing.codes
    ) -> Iterator[Planes]:
        """Frames at ascending places in display order, drawn ahead by the threads.

        Args:
            displays: the places.
            made: what is made of a frame, in one of the threads.

        Raises:
            CorruptError: the segment breaks the format, or a sample is not a finite number.
        """
        drawing, coming = self.drawing, deque(displays)
        drawn: deque[Future[Planes]] = deque()
        while coming or drawn:
            while coming and len(drawn) < self._ahead:
                drawn.append(self._pool.submit(made, drawing, coming.popleft()))
            yield drawn.popleft().result()
