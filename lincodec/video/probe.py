"""Describing a video file from its headers and first frame."""

from __future__ import annotations

from dataclasses import dataclass

from lincodec.types import VideoInfo
from lincodec.video.reader import FrameReader


@dataclass(frozen=True)
class Probe:
    """What a video file holds, from its headers and first frame."""

    info: VideoInfo
    """``info.n_frames`` is None: headers are not trusted for it."""
    container: str
    """FFmpeg demuxer name, e.g. ``mov,mp4,m4a,3gp,3g2,mj2``."""
    codec: str
    """FFmpeg codec name of the video, e.g. ``h264``."""
    pix_fmt: str
    """FFmpeg pixel format of the decoded frames."""
    duration: float | None
    """Seconds from the header; could be inaccurate."""
    estimated_frames: int | None
    """From the header or duration times rate; could be inaccurate."""
    audio_codec: str | None
    """Codec name of the audio track that would be copied, or None."""
    warnings: tuple[str, ...] = ()

    @property
    def has_audio(self) -> bool:
        """True when there is an audio track to copy."""
        return self.audio_codec is not None


def probe(source: str) -> Probe:
    """Open ``source``, decode its first frame and describe it.

    Args:
        source: Path of a video file. Standard input cannot be probed without consuming it:
            open a ``FrameReader`` for that.

    Raises:
        InputError: Not a readable video.
    """
    with FrameReader(source) as reader:
        header = reader.header
        return Probe(
            info=reader.info,
            container=header.container,
            codec=header.codec,
            pix_fmt=header.pix_fmt,
            duration=header.duration,
            estimated_frames=header.estimated_frames,
            audio_codec=header.audio_codec,
            warnings=tuple(reader.warnings),
        )
