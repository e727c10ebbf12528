"""What a video is, in a few fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from lincodec.container import LincFile, arch_name
from lincodec.decoder.info import CHROMA_NAMES
from lincodec.video.timing import duration


@dataclass(frozen=True)
class VideoMetadata:
    """What a video is; ``lincodec.info`` says more, and where the bytes go."""

    num_frames: int
    average_fps: float
    """Nominal frames per second."""
    duration_seconds: float
    """From the first frame to the end of the last one."""
    width: int
    """Samples per row of the upright picture, after ``rotation``."""
    height: int
    """Rows of the upright picture, after ``rotation``."""
    rotation: int
    """Degrees, 0, 90, 180 or 270, by which stored pictures were turned to be upright."""
    pixel_aspect_ratio: Fraction
    """Width over height of a sample of the upright picture; pictures are not stretched by it."""
    bit_depth: int
    """Bits of a stored sample, 8 to 16."""
    chroma: str
    """grey, 4:2:0, 4:2:2 or 4:4:4"""
    num_segments: int
    """Parts that are decoded one by one."""
    architecture: str
    """linc or latent-inr"""
    has_audio: bool
    alignments: tuple[str, ...]
    """Names of the embedding models that the latents are aligned to."""
    tags: Mapping[str, str]
    """Text that the encoder and its user stored."""

    @staticmethod
    def of(linc: LincFile) -> VideoMetadata:
        """Of an open file.

        Raises:
            CorruptError: one of its small sections is damaged.
        """
        info = linc.info
        sideways = info.rotation % 180 != 0
        width, height = (info.height, info.width) if sideways else (info.width, info.height)
        return VideoMetadata(
            num_frames=linc.n_frames,
            average_fps=float(info.fps),
            duration_seconds=float(duration(linc.times())),
            width=width,
            height=height,
            rotation=info.rotation,
            pixel_aspect_ratio=1 / info.sar if sideways else info.sar,
            bit_depth=info.bit_depth,
            chroma=CHROMA_NAMES[info.chroma_shift],
            num_segments=len(linc.segments),
            architecture=arch_name(linc.arch),
            has_audio=linc.has_audio,
            alignments=tuple(data.model for data in linc.alignments()),
            tags=linc.tags(),
        )
