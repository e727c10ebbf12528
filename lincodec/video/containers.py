"""Which of the containers that linc writes can hold a codec."""

from __future__ import annotations

from io import BytesIO

import av

from lincodec.video.outputs import KINDS

#: From the most to the least usual.
_MEDIA = ("mkv", "mp4", "mov", "webm")


def can_hold(kind: str, codec: str) -> bool:
    """Whether the format ``kind`` takes packets of ``codec`` (FFmpeg's name of the standard)."""
    with av.open(BytesIO(), mode="w", format=KINDS[kind].muxer) as container:
        try:
            container.add_mux_stream(codec)
        except ValueError:
            return False
    return True


def holders(codec: str) -> list[str]:
    """The formats that hold ``codec``."""
    return [kind for kind in _MEDIA if can_hold(kind, codec)]


def advice(codec: str, what: str) -> str:
    """What to do where a format does not hold ``codec``.

    Args:
        what: how to do without, such as ``--audio none``.
    """
    found = holders(codec)
    return f"write .{found[0]}, or use {what}" if found else f"use {what}"
