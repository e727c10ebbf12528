"""qLTY: what the encoder measured on its own file (spec clause 6.9)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from lincodec.container.cursor import Cursor, is_negative_zero, pack_text, require, require_finite

#: psnr_rgb, psnr_yuv, ms_ssim, tolerance_rms, tolerance_peak, number of segments  # spec 6.9
_FIXED = struct.Struct("<fffffI")
_PSNR = struct.Struct("<f")


@dataclass(frozen=True)
class Quality:
    """Quality of the decoded video against the source; 0 means not measured."""

    psnr_rgb: float
    """Mean over frames of the RGB PSNR in dB."""
    psnr_yuv: float = 0.0
    """Mean over frames of (6 Y + U + V) / 8 of the plane PSNRs in dB."""
    ms_ssim: float = 0.0
    """Mean over frames, luma, 0..1."""
    tolerance_rms: float = 0.0
    """Root mean square by which another rendering may differ, in 8-bit code values."""
    tolerance_peak: float = 0.0
    """Largest difference of another rendering, in 8-bit code values."""
    segments: tuple[float, ...] = ()
    """RGB PSNR in dB of each segment; empty when not measured."""
    device: str = ""
    """Device class and back end of the measurement, e.g. ``cpu torch``."""

    def pack(self) -> bytes:
        """The qLTY payload.

        Raises:
            CorruptError: a value is negative, NaN or infinite.
        """
        self._check()
        values = (self.psnr_rgb, self.psnr_yuv, self.ms_ssim)
        fixed = _FIXED.pack(*values, self.tolerance_rms, self.tolerance_peak, len(self.segments))
        return fixed + b"".join(_PSNR.pack(psnr) for psnr in self.segments) + pack_text(self.device)

    @staticmethod
    def parse(payload: bytes, n_segments: int) -> Quality:
        """Decode and check a qLTY payload.

        Raises:
            CorruptError: a field breaks a rule.
        """
        cursor = Cursor(payload, "qLTY")
        rgb, yuv, ms_ssim, rms, peak, count = cursor.unpack(_FIXED)
        complete = count in (0, n_segments)
        require(complete, f"qLTY: {count} segment values, the file has {n_segments} segments")
        segments = tuple(float(cursor.unpack(_PSNR)[0]) for _ in range(count))
        quality = Quality(rgb, yuv, ms_ssim, rms, peak, segments, cursor.text())
        cursor.finish()
        quality._check()
        return quality

    def _check(self) -> None:
        values = (self.psnr_rgb, self.psnr_yuv, self.ms_ssim, self.tolerance_rms)
        for value in (*values, self.tolerance_peak, *self.segments):
            require_finite(value, "qLTY: a value")
            positive = value >= 0 and not is_negative_zero(value)
            require(positive, f"qLTY: a value is {value}, expected at least 0")
