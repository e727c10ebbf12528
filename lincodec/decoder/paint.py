"""Rendering by array programs: everything that the core does not draw (spec clause 8)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import torch
from torch import Tensor

from lincodec.bitstream.segment import SegmentCode
from lincodec.container import LincFile
from lincodec.crop import Crop
from lincodec.decoder.areas import areas_of
from lincodec.decoder.load import Rendering, RenderModel, segment_model
from lincodec.decoder.prefetch import Unpacker, unpacked
from lincodec.errors import CorruptError, ResourceError
from lincodec.model.devices import CPU, Portions
from lincodec.model.output import quantise, to_frames
from lincodec.system.memory import ran_out
from lincodec.types import Planes, VideoInfo


def batch_size(info: VideoInfo, device: torch.device = CPU) -> int:
    """Frames of a picture size that are rendered together."""
    return max(1, Portions.on(device).rendered // (info.width * info.height))


class Painter:
    """Renders frames of an open file; keeps two segments and fetches the next.

    Devices other than the CPU render a batch ahead.
    """

    def __init__(
        self,
        linc: LincFile,
        output: VideoInfo,
        crop: Crop | None,
        rendering: Rendering,
        workers: int = 0,
        *,
        enhance: bool = True,
    ) -> None:
        """
        Args:
            linc: an open file.
            output: gives the size of the pictures.
            crop: the part of the native picture that they show; None: all of it.
            rendering: device and backend.
            workers: processes that entropy decode; 0: threads of this one.
            enhance: whether the network of exact pictures is shown on top of them.
        """
        self.rendering, self._enhance = rendering, enhance
        self.linc, self.arch, self.info, self.output = linc, linc.arch, linc.info, output
        self._areas = areas_of(self.info, self.output, crop)
        self._unpacker = Unpacker(linc, workers)
        self._pool = ThreadPoolExecutor(2)
        # the CPU has nothing to gain: its threads are those that the consumer wants
        self._ahead = ThreadPoolExecutor(1) if rendering.device.type != "cpu" else None
        self._segments: dict[int, Future[RenderModel]] = {}

    def close(self) -> None:
        """Stop the background work."""
        self._unpacker.close()
        for pool in (self._pool, self._ahead):
            if pool is not None:
                pool.shutdown(wait=False, cancel_futures=True)

    def load(self, index: int) -> RenderModel:
        """Read and decode a segment now.

        Raises:
            CorruptError: it breaks the format.
        """
        return self._built(self._unpacker.fetch(index, index))

    def _built(self, code: Future[SegmentCode]) -> RenderModel:
        """A segment once it is entropy decoded."""
        return segment_model(
            unpacked(code), self.arch, self.info, self.rendering, self.linc.limits,
            enhance=self._enhance,
        )  # fmt: skip

    def _fetch(self, index: int, last: int) -> Future[RenderModel]:
        """A segment, loaded in the background and kept; those up to ``last`` will follow."""
        if index not in self._segments:
            code = self._unpacker.fetch(index, last)
            self._segments[index] = self._pool.submit(self._built, code)
        return self._segments[index]

    def _loaded(self, index: int, last: int) -> RenderModel:
        """A segment; starts on the next one unless this is the ``last`` needed."""
        for stale in [k for k in self._segments if not index <= k <= index + 1]:
            del self._segments[stale]
        found = self._fetch(index, last)
        if index < last:
            self._fetch(index + 1, last)
        return found.result()

    def frames(self, frames: Sequence[int]) -> Iterator[Planes]:
        """Integer planes of frames in order, at the size of the output."""
        for codes in self._run(frames, native=False):
            yield from to_frames(codes)

    def native(self, frames: Sequence[int]) -> Iterator[Planes]:
        """The same at native size and not rounded: float32 in centred 8-bit code values."""
        for planes in self._run(frames, native=True):
            arrays = [plane.cpu().numpy() for plane in planes]
            yield from zip(*arrays, strict=True)

    def _run(self, frames: Sequence[int], *, native: bool) -> Iterator[list[Tensor]]:
        batches = self._batches(frames, native=native)
        return batches if self._ahead is None else _ahead(batches, self._ahead)

    def _batches(self, frames: Sequence[int], *, native: bool) -> Iterator[list[Tensor]]:
        """What ``_batch`` makes of ``frames``, in batches as large as memory allows."""
        device = self.rendering.device
        # native planes come first
        batch = min(batch_size(self.output, device), batch_size(self.info, device))
        last = self.linc.segment_at(frames[-1]) if frames else 0
        at = 0
        while at < len(frames):
            index = self.linc.segment_at(frames[at])
            entry = self.linc.segments[index]
            stop = at
            while stop < len(frames) and stop - at < batch and frames[stop] < entry.end_frame:
                stop += 1
            try:
                planes = self._batch(index, frames[at:stop], last, native=native)
            except (MemoryError, RuntimeError) as error:
                if not ran_out(error):
                    raise
                batch = _smaller(stop - at, error)
                continue
            yield planes
            at = stop

    def _batch(self, index: int, frames: Sequence[int], last: int, *, native: bool) -> list[Tensor]:
        """Frames of one segment, rendered together: codes [m, h, w], or ``native`` float32."""
        model, first = self._loaded(index, last), self.linc.segments[index].first_frame
        with torch.inference_mode():
            at = torch.tensor([float(frame - first) for frame in frames], dtype=torch.float64)
            planes = model.pictures(at, None if native else self._areas)
            if not all(math.isfinite(float(plane.sum())) for plane in planes):
                raise CorruptError(f"segment {index}: its samples are not finite numbers")
            return planes if native else quantise(planes, self.info.bit_depth)


def _ahead(batches: Iterator[list[Tensor]], pool: Executor) -> Iterator[list[Tensor]]:
    """The same batches, each made in the single thread of a pool while the last one is used."""
    coming = pool.submit(next, batches, None)
    while (planes := coming.result()) is not None:
        coming = pool.submit(next, batches, None)
        yield planes


def _smaller(frames: int, error: BaseException) -> int:
    """How many frames to render at a time after memory ran out for ``frames``.

    Raises:
        ResourceError: it was a single frame.
    """
    if frames == 1:
        raise ResourceError("out of memory for one frame; decode at a lower --res") from error
    return frames // 2
