"""Rendering: frames of an open .linc file at any size and time (spec clause 8).

Exact pictures at native size come from the compiled core. Everything else is an array program of
``lincodec.decoder.paint``, which is loaded, and torch with it, when it is needed.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from lincodec.container import LincFile
from lincodec.core.partitioned import PartitionedDecoder
from lincodec.crop import Crop
from lincodec.decoder.pictures import opened, within
from lincodec.decoder.shots import Shot
from lincodec.types import Planes, VideoInfo
from lincodec.video.color import default_matrix

if TYPE_CHECKING:
    from lincodec.decoder.load import Rendering, RenderModel
    from lincodec.decoder.paint import Painter

_UNSPECIFIED = 2  # matrix coefficients (H.273)


class Renderer:
    """Renders frames of an open file.

    Attributes:
        info: the video as stored.
        output: the video as it is rendered.
    """

    def __init__(
        self,
        linc: LincFile,
        size: tuple[int, int] | None = None,
        crop: Crop | None = None,
        *,
        device: str = "cpu",
        backend: str = "auto",
        workers: int = 0,
    ) -> None:
        """
        Args:
            linc: an open file.
            size: output (width, height); None: native.
            crop: the part of the native picture to show; None: all of it.
            device: where array programs run; see ``Rendering.of``.
            backend: of the hash grid.
            workers: processes that entropy decode for array programs; 0: threads of this one.

        Raises:
            UsageError: the crop does not lie in the picture, or cuts chroma samples apart.
        """
        self.linc, self.info = linc, linc.info
        if crop is not None:
            crop.check(self.info)
        self._crop, part = crop, crop or self.info
        width, height = size or (part.width, part.height)
        self.output = _resized(self.info, width, height)
        self._is_native = (width, height) == (part.width, part.height)
        self._device, self._backend, self._workers = device, backend, workers
        self._made: Painter | None = None
        self._exact: dict[int, bool] = {}
        #: The segment that exact pictures came from last, so that its next ones cost little.
        self._opened: tuple[int, PartitionedDecoder] | None = None

    def close(self) -> None:
        """Stop the background work."""
        if self._made is not None:
            self._made.close()
        self._forget()

    def is_exact(self, index: int) -> bool:
        """Whether a segment holds exact pictures."""
        if index not in self._exact:
            header = self.linc.read_segment_header(index)
            self._exact[index] = header.pictures is not None
        return self._exact[index]

    def check(self, index: int) -> None:
        """Decode a segment to see whether it can be.

        Raises:
            CorruptError: it breaks the format.
        """
        if not self.is_exact(index):
            self.model(index)
            return
        for _ in self._pictures(index, range(self.linc.segments[index].n_frames)):
            pass

    def model(self, index: int) -> RenderModel:
        """A segment as a function of time and place, for array programs; it is loaded now.

        Raises:
            CorruptError: it breaks the format.
        """
        return self._painter.load(index).model

    @property
    def _painter(self) -> Painter:
        if self._made is None:
            paint = importlib.import_module("lincodec.decoder.paint")
            rendering: Rendering = paint.Rendering.of(self._device, self._backend)
            self._made = paint.Painter(self.linc, self.output, self._crop, rendering, self._workers)
        assert self._made is not None
        return self._made

    def frames(self, shots: Sequence[Shot]) -> Iterator[Planes]:
        """Integer planes of every output frame in order (ascending ``shots``).

        Raises:
            ResourceError: the device or backend cannot be used here, or memory ran out.
            CorruptError: a segment breaks the format.
        """
        is_whole = self._is_native and not any(shot.share for shot in shots)

        def is_decoded(shot: Shot) -> bool:
            return is_whole and self.is_exact(self.linc.segment_at(shot.frame))

        runs = [(decoded, list(run)) for decoded, run in groupby(shots, is_decoded)]
        if not all(decoded for decoded, _ in runs):
            _ = self._painter  # what does not work on this machine says so before any picture
        for decoded, run in runs:
            yield from self._decoded(run) if decoded else self._painter.frames(run)

    def _decoded(self, shots: Sequence[Shot]) -> Iterator[Planes]:
        """Pictures of segments that hold exact ones."""
        for index, run in groupby(shots, lambda shot: self.linc.segment_at(shot.frame)):
            first = self.linc.segments[index].first_frame
            counts = [(at - first, len(list(same))) for at, same in groupby(s.frame for s in run)]
            pictures = self._pictures(index, [at for at, _ in counts])
            for planes, (_, count) in zip(pictures, counts, strict=True):
                for _ in range(count):
                    yield planes

    def _pictures(self, index: int, displays: Sequence[int]) -> Iterator[Planes]:
        """Native pictures of a segment, cropped."""
        with within(index):
            for planes in self._decoder(index).frames(displays):
                yield self._shown(planes)

    def _decoder(self, index: int) -> PartitionedDecoder:
        """The decoder of a segment; that of another one is closed."""
        if self._opened is None or self._opened[0] != index:
            self._forget()
            self._opened = index, opened(self.linc.read_segment(index), self.info, self.linc.limits)
        return self._opened[1]

    def _forget(self) -> None:
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None

    def _shown(self, planes: Planes) -> Planes:
        if self._crop is None:
            return planes
        windows = self._crop.windows(self.info)
        return tuple(
            np.ascontiguousarray(plane[window])
            for plane, window in zip(planes, windows, strict=True)
        )


def _resized(info: VideoInfo, width: int, height: int) -> VideoInfo:
    """The video at another size; an untagged matrix is named where that size suggests another."""
    own = default_matrix(info.width, info.height)
    if info.color.matrix == _UNSPECIFIED and default_matrix(width, height) != own:
        info = replace(info, color=replace(info.color, matrix=own))
    return replace(info, width=width, height=height)
