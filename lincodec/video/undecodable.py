"""Why no frame of a file could be decoded."""

from __future__ import annotations

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from lincodec.video.facts import facts_of
from lincodec.video.source import open_container

#: Bytes at the start of a file that are looked at.
_START = 4096


def why_undecodable(container: InputContainer, stream: VideoStream, path: str, failure: str) -> str:
    """One clause for an error message.

    Args:
        container: the open file.
        stream: its video.
        path: of the file.
        failure: what FFmpeg said last; empty: nothing.
    """
    if facts_of(container).encrypted or _has_encrypted_packet(path, stream.index):
        return "the video is encrypted (DRM), and linc has no key; decrypt it first"
    codec = stream.codec_context.codec.canonical_name
    if codec == "webp" and _begins_with(path, b"ANIM"):
        return (
            "animated WebP is not supported: this FFmpeg cannot decode it; convert it to APNG or "
            "GIF first"
        )
    said = f" ({failure})" if failure else ""
    return f"no frame could be decoded as {codec}{said}; the stream is damaged or empty"


def _has_encrypted_packet(path: str, index: int) -> bool:
    """Whether the first packets come with what a decryption needs."""
    try:
        with open_container(path) as container:
            for number, packet in enumerate(container.demux(container.streams[index])):
                if packet.has_sidedata("encryption_info"):
                    return True
                if number == 8:
                    break
    except av.error.FFmpegError:
        pass
    return False


def _begins_with(path: str, mark: bytes) -> bool:
    with open(path, "rb") as file:
        return mark in file.read(_START)
