"""Rendering: frames of an open .linc file at any size and time (spec clause 8).

Exact pictures, and those that spectral weights alone draw, come from the compiled core, at any
size. Everything else is an array program of ``lincodec.decoder.paint``, which is loaded, and torch
with it, when it is needed.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from lincodec.container import LincArch, LincFile
from lincodec.core.partitioned import PartitionedDecoder
from lincodec.crop import Crop
from lincodec.decoder.between import Between, frames_of
from lincodec.decoder.drawn import Drawing, DrawnDecoder, Floats, is_drawn
from lincodec.decoder.pictures import opened, within
from lincodec.decoder.shots import Shot
from lincodec.decoder.sizing import Sizing
from lincodec.decoder.upscale import Upscaler
from lincodec.errors import LincError
from lincodec.types import Planes, VideoInfo
from lincodec.video.color import default_matrix

if TYPE_CHECKING:
    from lincodec.decoder.load import Rendering, RenderModel
    from lincodec.decoder.paint import Painter

#: What a segment's frames come from without torch.
Decoder = PartitionedDecoder | DrawnDecoder

_UNSPECIFIED = 2  # matrix coefficients (H.273)
#: Devices that leave spectral weights to the core.
_CORE_DEVICES = ("auto", "cpu")


@dataclass(frozen=True)
class _Part:
    """Frames of one segment that comes from the core."""

    index: int
    displays: list[int]
    """In the segment, ascending."""
    sized: bool
    """Whether they come in the size of the output, made by the threads that decode them."""


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
        enhance: bool = True,
        upscaler: Upscaler | None = None,
    ) -> None:
        """
        Args:
            linc: an open file.
            size: output (width, height); None: native.
            crop: the part of the native picture to show; None: all of it.
            device: where array programs run; see ``Rendering.of``.
            backend: of the hash grid.
            workers: processes that entropy decode for array programs; 0: threads of this one.
            enhance: whether the network of exact pictures is shown on top of them (spec 8.5).
            upscaler: a model that enlarges in place of clause 8.4, where the output is larger.

        Raises:
            UsageError: the crop does not lie in the picture, or cuts chroma samples apart.
        """
        self.linc, self.info = linc, linc.info
        if crop is not None:
            crop.check(self.info)
        self._crop, part = crop, crop or self.info
        width, height = size or (part.width, part.height)
        self.output = _resized(self.info, width, height)
        self._sizing = Sizing(self.info, self.output, crop, upscaler)
        #: What array programs paint: a model starts from native pictures.
        self._painted = self.output
        if self.is_upscaled:
            self._painted = replace(self.output, width=part.width, height=part.height)
        self._device, self._backend, self._workers = device, backend, workers
        self._enhance = enhance
        self._made: Painter | None = None
        self._from_core: dict[int, bool] = {}
        self._between: Between | None = None
        #: The segment that came from the core last, so that its next frames cost little, and while
        #: it ends the next one.
        self._opened: dict[int, Decoder] = {}

    def close(self) -> None:
        """Stop the background work."""
        if self._made is not None:
            self._made.close()
        if self._between is not None:
            self._between.close()
        self._keep_open()
        self._sizing.close()

    @property
    def is_upscaled(self) -> bool:
        """Whether a model enlarges."""
        return self._sizing.enlarger is not None

    def is_from_core(self, index: int) -> bool:
        """Whether the frames of a segment come from the core."""
        if index not in self._from_core:
            header = self.linc.read_segment_header(index)
            drawn = self._device in _CORE_DEVICES and is_drawn(header)
            exact = header.pictures is not None and not (self._enhance and header.is_enhanced)
            self._from_core[index] = exact or drawn
        return self._from_core[index]

    def check(self, index: int) -> None:
        """Decode a segment to see whether it can be.

        Raises:
            CorruptError: it breaks the format.
        """
        if not self.is_from_core(index):
            self.model(index)
            return
        for _ in self._pictures(index, range(self.linc.segments[index].n_frames), sized=False):
            pass

    def model(self, index: int) -> RenderModel:
        """A segment as a function of time and place, for array programs; it is loaded now.

        Raises:
            CorruptError: it breaks the format.
        """
        return self._painter.load(index)

    def samples(self, index: int, frame: int) -> tuple[Floats, ...] | None:
        """What the core draws a frame of a segment as, float32 in centred 8-bit code values.

        None: the core does not draw it. ``frame`` counts from the segment's first.
        """
        decoder = self._decoder(index) if self.is_from_core(index) else None
        return decoder.drawing.samples(frame) if isinstance(decoder, DrawnDecoder) else None

    @property
    def _painter(self) -> Painter:
        if self._made is None:
            paint = importlib.import_module("lincodec.decoder.paint")
            rendering: Rendering = paint.Rendering.of(self._device, self._backend)
            self._made = paint.Painter(
                self.linc, self._painted, self._crop, rendering, self._workers,
                enhance=self._enhance,
            )  # fmt: skip
        assert self._made is not None
        return self._made

    def begin(self, shots: Sequence[Shot]) -> None:
        """Have threads begin on what ``frames`` of the same shots will give first.

        What is wrong with it is said when it is asked for.
        """
        shots = self._settled(shots)
        decoded = itertools.takewhile(self._is_decoded, frames_of(shots))
        for part in itertools.islice(self._parts(decoded, native=_are_between(shots)), 1):
            self._begin(part)

    def frames(self, shots: Sequence[Shot]) -> Iterator[Planes]:
        """Integer planes of every output frame in order (ascending ``shots``).

        Raises:
            ResourceError: the device or backend cannot be used here, or memory ran out.
            CorruptError: a segment breaks the format.
        """
        shots = self._settled(shots)
        if not _are_between(shots):
            again = [(frame, len(list(run))) for frame, run in groupby(s.frame for s in shots)]
            shown = self._whole([frame for frame, _ in again], native=False)
            for planes, (_, times) in zip(shown, again, strict=True):
                yield from itertools.repeat(planes, times)
            return
        if self._between is None:
            self._between = Between(self.info)
        frames = frames_of(shots)
        native = zip(frames, self._whole(frames, native=True), strict=True)
        for planes in self._between.pictures(shots, native):
            yield self._sizing.shown(planes)

    def _settled(self, shots: Sequence[Shot]) -> list[Shot]:
        """The same; what follows the last frame of what hangs together shows that frame."""
        return [
            shot if shot.share == 0 or self._goes_on(shot.frame) else Shot(shot.frame, Fraction(0))
            for shot in shots
        ]

    def _goes_on(self, frame: int) -> bool:
        """Whether the next frame belongs to the same shot of the camera (spec clause 8.7)."""
        index = self.linc.segment_at(frame)
        entry, after = self.linc.segments[index], self.linc.segments[index + 1 : index + 2]
        if frame < entry.end_frame - 1:
            return True
        return bool(after) and after[0].continues and after[0].first_frame == entry.end_frame

    def _whole(self, frames: Sequence[int], *, native: bool) -> Iterator[Planes]:
        """Frames in order: codes of the output, or native ones that may not be rounded yet."""
        runs = [(decoded, list(run)) for decoded, run in groupby(frames, self._is_decoded)]
        if not all(decoded for decoded, _ in runs):
            _ = self._painter  # what does not work on this machine says so before any picture
        for decoded, run in runs:
            if decoded:
                yield from self._decoded(run, native=native)
            elif native:
                yield from self._painter.native(run)
            else:
                yield from map(self._sizing.enlarged, self._painter.frames(run))

    def _is_decoded(self, frame: int) -> bool:
        return self.is_from_core(self.linc.segment_at(frame))

    def _decoded(self, frames: Sequence[int], *, native: bool) -> Iterator[Planes]:
        """Frames of segments that come from the core; towards its end the next one begins."""
        parts = list(self._parts(frames, native=native))
        for part, coming in zip(parts, [*parts[1:], None], strict=True):
            following, as_is = coming, native or part.sized
            for planes in self._pictures(part.index, part.displays, sized=part.sized):
                if following and self._decoder(part.index).is_ending:
                    self._begin(following, beside=part)
                    following = None
                yield planes if as_is else self._sizing.shown(planes)

    def _parts(self, frames: Iterable[int], *, native: bool) -> Iterator[_Part]:
        for index, run in groupby(frames, self.linc.segment_at):
            first = self.linc.segments[index].first_frame
            sized = self._sizing.is_smaller and not native
            yield _Part(index, [at - first for at in run], sized)

    def _pictures(self, index: int, displays: Sequence[int], *, sized: bool) -> Iterator[Planes]:
        """Frames of a segment, ``sized`` as the output, or whole and native, not rounded yet where
        they are to be resampled."""
        resampler = self._sizing.resampler
        with within(index):
            decoder = self._decoder(index)
            if isinstance(decoder, PartitionedDecoder):
                yield from decoder.frames(displays, resampler if sized else None)
            elif resampler is None:
                yield from decoder.frames(displays)
            else:
                made = partial(Drawing.resampled, resampler=resampler) if sized else Drawing.samples
                yield from decoder.frames(displays, made)

    def _decoder(self, index: int) -> Decoder:
        """The decoder of a segment; those of others are closed unless one was begun after it."""
        if index not in self._opened:
            self._keep_open()
            self._opened[index] = self._open(index)
        elif next(iter(self._opened)) != index:
            self._keep_open(index)
        return self._opened[index]

    def _open(self, index: int) -> Decoder:
        data, arch = self.linc.read_segment(index), self.linc.arch
        if data.header.pictures is not None:
            return opened(data, self.info, self.linc.limits)
        assert isinstance(arch, LincArch)
        return DrawnDecoder(data, arch, self.info)

    def _begin(self, part: _Part, *, beside: _Part | None = None) -> None:
        """Start on a part; the segment of ``beside`` stays open. Errors come with its frames."""
        if part.index in self._opened:
            return
        self._keep_open(*([beside.index] if beside else []))
        with suppress(LincError):
            decoder = self._open(part.index)
            self._opened[part.index] = decoder
            if isinstance(decoder, PartitionedDecoder):
                decoder.begin(part.displays, self._sizing.resampler if part.sized else None)

    def _keep_open(self, *kept: int) -> None:
        """Close the decoders of all other segments."""
        for index in self._opened.keys() - set(kept):
            self._opened.pop(index).close()


def _are_between(shots: Iterable[Shot]) -> bool:
    return any(shot.share for shot in shots)


def _resized(info: VideoInfo, width: int, height: int) -> VideoInfo:
    """The video at another size; an untagged matrix is named where that size suggests another."""
    own = default_matrix(info.width, info.height)
    if info.color.matrix == _UNSPECIFIED and default_matrix(width, height) != own:
        info = replace(info, color=replace(info.color, matrix=own))
    return replace(info, width=width, height=height)
