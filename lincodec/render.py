"""Rendering: frames of an open .linc file at any size and time (spec clause 8)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction

import torch
from torch import Tensor

from lincodec.bitstream import unpack_segment
from lincodec.container import LincFile
from lincodec.errors import CorruptError, ResourceError
from lincodec.memory import ran_out
from lincodec.model.output import quantise, to_frames
from lincodec.models import ON_CPU, Rendering, RenderModel, segment_model
from lincodec.types import Planes, VideoInfo

#: Luma samples rendered at a time.
_BATCH_SAMPLES = 8_000_000


def batch_size(info: VideoInfo) -> int:
    """Frames of a picture size that are rendered together."""
    return max(1, _BATCH_SAMPLES // (info.width * info.height))


@dataclass(frozen=True)
class Shot:
    """One output frame: a place between source frames."""

    frame: int
    """Source frame at or before it."""
    share: Fraction
    """How far on to the next frame, 0 <= share < 1."""


class Renderer:
    """Renders frames of an open file; keeps two segments and fetches the next ahead."""

    def __init__(
        self,
        linc: LincFile,
        size: tuple[int, int] | None = None,
        rendering: Rendering = ON_CPU,
    ) -> None:
        """
        Args:
            linc: an open file.
            size: output (width, height); None: native.
            rendering: device and backend.
        """
        self.rendering = rendering
        self.linc, self.arch, self.info = linc, linc.arch, linc.info
        width, height = size or (self.info.width, self.info.height)
        self.output = replace(self.info, width=width, height=height)
        self._pool = ThreadPoolExecutor(2)
        self._models: dict[int, Future[RenderModel]] = {}

    def close(self) -> None:
        """Stop the background work."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def load(self, index: int) -> RenderModel:
        """Read and decode a segment now.

        Raises:
            CorruptError: it breaks the format.
        """
        data = self.linc.read_segment(index)
        code = unpack_segment(data, self.arch, self.info.plane_sizes)
        return segment_model(code, self.arch, self.info, self.rendering)

    def _fetch(self, index: int) -> Future[RenderModel]:
        """The model of a segment, loaded in the background and kept."""
        if index not in self._models:
            self._models[index] = self._pool.submit(self.load, index)
        return self._models[index]

    def _model(self, index: int, last: int) -> RenderModel:
        """The model of a segment; starts on the next one unless this is the ``last`` needed."""
        for stale in [k for k in self._models if not index <= k <= index + 1]:
            del self._models[stale]
        found = self._fetch(index)
        if index < last:
            self._fetch(index + 1)
        return found.result()

    def frames(self, shots: Sequence[Shot]) -> Iterator[Planes]:
        """Integer planes of every output frame in order (ascending ``shots``)."""
        batch = batch_size(self.output)
        last = self.linc.segment_at(shots[-1].frame) if shots else 0
        at = 0
        while at < len(shots):
            index = self.linc.segment_at(shots[at].frame)
            entry = self.linc.segments[index]
            stop = at
            while stop < len(shots) and stop - at < batch and shots[stop].frame < entry.end_frame:
                stop += 1
            try:
                frames = self._batch(index, shots[at:stop], last)
            except (MemoryError, RuntimeError) as error:
                if not ran_out(error):
                    raise
                batch = _smaller(stop - at, error)
                continue
            yield from frames
            at = stop

    def _batch(self, index: int, shots: Sequence[Shot], last: int) -> list[Planes]:
        """Frames of one segment, rendered together."""
        entry = self.linc.segments[index]
        model = self._model(index, last)
        with torch.inference_mode():
            times = [float(shot.frame - entry.first_frame + shot.share) for shot in shots]
            z = model.latent_at(torch.tensor(times, dtype=torch.float64))
            planes = model.at_size(z, self.output.plane_sizes)
            self._blend_border(index, shots, planes)
            if not all(math.isfinite(float(plane.sum())) for plane in planes):
                raise CorruptError(f"segment {index}: its samples are not finite numbers")
            return to_frames(quantise(planes, self.info.bit_depth))

    def _blend_border(self, index: int, shots: Sequence[Shot], planes: list[Tensor]) -> None:
        """Between the last frame of a segment and a segment that continues it: mix the pixels."""
        entry = self.linc.segments[index]
        if index + 1 >= len(self.linc.segments):
            return
        between = [
            (k, float(shot.share))
            for k, shot in enumerate(shots)
            if shot.frame == entry.end_frame - 1 and shot.share > 0
        ]
        if not between or not self.linc.read_segment_header(index + 1).continues:
            return
        follower = self._fetch(index + 1).result()
        z = follower.latents[:, :1]
        first = follower.at_size(z, self.output.plane_sizes)
        for plane, other in zip(planes, first, strict=True):
            for k, share in between:
                plane[k].lerp_(other[0], share)


def _smaller(frames: int, error: BaseException) -> int:
    """How many frames to render at a time after memory ran out for ``frames``.

    Raises:
        ResourceError: it was a single frame.
    """
    if frames == 1:
        raise ResourceError("out of memory for one frame; decode at a lower --res") from error
    return frames // 2


def output_shots(start: int, stop: int, fps_scale: int) -> list[Shot]:
    """``fps_scale`` output frames per source frame in start..stop-1 (paper Eq. 4)."""
    return [
        Shot(frame, Fraction(j, fps_scale))
        for frame in range(start, stop)
        for j in range(fps_scale)
    ]
