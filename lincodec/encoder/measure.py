"""What an encode measures on its own decoded bytes, segment by segment."""

from __future__ import annotations

import hashlib
import importlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from lincodec.bitstream.segment import SegmentCode, digest_bytes, unpack_segment
from lincodec.container import Arch, SegmentData
from lincodec.decoder.pictures import proved_frames, within
from lincodec.encoder.engine import Engine
from lincodec.encoder.segments import Range
from lincodec.errors import VerifyError
from lincodec.types import Frame, Planes, VideoInfo
from lincodec.video import metrics
from lincodec.video.metrics import PsnrSum, psnr_planes, psnr_yuv

if TYPE_CHECKING:
    from lincodec.decoder.load import Rendering

#: Of so many frames MS-SSIM, the slowest figure, is measured once.
SIMILAR_EVERY = 4


@dataclass(frozen=True)
class Figures:
    """What one segment adds to the digest and to the quality of its file."""

    digest: bytes
    """Its contribution to the file digest (spec: dGST)."""
    errors: tuple[float, ...]
    """Mean squared RGB error of every measured frame."""
    yuv: tuple[float, ...]
    """Their weighted plane PSNR in dB."""
    similar: float | None = None
    """Mean MS-SSIM of luma of one frame in ``SIMILAR_EVERY``; None: not asked for."""


@dataclass
class Tally:
    """Quality figures collected over the segments written so far."""

    rgb: PsnrSum = field(default_factory=PsnrSum)
    yuv: list[float] = field(default_factory=list)
    segments: list[float] = field(default_factory=list)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    coded_bytes: int = 0
    similar: list[float] = field(default_factory=list)
    """MS-SSIM of every segment, where it was asked for."""

    def add(self, found: Figures) -> None:
        """Take the next segment."""
        self.digest.update(found.digest)
        self.rgb.errors += found.errors
        self.yuv += found.yuv
        self.segments.append(PsnrSum(errors=list(found.errors)).mean)
        if found.similar is not None:
            self.similar.append(found.similar)

    @property
    def mean_yuv(self) -> float:
        """Mean over frames of the weighted plane PSNR, dB."""
        return sum(self.yuv) / len(self.yuv)


def prove(
    data: SegmentData, code: SegmentCode | None, arch: Arch, info: VideoInfo
) -> tuple[SegmentCode, bytes]:
    """Decode a segment's bytes again.

    Args:
        data: the segment as it is written.
        code: what was encoded; None when the segment is from an earlier session.
        arch, info: of the file.

    Returns:
        What was decoded, and what it adds to the digest.

    Raises:
        VerifyError: the bytes do not decode to ``code``.
    """
    read = unpack_segment(data, arch, info.plane_sizes)
    found = digest_bytes(read)
    if code is not None and digest_bytes(code) != found:
        raise VerifyError(
            f"segment {data.index}: does not decode to what was encoded; please report"
        )
    return read, found


@dataclass
class Shown:
    """Decoded frames of one segment beside those of the source."""

    info: VideoInfo
    similar: bool = False
    """Whether MS-SSIM is asked for too."""
    threads: int = 1
    """That measure."""
    errors: list[float] = field(default_factory=list)
    yuv: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    def measure(
        self,
        code: SegmentCode,
        frames: Sequence[Frame],
        arch: Arch,
        rendering: Rendering | None = None,
        every: int = 1,
        index: int = 0,
    ) -> None:
        """Decode the pictures of the segment and compare them with the source frames.

        Args:
            code: of the segment.
            frames: of the source.
            arch: of the file.
            rendering: device and backend where they are rendered; None: the CPU.
            every: only every so many-th frame is rendered, where rendering is slow.
            index: of the segment, to name it in errors.

        Raises:
            VerifyError: exact pictures are not those of their digest.
        """
        if code.pictures is not None:
            with within(index):
                pairs = zip(frames, proved_frames(code.pictures, self.info), strict=True)
                if code.has_network:
                    deque(pairs, 0)
                else:
                    self._add_all(pairs)
        if code.pictures is None or code.has_network:
            drawn = _drawn(code, arch, self.info, rendering, every)
            self._add_all(zip(frames[::every], drawn, strict=True))

    def _add_all(self, pairs: Iterable[tuple[Frame, Planes]]) -> None:
        """Account for frames and what is shown of them, some at a time."""
        waiting: deque[Future[_Frame]] = deque()
        with ThreadPoolExecutor(self.threads) as pool:
            for at, (frame, shown) in enumerate(pairs):
                similar = self.similar and at % SIMILAR_EVERY == 0
                waiting.append(pool.submit(_measured, frame, shown, self.info, similar=similar))
                if len(waiting) > self.threads:
                    self._add(waiting.popleft().result())
            for each in waiting:
                self._add(each.result())

    def _add(self, found: _Frame) -> None:
        self.errors.append(found.rgb)
        self.yuv.append(found.yuv)
        if found.similar is not None:
            self.scores.append(found.similar)

    def figures(self, digest: bytes) -> Figures:
        """All that was measured."""
        similar = sum(self.scores) / len(self.scores) if self.similar else None
        return Figures(digest, tuple(self.errors), tuple(self.yuv), similar)


