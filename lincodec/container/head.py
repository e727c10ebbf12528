"""HEAD: picture, rates, colour and bounds of a file (spec clause 6.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd

from lincodec import registry
from lincodec.container.cursor import require
from lincodec.errors import UnsupportedError
from lincodec.limits import Limits
from lincodec.types import ColorInfo, VideoInfo

#: version_written, version_needed, incompat, compat  # spec 6.1
_VERSIONS = struct.Struct("<HHII")
#: width, height, n_frames, n_segments, fps, sar, bit_depth, primaries, transfer, matrix,
#: full_range, rotation, chroma, zero, max_params, max_symbols
_FIELDS = struct.Struct("<IIIIIIHHBBBBBBBBQQ")

_SHIFTS: dict[int, tuple[int, int] | None] = {
    registry.Chroma.GREY: None,
    registry.Chroma.YUV420: (1, 1),
    registry.Chroma.YUV422: (1, 0),
    registry.Chroma.YUV444: (0, 0),
}
_CHROMA = {shift: registry.Chroma(chroma) for chroma, shift in _SHIFTS.items()}


def chroma_of(shift: tuple[int, int] | None) -> registry.Chroma:
    """The chroma format with this log2 of the subsampling (horizontal, vertical); None: grey."""
    return _CHROMA[shift]


@dataclass(frozen=True)
class Head:
    """The decoded HEAD section."""

    width: int
    """Luma samples per row."""
    height: int
    """Luma rows."""
    fps: Fraction
    """Nominal frames per second."""
    n_frames: int | None
    """None: unknown until DONE."""
    n_segments: int | None
    """None: unknown until DONE."""
    max_params: int
    """Bound on the tensor elements of any one segment."""
    max_symbols: int
    """Bound on the entropy-coded tensor elements of any one segment."""
    sar: Fraction = Fraction(1)
    """Sample aspect ratio, width over height of one sample."""
    rotation: int = 0
    """Degrees: 0, 90, 180 or 270."""
    mirrored: bool = False
    """Whether left and right are exchanged for display, after the rotation."""
    bit_depth: int = 8
    """Bits per sample, 8..16."""
    chroma_shift: tuple[int, int] | None = (1, 1)
    """log2 of the chroma subsampling (horizontal, vertical); None for grey."""
    color: ColorInfo = field(default_factory=ColorInfo)
    compat: int = 0
    """Flags a reader may ignore, those that are fields of this class left out."""
    version_written: int = registry.VERSION_WRITTEN

    @staticmethod
    def from_video(
        info: VideoInfo,
        *,
        n_frames: int | None,
        n_segments: int | None,
        max_params: int,
        max_symbols: int,
    ) -> Head:
        """The HEAD of a video; ratios that do not fit their fields are approximated."""
        return Head(
            width=info.width,
            height=info.height,
            fps=_fitting(info.fps, 0xFFFFFFFF),
            n_frames=n_frames,
            n_segments=n_segments,
            max_params=max_params,
            max_symbols=max_symbols,
            sar=_fitting(info.sar, 0xFFFF),
            rotation=info.rotation % 360,
            mirrored=info.mirrored,
            bit_depth=info.bit_depth,
            chroma_shift=info.chroma_shift,
            color=info.color,
        )

    def video_info(self, n_frames: int | None = None) -> VideoInfo:
        """The stream description; ``n_frames`` replaces an unknown count."""
        return VideoInfo(
            width=self.width,
            height=self.height,
            fps=self.fps,
            n_frames=self.n_frames if n_frames is None else n_frames,
            sar=self.sar,
            rotation=self.rotation,
            mirrored=self.mirrored,
            bit_depth=self.bit_depth,
            chroma_shift=self.chroma_shift,
            color=self.color,
        )

    def pack(self) -> bytes:
        """The payload, 64 bytes.

        Raises:
            CorruptError: a field is out of range.
        """
        self._check()
        fields = (
            *(self.width, self.height, _pack_count(self.n_frames), _pack_count(self.n_segments)),
            *(self.fps.numerator, self.fps.denominator),
            *(self.sar.numerator, self.sar.denominator),
            *(self.bit_depth, self.color.primaries, self.color.transfer, self.color.matrix),
            *(int(self.color.full_range), self.rotation // 90, _CHROMA[self.chroma_shift], 0),
            *(self.max_params, self.max_symbols),
        )
        compat = self.compat | registry.HeadFlag.MIRRORED * self.mirrored
        versions = (self.version_written, registry.VERSION_WRITTEN, 0, compat)
        return _VERSIONS.pack(*versions) + _FIELDS.pack(*fields)

    @staticmethod
    def parse(payload: bytes, limits: Limits) -> Head:
        """Decode and check a HEAD payload.

        Raises:
            CorruptError: a field breaks a rule.
            UnsupportedError: a newer format, an unknown incompatible flag or code point.
            LimitError: a size is above ``limits``.
        """
        written, compat = _parse_versions(payload)
        require(len(payload) == registry.HEAD_LENGTH, f"HEAD: {len(payload)} bytes, expected 64")
        (width, height, n_frames, n_segments, *rates, depth, primaries, transfer, matrix) = (
            _FIELDS.unpack_from(payload, _VERSIONS.size)[:12]
        )
        full_range, turns, chroma, zero, max_params, max_symbols = _FIELDS.unpack_from(
            payload, _VERSIONS.size
        )[12:]
        require(full_range <= 1, f"HEAD: full_range is {full_range}, expected 0 or 1")
        require(turns <= 3, f"HEAD: rotation is {turns} quarter turns, expected 0 to 3")
        if chroma not in _SHIFTS or zero:
            raise UnsupportedError(f"HEAD: chroma format {chroma}/{zero} is unknown; update linc")
        head = Head(
            width=width,
            height=height,
            fps=_ratio(rates[0], rates[1], "fps"),
            n_frames=_parse_count(n_frames),
            n_segments=_parse_count(n_segments),
            max_params=max_params,
            max_symbols=max_symbols,
            sar=_ratio(rates[2], rates[3], "sample aspect ratio"),
            rotation=90 * turns,
            mirrored=bool(compat & registry.HeadFlag.MIRRORED),
            bit_depth=depth,
            chroma_shift=_SHIFTS[chroma],
            color=ColorInfo(primaries, transfer, matrix, bool(full_range)),
            compat=compat & ~int(registry.HeadFlag.MIRRORED),
            version_written=written,
        )
        head._check()
        head._check_limits(limits)
        return head

    def _check(self) -> None:
        top = registry.UNKNOWN_COUNT
        for name in ("width", "height"):
            value = getattr(self, name)
            require(1 <= value < top, f"HEAD: {name} is {value}, expected at least 1")
        for name in ("n_frames", "n_segments"):
            count = getattr(self, name)
            require(count is None or 1 <= count < top, f"HEAD: {name} is {count}")
        require(8 <= self.bit_depth <= 16, f"HEAD: bit depth is {self.bit_depth}, expected 8 to 16")
        require(self.rotation in (0, 90, 180, 270), f"HEAD: rotation is {self.rotation} degrees")
        require(self.fps > 0, f"HEAD: fps is {self.fps}")
        require(self.sar > 0, f"HEAD: sample aspect ratio is {self.sar}")
        if self.n_frames is not None and self.n_segments is not None:
            fits = self.n_segments <= self.n_frames
            require(fits, f"HEAD: {self.n_segments} segments for {self.n_frames} frames")
        require(
            self.max_symbols <= self.max_params,
            f"HEAD: max_symbols {self.max_symbols} exceeds max_params {self.max_params}",
        )

    def _check_limits(self, limits: Limits) -> None:
        limits.check_picture(self.width, self.height, "HEAD")
        limits.check("frames", self.n_frames or 0, "HEAD")
        limits.check("params", self.max_params, "HEAD")
        limits.check("symbols", self.max_symbols, "HEAD")


def _parse_versions(payload: bytes) -> tuple[int, int]:
    """Version the file was written with, and its compatible flags."""
    require(len(payload) >= _VERSIONS.size, f"HEAD: {len(payload)} bytes, expected 64")
    written, needed, incompat, compat = _VERSIONS.unpack_from(payload)
    if needed > registry.VERSION_READ:
        raise UnsupportedError(
            f"HEAD: needs format {needed}, this linc reads {registry.VERSION_READ}; update linc"
        )
    if incompat:
        raise UnsupportedError(f"HEAD: unknown feature flags {incompat:#x}; update linc")
    require(1 <= needed <= written, f"HEAD: version {written} written, {needed} needed")
    return written, compat


def _ratio(numerator: int, denominator: int, what: str) -> Fraction:
    exact = numerator > 0 and denominator > 0 and gcd(numerator, denominator) == 1
    require(exact, f"HEAD: {what} is {numerator}/{denominator}, expected lowest terms")
    return Fraction(numerator, denominator)


def _fitting(ratio: Fraction, top: int) -> Fraction:
    """The ratio, or the nearest one whose terms are at most ``top``."""
    if ratio.numerator <= top and ratio.denominator <= top:
        return ratio
    if ratio > 1:
        return 1 / _fitting(1 / ratio, top)
    return max(ratio.limit_denominator(top), Fraction(1, top))


def _pack_count(count: int | None) -> int:
    return registry.UNKNOWN_COUNT if count is None else count


def _parse_count(value: int) -> int | None:
    return None if value == registry.UNKNOWN_COUNT else value
