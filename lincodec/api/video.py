"""A .linc file as a sequence of pictures, for programs."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex, overload

import numpy as np
from numpy.typing import NDArray

from lincodec.api.frames import (
    LAYOUTS,
    RANGES,
    TENSORS,
    Frame,
    FrameBatch,
    Pixels,
    check_choice,
    collected,
)
from lincodec.api.metadata import VideoMetadata
from lincodec.api.source import Source, seconds
from lincodec.bitstream.embedding import Aligned, segment_latents
from lincodec.container import AlignmentData
from lincodec.decoder.schedule import Pace, Schedule, schedule
from lincodec.decoder.spans import frame_range
from lincodec.errors import UsageError
from lincodec.limits import Limits
from lincodec.options import LANCZOS, Rate, Span
from lincodec.types import FloatArray
from lincodec.video.rates import rate_of
from lincodec.video.timing import sliced

if TYPE_CHECKING:
    from torch import Tensor

#: Bytes of decoded segments and pictures that are kept, about.
CACHE_BYTES = 512 << 20


def open(
    path: str | os.PathLike[str],
    device: str = "cpu",
    *,
    dtype: Literal["uint8", "uint16", "float32"] = "uint8",
    cache_bytes: int = CACHE_BYTES,
    backend: str = "auto",
    limits: Limits | None = None,
    enhance: bool = True,
    upscale: str | os.PathLike[str] = LANCZOS,
) -> Video:
    """Open a .linc file as a sequence of pictures.

    Args:
        path: of the file.
        device: where pictures are rendered: ``cpu``, ``cuda`` or ``auto``.
        dtype: of samples: ``uint8``, ``uint16`` (0 to 65535) or ``float32`` (0 to 1), the last
            two for videos of more than 8 bits.
        cache_bytes: decoded segments and pictures are kept up to about this much; the segment
            used last is always kept.
        backend: of the hash grid of paper presets: ``auto``, ``torch``, ``csr``, ``triton`` or
            ``tcnn``.
        limits: what the file may declare; None: the usual.
        enhance: whether what networks add to exact pictures is shown.
        upscale: how pictures larger than native ones are made: ``lanczos``, or by the ONNX model of
            this path.

    Raises:
        InputError: the file cannot be opened.
        CorruptError: it breaks the format.
        UnsupportedError: it needs a newer version.
        LimitError: it declares more than ``limits`` allow.
        ResourceError: there is no such device, or nothing that runs the model.
        UsageError: it is not a model that enlarges pictures.
    """
    check_choice("dtype", dtype, RANGES)
    video = Video(path, device, dtype, cache_bytes, backend, limits, enhance, upscale)
    video._prepare()
    return video


class Video(Source):
    """A .linc file as a sequence of pictures, upright; made by ``lincodec.open``.

    ``video[12]`` and ``video[10:50:5]`` are pictures, RGB samples as uint8 [height, width, 3] and
    [n, height, width, 3]; going through it gives one after the other. Only the segments that are
    needed are read. Those decoded last are kept, so that a second picture of a segment is cheap.

    Threads may share it. Its copies in other processes, by ``pickle`` or a fork, open the
    file again by its path when they are first used. Use it as a context manager, or close it.
    """

    # ------------------------------------------------------------ what it is

    def __len__(self) -> int:
        """Number of frames."""
        return self._here.linc.n_frames

    @property
    def fps(self) -> float:
        """Nominal frames per second."""
        return float(self._here.linc.info.fps)

    @property
    def times(self) -> NDArray[np.float64]:
        """Seconds at which each frame is first shown, float64 [n]; the first is 0. Read-only."""
        return self._here.pts

    @property
    def width(self) -> int:
        """Samples per row of the upright picture, after rotation."""
        return self.metadata.width

    @property
    def height(self) -> int:
        """Rows of the upright picture, after rotation."""
        return self.metadata.height

    @property
    def metadata(self) -> VideoMetadata:
        """Size, rate, depth, segments, alignments and tags."""
        return self._here.metadata

    @property
    def segments(self) -> tuple[range, ...]:
        """The frames of every segment."""
        entries = self._here.linc.segments
        return tuple(range(entry.first_frame, entry.end_frame) for entry in entries)

    # ------------------------------------------------------------ pictures

    @overload
    def __getitem__(self, index: SupportsIndex) -> Pixels: ...
    @overload
    def __getitem__(self, index: slice) -> Pixels: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Pixels:
        """The picture [height, width, 3] of a frame, or [n, height, width, 3] of a slice.

        Raises:
            IndexError: there is no such frame.
        """
        if isinstance(index, slice):
            return self.frames_at(range(*index.indices(len(self)))).data
        picture: Pixels = self.frames_at([index]).data[0]
        return picture

    def __getitems__(self, indices: Iterable[SupportsIndex]) -> list[Pixels]:
        """Pictures of frames in any order; ``torch.utils.data.DataLoader`` calls it."""
        return list(self.frames_at(indices).data)

    def __iter__(self) -> Iterator[Pixels]:
        """Every picture in order; segments are decoded ahead."""
        return (frame.data for frame in self.frames())

    def frames_at(
        self, indices: Iterable[SupportsIndex], *, size: tuple[int, int] | None = None
    ) -> FrameBatch[NDArray[Any]]:
        """Frames by number, in any order and as often as they are named.

        Args:
            indices: from 0; negative ones count from the end.
            size: (width, height) of the upright pictures; None: native.

        Raises:
            IndexError: there is no such frame.
        """
        here = self._here
        numbers = [self._frame(index) for index in indices]
        from lincodec.api.painter import whole

        shots = [whole(number) for number in numbers]
        pictures = self._painter.pictures(shots, self._checked(size))
        at = np.array(numbers, np.int64)
        return FrameBatch(pictures, here.pts[at], here.durations[at])

    def frames_played_at(
        self,
        seconds: Iterable[float],
        *,
        size: tuple[int, int] | None = None,
        interpolate: bool = False,
    ) -> FrameBatch[NDArray[Any]]:
        """Frames by time, in any order.

        Args:
            seconds: from the first frame; negative ones count from the end.
            size: (width, height) of the upright pictures; None: native.
            interpolate: render the picture of the moment itself between two frames, as
                ``linc frame`` does; else it is the frame that is shown then.

        Raises:
            UsageError: a time is not in the video.
        """
        here = self._here
        from lincodec.api.painter import moments

        asked = [float(second) for second in seconds]
        shots = moments(here.times, asked, between=interpolate)
        pictures = self._painter.pictures(shots, self._checked(size))
        at = np.array([shot.frame for shot in shots], np.int64)
        share = np.array([float(shot.share) for shot in shots])
        pts = here.pts[at] + share * here.durations[at]
        return FrameBatch(pictures, pts, np.where(share > 0, 0.0, here.durations[at]))

    def frames(
        self,
        *,
        fps_scale: Rate = 1,
        start: float | None = None,
        stop: float | None = None,
        size: tuple[int, int] | None = None,
    ) -> Iterator[Frame]:
        """Frames in order; segments are decoded ahead, and none are kept.

        Args:
            fps_scale: pictures for each frame, such as 2, 2.5 or "1/3". Above 1 those in between
                follow the motion between their neighbours; below 1 frames are dropped.
            start: seconds of the first; negative ones count from the end. None: the first frame.
            stop: seconds before which they end; negative ones count from the end. None: the end.
            size: (width, height) of the upright pictures; None: native.

        Raises:
            UsageError: no frame lies between ``start`` and ``stop``, or there is no such rate.
        """
        here, size = self._here, self._checked(size)
        pace = Pace(scale=rate_of(fps_scale, "fps_scale"))
        first, end = frame_range(here.times, Span(start, stop))
        part, limits = sliced(here.times, first, end), self._limits or Limits()
        plan = schedule(part, here.linc.info.fps, first, pace, limits)
        begin = (here.times.pts[first] - here.times.pts[0]) * pace.scale.numerator
        return self._run(plan, begin, size)

    def _run(self, plan: Schedule, begin: int, size: tuple[int, int] | None) -> Iterator[Frame]:
        """The pictures of a plan that begins at a tick."""
        pts, durations = seconds(plan.times, begin)
        pictures = self._painter.stream(plan.shots, size)
        for picture, at, length in zip(pictures, pts, durations, strict=True):
            yield Frame(picture, float(at), float(length))

    @overload
    def batches(
        self,
        n: int,
        *,
        layout: Literal["NHWC", "NCHW"] = ...,
        tensor: Literal["numpy"] = ...,
        fps_scale: Rate = ...,
        start: float | None = ...,
        stop: float | None = ...,
        size: tuple[int, int] | None = ...,
    ) -> Iterator[FrameBatch[NDArray[Any]]]: ...
    @overload
    def batches(
        self,
        n: int,
        *,
        layout: Literal["NHWC", "NCHW"] = ...,
        tensor: Literal["torch"],
        fps_scale: Rate = ...,
        start: float | None = ...,
        stop: float | None = ...,
        size: tuple[int, int] | None = ...,
    ) -> Iterator[FrameBatch[Tensor]]: ...
    def batches(
        self,
        n: int,
        *,
        layout: Literal["NHWC", "NCHW"] = "NHWC",
        tensor: Literal["numpy", "torch"] = "numpy",
        fps_scale: Rate = 1,
        start: float | None = None,
        stop: float | None = None,
        size: tuple[int, int] | None = None,
    ) -> Iterator[FrameBatch[Any]]:
        """Frames in order, ``n`` at a time; the last batch may be smaller.

        Args:
            n: frames of a batch.
            layout: order of the axes, ``NHWC`` or ``NCHW``.
            tensor: ``numpy`` arrays, or ``torch`` tensors on the CPU.
            fps_scale: and the others: see ``frames``.
            start: see there.
            stop: see there.
            size: see there.

        Raises:
            UsageError: there is no such layout or kind of tensor, or no frame in the span.
        """
        check_choice("layout", layout, LAYOUTS)
        check_choice("tensor", tensor, TENSORS)
        if n < 1:
            raise UsageError(f"n={n}: expected 1 or more frames a batch")
        frames = self.frames(fps_scale=fps_scale, start=start, stop=stop, size=size)
        groups = iter(lambda: list(islice(frames, n)), [])
        return (collected(group, layout, tensor) for group in groups)

    # ------------------------------------------------------------ latents

    def latents(self, segment: int = 0) -> FloatArray:
        """The latents of a segment, float32 [frames, entries]; no picture is decoded.

        Args:
            segment: its number; negative ones count from the end. See ``segments``.

        Raises:
            IndexError: there is no such segment.
        """
        linc = self._here.linc
        index = _within(segment, len(linc.segments), "segment")
        return np.ascontiguousarray(segment_latents(linc, index), np.float32)

    def embeddings(self, name: str | None = None) -> FloatArray:
        """What the latents of every frame say in the space of an embedding model.

        Args:
            name: of the model, or how it begins; None: the only one. See ``metadata.alignments``.

        Returns:
            float32 [frames, numbers], one row a frame, not normalised; no picture is decoded.

        Raises:
            UsageError: the file is not aligned to such a model, or to several.
        """
        linc = self._here.linc
        rows = Aligned(linc, self._alignment(name)).frames()
        return np.ascontiguousarray(rows, np.float32)

    def _alignment(self, name: str | None) -> AlignmentData:
        alignments = self._here.linc.alignments()
        names = ", ".join(data.model for data in alignments)
        if not alignments:
            raise UsageError(f"{self.path}: is not aligned to any model; run linc align first")
        exact = [data for data in alignments if data.model == name]
        found = exact or [data for data in alignments if data.model.startswith(name or "")]
        if len(found) != 1:
            wish = "several models" if name is None else repr(name)
            raise UsageError(f"{self.path}: {wish}: expected one of {names}")
        return found[0]

    def __repr__(self) -> str:
        if self._closed:
            return f"<Video {os.path.basename(self.path)!r}, closed>"
        about = self.metadata
        return (
            f"<Video {os.path.basename(self.path)!r}, {about.width}x{about.height}, "
            f"{about.num_frames} frames, {about.average_fps:.5g} fps>"
        )

    def _repr_html_(self) -> str:
        """A contact sheet, for notebooks."""
        from lincodec.api.sheet import sheet

        return sheet(
            self.path, self.metadata, lambda frames, size: self.frames_at(frames, size=size).data
        )

    def _frame(self, index: SupportsIndex) -> int:
        return _within(operator.index(index), len(self), "frame")

    def _checked(self, size: tuple[int, int] | None) -> tuple[int, int] | None:
        """A size for pictures.

        Raises:
            UsageError: it is no size.
            LimitError: it is too large.
        """
        if size is None:
            return None
        width, height = (operator.index(side) for side in size)
        if width < 1 or height < 1:
            raise UsageError(f"size={size}: expected (width, height) of 1 or more")
        (self._limits or Limits()).check_picture(width, height, "size")
        return width, height


def _within(index: int, count: int, what: str) -> int:
    """A number counted from 0.

    Raises:
        IndexError: there is none.
    """
    if not -count <= index < count:
        raise IndexError(f"{what} {index} of {count}")
    return index % count
