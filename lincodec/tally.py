"""What an encode measures on its own decoded bytes, segment by segment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import torch

from lincodec import metrics
from lincodec.bitstream import SegmentCode, digest_bytes, unpack_segment
from lincodec.container import Arch, SegmentData
from lincodec.engines import Engine
from lincodec.errors import VerifyError
from lincodec.metrics import PsnrSum, psnr_planes, psnr_yuv
from lincodec.model.output import quantise, to_frames
from lincodec.models import ON_CPU, Rendering, segment_model
from lincodec.render import batch_size
from lincodec.types import Frame, Planes, VideoInfo


@dataclass
class Tally:
    """Quality figures collected over the frames written so far."""

    rgb: PsnrSum = field(default_factory=PsnrSum)
    yuv: list[float] = field(default_factory=list)
    segments: list[float] = field(default_factory=list)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    coded_bytes: int = 0

    def measure(
        self,
        data: SegmentData,
        code: SegmentCode | None,
        frames: Sequence[Frame],
        arch: Arch,
        info: VideoInfo,
        rendering: Rendering = ON_CPU,
        every: int = 1,
    ) -> None:
        """Decode a segment's bytes again and compare with the source frames.

        Args:
            data: the segment as it is written.
            code: what was encoded; None when the segment is from an earlier session.
            frames: of the source.
            arch, info: of the file.
            rendering: device and backend.
            every: only every so many-th frame is rendered, where rendering is slow.

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
        model = segment_model(read, arch, info, rendering)
        begin, batch = len(self.rgb.errors), batch_size(info)
        with torch.inference_mode():
            for start in range(0, len(frames), batch * every):
                part = slice(start, start + batch * every, every)
                times = torch.arange(len(frames), dtype=torch.float64)[part]
                planes = model.pictures(times)
                shown = to_frames(quantise(planes, info.bit_depth))
                for frame, other in zip(frames[part], shown, strict=True):
                    self._add(frame, other, info)
        fresh = PsnrSum(errors=self.rgb.errors[begin:])
        self.segments.append(fresh.mean)

    def _add(self, frame: Frame, shown: Planes, info: VideoInfo) -> None:
        """Account for one frame."""
        self.rgb.add(metrics.rgb_error(frame.planes, shown, info))
        errors = metrics.plane_errors(frame.planes, shown)
        self.yuv.append(psnr_yuv(psnr_planes(errors, info.bit_depth)))

    @property
    def mean_yuv(self) -> float:
        """Mean over frames of the weighted plane PSNR, dB."""
        return sum(self.yuv) / len(self.yuv)


class Measurer:
    """Measures one segment while the next is fitted; use it as a context manager.

    On another device segments are measured at once: fit and rendering would share its memory.
    """

    def __init__(self, tally: Tally, engine: Engine, info: VideoInfo) -> None:
        """
        Args:
            tally: gets the figures.
            engine: that fits the segments.
            info: of the file.
        """
        self.tally, self.engine, self.info = tally, engine, info
        self._pool = ThreadPoolExecutor(1)
        self._running: Future[None] | None = None

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
        """Return when every segment added is measured.

        Raises:
            VerifyError: the bytes of one do not decode to what was encoded.
        """
        if self._running is not None:
            self._running.result()
            self._running = None

    def add(self, data: SegmentData, code: SegmentCode | None, frames: Sequence[Frame]) -> None:
        """Start on a segment; the arguments are those of ``Tally.measure``.

        Raises:
            VerifyError: the segment before does not decode to what was encoded.
        """
        self.wait()
        engine = self.engine
        self._running = self._pool.submit(
            self.tally.measure, data, code, frames, engine.arch, self.info,
            engine.rendering, engine.measured_every,
        )  # fmt: skip
        if engine.rendering.device.type != "cpu":
            self.wait()
