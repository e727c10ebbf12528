"""Text subtitles as containers hold them: the same words in other packets."""

from __future__ import annotations

import re
from dataclasses import replace

from lincodec.types import AudioPacket, Track

_TAGS = re.compile(r"<[^>]{1,64}>|\{\\[^}]{0,256}\}")
#: Fields before the text of an event of ASS in a packet.
_ASS_FIELDS = 8
#: Text formats, and what FFmpeg calls them.
_PLAIN = ("subrip", "text", "webvtt")


def as_text_of(track: Track, codec: str) -> Track | None:
    """``track`` as subtitles of ``codec``, without its styles; None: it is no text."""
    if codec not in ("mov_text", *_PLAIN) or track.codec not in ("mov_text", "ass", *_PLAIN):
        return None
    packets = []
    for packet in track.packets:
        text = _text(track.codec, packet.data)
        if text:
            packets.append(replace(packet, data=_packed(codec, text)))
    return replace(track, codec=codec, extradata=b"", packets=tuple(_ordered(packets)))


def _text(codec: str, data: bytes) -> str:
    """The words of a packet."""
    if codec == "mov_text":
        length = int.from_bytes(data[:2], "big")
        return data[2 : 2 + length].decode("utf-8", errors="replace")
    text = data.decode("utf-8", errors="replace")
    if codec == "ass":
        parts = text.split(",", _ASS_FIELDS)
        text = parts[-1].replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    return _TAGS.sub("", text).strip()


def _packed(codec: str, text: str) -> bytes:
    data = text.encode("utf-8")
    if codec == "mov_text":
        data = data[:0xFFFF].decode("utf-8", errors="ignore").encode("utf-8")
        return len(data).to_bytes(2, "big") + data
    return data


def _ordered(packets: list[AudioPacket]) -> list[AudioPacket]:
    """By time: MP4 takes text in no other order."""
    return sorted(packets, key=lambda packet: packet.pts)