class _Frame(NamedTuple):
    """What is measured of a frame."""

    rgb: float
    """Mean squared error."""
    yuv: float
    """Weighted PSNR of the planes, dB."""
    similar: float | None
    """MS-SSIM of luma."""


def _measured(frame: Frame, shown: Planes, info: VideoInfo, *, similar: bool) -> _Frame:
    errors = metrics.plane_errors(frame.planes, shown)
    peak = float((1 << info.bit_depth) - 1)
    return _Frame(
        metrics.rgb_error(frame.planes, shown, info),
        psnr_yuv(psnr_planes(errors, info.bit_depth)),
        metrics.ms_ssim(frame.planes[0], shown[0], peak) if similar else None,
    )


def _drawn(
    code: SegmentCode, arch: Arch, info: VideoInfo, rendering: Rendering | None, every: int
) -> Iterator[Planes]:
    """Frames of a segment without exact pictures; this loads torch."""
    native = importlib.import_module("lincodec.decoder.native")
    found: Iterator[Planes] = native.native_frames(
        code, arch, info, rendering or native.ON_CPU, every
    )
    return found


class Measurer:
    """Proves and measures one segment while the next is fitted; use it as a context manager.

    Its bytes are decoded in one thread and rendered in another what they must decode to, so that
    neither waits for the other. On another device a segment is measured at once: fit and rendering
    would share its memory.
    """

    def __init__(
        self,
        engine: Engine,
        info: VideoInfo,
        told: Callable[[Range, Figures], None],
        *,
        verify: bool = True,
        similar: bool = False,
    ) -> None:
        """
        Args:
            engine: that fits the segments.
            info: of the file.
            told: gets the figures, segment after segment.
            verify: whether bytes are decoded; else it is taken on trust what they decode to.
            similar: whether MS-SSIM is measured.
        """
        self.engine, self.info, self.told = engine, info, told
        self.verify, self.similar = verify, similar
        self._pool = ThreadPoolExecutor(2)
        self._running: tuple[Range, Future[tuple[SegmentCode, bytes]], Future[Shown]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._pool:
            if error is None:
                self.wait()

    def wait(self) -> None:
        """Return when every segment added is proved and measured.

        Raises:
            VerifyError: the bytes of one do not decode to what was encoded.
        """
        if self._running is None:
            return
        part, read, shown = self._running
        self._running = None
        self.told(part, shown.result().figures(read.result()[1]))

    def known(self, part: Range, figures: Figures) -> None:
        """Take a segment that was measured before, in its turn."""
        self.wait()
        self.told(part, figures)

    def add(
        self, part: Range, data: SegmentData, code: SegmentCode | None, frames: Sequence[Frame]
    ) -> None:
        """Start on a segment.

        Args:
            part: its place in the video.
            data: the segment as it is written.
            code: what was encoded; None when the segment is from an earlier session.
            frames: of the source.

        Raises:
            VerifyError: the segment before does not decode to what was encoded.
        """
        self.wait()
        engine, info = self.engine, self.info
        read = self._pool.submit(self._read, data, code)
        is_drawn = data.header.pictures is None or data.header.has_network

        def measure() -> Shown:
            shown = Shown(info, self.similar, engine.setting.threads)
            shown.measure(
                read.result()[0] if code is None else code, frames, engine.arch,
                engine.rendering if is_drawn else None, engine.measured_every, data.index,
            )  # fmt: skip
            return shown

        self._running = part, read, self._pool.submit(measure)
        if is_drawn and engine.rendering.device.type != "cpu":
            self.wait()

    def _read(self, data: SegmentData, code: SegmentCode | None) -> tuple[SegmentCode, bytes]:
        """What the bytes decode to, or are trusted to, and what that adds to the digest."""
        if code is None or self.verify:
            return prove(data, code, self.engine.arch, self.info)
        return code, digest_bytes(code)
