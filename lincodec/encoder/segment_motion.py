"""Whether a segment stores motion for the frames in between, and the search for it."""

from __future__ import annotations

from collections.abc import Sequence

from lincodec.bitstream.segment import Field, SegmentCode
from lincodec.encoder.engine import Engine, SegmentPlan
from lincodec.encoder.motion import (
    motion_bound,
    motion_bytes,
    motion_field,
    motion_pays,
    with_motion,
)
from lincodec.options import RATES, EncodeOptions
from lincodec.types import Frame, Planes, VideoInfo

#: Bits that an element of motion takes at least, and pairs of frames that tell how many in fact.
_LEAST_BITS, _SAMPLED = 0.25, 3


class SegmentMotion:
    """Motion of one segment after the other.

    Where bytes are counted it is searched before the fit, which leaves room for it; else after it,
    when it is known whether it pays.
    """

    def __init__(
        self, options: EncodeOptions, engine: Engine, info: VideoInfo, *, usual: bool
    ) -> None:
        """
        Args:
            options: what was asked for.
            engine: that fits the segments.
            info: the video.
            usual: whether there is motion if nothing was said about it.
        """
        self.options, self.usual, self.engine, self.info = options, usual, engine, info
        self.wish = options.motion
        self.counted = any(getattr(options, name) is not None for name in RATES[1:])
        self._before: Planes | None = None
        self._found: Field | None = None

    def reserve(self, plan: SegmentPlan, frames: Sequence[Frame], *, hurried: bool) -> int:
        """Search before the fit if need be; returns the bytes to leave for what was found."""
        self._found = None
        needed = self.wish is not None or (self.counted and not plan.partitioned)
        if needed and self._wanted(hurried=hurried):
            self._found = self._search(plan, frames)
        return 0 if self._found is None else motion_bytes(self._found)

    def add(
        self, code: SegmentCode, plan: SegmentPlan, frames: Sequence[Frame], *, hurried: bool
    ) -> SegmentCode:
        """The segment, with its motion if that is stored."""
        found = self._found
        ahead = self.wish is not None or self.counted
        if not ahead and self._wanted(hurried=hurried) and self._may_pay(code, frames):
            found = self._search(plan, frames)
        if found is None or not self._pays(code, motion_bytes(found)):
            return code
        return with_motion(code, found)

    def begin(self, before: Planes | None) -> None:
        """Note the frame before the next segment; None: there is none."""
        self._before = before

    def _wanted(self, *, hurried: bool) -> bool:
        return self.usual and not hurried if self.wish is None else self.wish

    def _pays(self, code: SegmentCode, size: int) -> bool:
        return motion_pays(code, size, self.options)

    def _may_pay(self, code: SegmentCode, frames: Sequence[Frame]) -> bool:
        """Whether to search: by the fewest bytes that motion takes, then by a few pairs' own."""
        count = len(frames)
        if not self._pays(code, int(motion_bound(self.info, count) * _LEAST_BITS / 8)):
            return False
        if code.pictures is None or count < 2:
            return True
        chosen = sorted({(count - 1) * k // _SAMPLED for k in range(_SAMPLED)})
        sizes = [motion_bytes(self._field(frames[at : at + 2])) for at in chosen]
        return self._pays(code, sum(sizes) * count // len(sizes))

    def _search(self, plan: SegmentPlan, frames: Sequence[Frame]) -> Field:
        """Motion up to every frame."""
        shown = [frame.planes for frame in frames]
        before = self._before if plan.part.continues and self._before else shown[0]
        return self._between([before, *shown])

    def _field(self, frames: Sequence[Frame]) -> Field:
        return self._between([frame.planes for frame in frames])

    def _between(self, planes: Sequence[Planes]) -> Field:
        """Motion between consecutive frames."""
        return motion_field(planes, self.info)
