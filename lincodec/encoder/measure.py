"""What an encode measures on its own decoded bytes, segment by segment."""

from __future__ import annotations

import hashlib
import importlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from lincodec.bitstream.segment import SegmentCode, digest_bytes, unpack_segment
from lincodec.container import Arch, SegmentData
from lincodec.decoder.pictures import proved_frames, within
from lincodec.encoder.engine import Engine
from lincodec.errors import VerifyError
from lincodec.system.cores import usable_cores
from lincodec.types import Frame, Planes, VideoInfo
from lincodec.video import metrics
from lincodec.video.metrics import PsnrSum, psnr_planes, psnr_yuv

if TYPE_CHECKING:
    from lincodec.decoder.load import Rendering

#: Of so many frames MS-SSIM, the slowest figure, is measured once.
SIMILAR_EVERY = 4


@dataclass
class Tally:
    """Quality figures collected over the frames written so far."""

    rgb: PsnrSum = field(default_factory=PsnrSum)
    yuv: list[float] = field(default_factory=list)
    segments: list[float] = field(default_factory=list)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    coded_bytes: int = 0
    similar: list[float] | None = None
    """Mean MS-SSIM of luma of every segment, of one frame in ``SIMILAR_EVERY``; None: not asked
    for."""
    _scores: list[float] = field(default_factory=list)

    def prove(
        self, data: SegmentData, code: SegmentCode | None, arch: Arch, info: VideoInfo
    ) -> SegmentCode:
        """Decode a segment's bytes again and add it to the digest.

        Args:
            data: the segment as it is written.
            code: what was encoded; None when the segment is from an earlier session.
            arch, info: of the file.

        Returns:
            What was decoded.

        Raises:
            VerifyError: the bytes do not decode to ``code``.
        """
        read = unpack_segment(data, arch, info.plane_sizes)
        found = digest_bytes(read)
        if code is not None and digest_bytes(code) != found:
            raise VerifyError(
                f"segment {data.index}: does not decode to what was encoded; please report"
            )
        self.digest.update(found)
        return read

    def trust(self, code: SegmentCode) -> SegmentCode:
        """Add a segment to the digest as it was encoded; returns it."""
        self.digest.update(digest_bytes(code))
        return code

    def measure(
        self,
        code: SegmentCode,
        frames: Sequence[Frame],
        arch: Arch,
        info: VideoInfo,
        rendering: Rendering | None = None,
        every: int = 1,
        index: int = 0,
    ) -> None:
        """Decode the pictures of a segment and compare them with the source frames.

        Args:
            code: of the segment.
            frames: of the source.
            arch, info: of the file.
            rendering: device and backend where they are rendered; None: the CPU.
            every: only every so many-th frame is rendered, where rendering is slow.
            index: of the segment, to name it in errors.

        Raises:
            VerifyError: exact pictures are not those of their digest.
        """
        begin = len(self.rgb.errors)
        if code.pictures is not None:
            with within(index):
                proved = proved_frames(code.pictures, info)
                pairs = zip(frames, proved, strict=True)
                if code.has_network:
                    deque(pairs, 0)
                else:
                    self._add_all(pairs, info)
        if code.pictures is None or code.has_network:
            drawn = _drawn(code, arch, info, rendering, every)
            self._add_all(zip(frames[::every], drawn, strict=True), info)
        fresh = PsnrSum(errors=self.rgb.errors[begin:])
        self.segments.append(fresh.mean)
        if self.similar is not None:
            self.similar.append(sum(self._scores) / len(self._scores))
            self._scores.clear()

    def _add_all(self, pairs: Iterable[tuple[Frame, Planes]], info: VideoInfo) -> None:
        """Account for frames of a segment and what is shown of them, some at a time."""
        scored = self.similar is not None
        waiting: deque[Future[_Figures]] = deque()
        threads = usable_cores()
        with ThreadPoolExecutor(threads) as pool:
            for at, (frame, shown) in enumerate(pairs):
                similar = scored and at % SIMILAR_EVERY == 0
                waiting.append(pool.submit(_figures, frame, shown, info, similar=similar))
                if len(waiting) > threads:
                    self._add(waiting.popleft().result())
            for each in waiting:
                self._add(each.result())

    def _add(self, found: _Figures) -> None:
        self.rgb.add(found.rgb)
        self.yuv.append(found.yuv)
        if found.similar is not None:
            self._scores.append(found.similar)

    @property
    def mean_yuv(self) -> float:
        """Mean over frames of the weighted plane PSNR, dB."""
        return sum(self.yuv) / len(self.yuv)


class _Figures(NamedTuple):
    """What is measured of a frame."""

    rgb: float
    """Mean squared error."""
    yuv: float
    """Weighted PSNR of the planes, dB."""
    similar: float | None
    """MS-SSIM of luma."""


def _figures(frame: Frame, shown: Planes, info: VideoInfo, *, similar: bool) -> _Figures:
    errors = metrics.plane_errors(frame.planes, shown)
    peak = float((1 << info.bit_depth) - 1)
    return _Figures(
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
        self, tally: Tally, engine: Engine, info: VideoInfo, *, verify: bool = True
    ) -> None:
        """
        Args:
            tally: gets the figures.
            engine: that fits the segments.
            info: of the file.
            verify: whether bytes are decoded; else it is taken on trust what they decode to.
        """
        self.tally, self.engine, self.info, self.verify = tally, engine, info, verify
        self._pool = ThreadPoolExecutor(2)
        self._running: list[Future[Any]] = []

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
        for running in self._running:
            running.result()
        self._running = []

    def add(self, data: SegmentData, code: SegmentCode | None, frames: Sequence[Frame]) -> None:
        """Start on a segment.

        Args:
            data: the segment as it is written.
            code: what was encoded; None when the segment is from an earlier session.
            frames: of the source.

        Raises:
            VerifyError: the segment before does not decode to what was encoded.
        """
        self.wait()
        engine = self.engine
        if code is None or self.verify:
            proof = self._pool.submit(self.tally.prove, data, code, engine.arch, self.info)
        else:
            proof = self._pool.submit(self.tally.trust, code)

        is_drawn = data.header.pictures is None or data.header.has_network

        def measure() -> None:
            self.tally.measure(
                proof.result() if code is None else code, frames, engine.arch, self.info,
                engine.rendering if is_drawn else None, engine.measured_every, data.index,
            )  # fmt: skip

        self._running = [proof, self._pool.submit(measure)]
        if is_drawn and engine.rendering.device.type != "cpu":
            self.wait()
