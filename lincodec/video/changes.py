"""What changes in a stream that a file can state only once, and pictures made alike."""

from __future__ import annotations

from fractions import Fraction

from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lincodec.video.pixels import PixelLayout, pixel_layout

#: Tags of a frame whose change is told; its samples stay as they are.
_TAGS = {
    "color_primaries": "colour primaries change",
    "color_trc": "transfer characteristics change",
    "colorspace": "colour matrix changes",
}
_UNSTATED = (0, 2)
#: ``color_range`` of a frame where none is stated: 16 to 235.
_LIMITED = 1


class FirstLike:
    """Brings frames of a stream into the size, format and range of the first one."""

    def __init__(self, first: VideoFrame, stream: VideoStream, warnings: list[str]) -> None:
        """``warnings`` gets a line for every kind of change."""
        self._first, self._stream, self._warnings = first, stream, warnings
        self._layout = pixel_layout(first.format.name)
        self._shape = self._sample_shape()
        self._last_shape = self._shape

    def follow(self, stream: VideoStream) -> None:
        """The source was opened again: this is the stream now."""
        self._stream = stream

    def see(self) -> None:
        """Note the shape of samples after a frame was decoded."""
        shape = self._sample_shape()
        if shape != self._last_shape:
            self._last_shape = shape
            if shape != self._shape:
                self._warn(
                    f"the sample aspect ratio changes in the stream, to {shape}: that of the "
                    f"first frame, {self._shape}, is stated for all"
                )

    def convert(self, frame: VideoFrame) -> tuple[VideoFrame, PixelLayout]:
        """``frame`` as the first one is, and how its samples lie."""
        first = self._first
        for tag, text in _TAGS.items():
            old, new = getattr(first, tag), getattr(frame, tag)
            if new != old and new not in _UNSTATED:
                self._warn(f"the {text} in the stream: those of the first frame are stated for all")
        old, new = (int(each.color_range) or _LIMITED for each in (first, frame))
        if new != old and not (self._layout.is_rgb or self._layout.chroma_shift is None):
            self._warn("the colour range changes in the stream: converted to that of the first one")
            return self._scaled(frame, src_color_range=new, dst_color_range=old)
        if (frame.width, frame.height) != (first.width, first.height):
            self._warn("the picture size changes in the stream: scaled to that of the first frame")
            return self._scaled(frame)
        if frame.format.name != first.format.name:
            layout = pixel_layout(frame.format.name)
            if _same_samples(layout, self._layout):
                return frame, layout
            self._warn("the pixel format changes in the stream: converted to the first one")
            return self._scaled(frame)
        return frame, self._layout

    def _scaled(self, frame: VideoFrame, **ranges: int) -> tuple[VideoFrame, PixelLayout]:
        first = self._first
        found = frame.reformat(first.width, first.height, first.format.name, threads=1, **ranges)
        return found, self._layout

    def _sample_shape(self) -> Fraction:
        shape = self._stream.codec_context.sample_aspect_ratio
        return Fraction(shape) if shape else Fraction(1)

    def _warn(self, text: str) -> None:
        if text not in self._warnings:
            self._warnings.append(text)


def _same_samples(one: PixelLayout, other: PixelLayout) -> bool:
    """True when both formats give planes of the same depth and subsampling unconverted."""
    return (
        not one.is_rgb
        and not other.is_rgb
        and (one.bit_depth, one.chroma_shift) == (other.bit_depth, other.chroma_shift)
    )
