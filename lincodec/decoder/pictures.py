"""Exact pictures of partitioned segments, from sections to frames (spec clause 8.12)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lincodec.bitstream.pictures import PictureDigest, Pictures, unpack_pictures
from lincodec.container import SegmentData, chroma_of
from lincodec.core.partitioned import PartitionedDecoder
from lincodec.errors import CorruptError, LimitError, LincError, VerifyError
from lincodec.limits import Limits
from lincodec.system.cores import usable_cores
from lincodec.types import Planes, VideoInfo

#: More threads than this wait for each other.
_MOST_THREADS = 16


def decoder_of(
    pictures: Pictures, info: VideoInfo, limits: Limits | None = None
) -> PartitionedDecoder:
    """A decoder of coded frames with a thread for every core.

    Raises:
        CorruptError: a header breaks the format.
        UnsupportedError: a frame uses a tool that is unknown.
        LimitError: more pictures are needed at once than ``limits`` allow; nothing is decoded yet.
    """
    decoder = PartitionedDecoder(
        pictures.stream, info.width, info.height, chroma_of(info.chroma_shift), info.bit_depth,
        pictures.shape[0], threads=min(usable_cores(), _MOST_THREADS),
    )  # fmt: skip
    samples = decoder.kept * info.width * info.height
    try:
        (limits or Limits()).check("pictures", samples, "headers of pictures")
    except LimitError:
        decoder.close()
        raise
    return decoder


def opened(data: SegmentData, info: VideoInfo, limits: Limits | None = None) -> PartitionedDecoder:
    """The decoder of a segment as it is read from a file; its other tensors are left alone.

    Raises:
        CorruptError: it has no coded frames, or they break the format.
    """
    pictures = unpack_pictures(data, info.plane_sizes[0])
    if pictures is None:
        raise CorruptError(f"segment {data.index}: it has no pictures")
    return decoder_of(pictures, info, limits)


def proved_frames(
    pictures: Pictures, info: VideoInfo, limits: Limits | None = None
) -> Iterator[Planes]:
    """All frames in order; after the last they are compared with the digest of the segment.

    Raises:
        CorruptError: they cannot be decoded.
        VerifyError: they are other frames.
    """
    found = PictureDigest()
    with decoder_of(pictures, info, limits) as decoder:
        for planes in decoder.frames():
            found.add(planes)
            yield planes
    if found.value != pictures.digest:
        raise VerifyError(
            f"decoded pictures have digest {found.value.hex()}, the file states "
            f"{pictures.digest.hex()}; do not trust this file, or report a bug in linc"
        )


@contextmanager
def within(index: int) -> Iterator[None]:
    """Errors say which segment they come from."""
    try:
        yield
    except LincError as error:
        raise type(error)(f"segment {index}: {error}") from error
