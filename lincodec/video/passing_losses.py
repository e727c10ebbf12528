"""What formats of output do not hold of things beside the pictures, one line each."""

from __future__ import annotations

from lincodec.types import Beside, Display
from lincodec.video.outputs import KINDS

#: Modes of Spherical Video V2 by FFmpeg's number of the arrangement.
STEREO_MODES = {1: 2, 2: 1}
_STEREO_NAMES = {1: "side by side", 2: "top and bottom"}
#: The last projection that boxes of MP4 state.
_TILE = 2


def beside_losses(kind: str, beside: Beside) -> list[str]:
    """What a format without further streams does not hold, one line each."""
    if KINDS[kind].muxer in ("mp4", "mov", "matroska", "webm"):
        return []
    lines = []
    for what, count in (
        ("further audio", sum(track.kind == "audio" for track in beside.tracks)),
        ("subtitles", sum(track.kind == "subtitle" for track in beside.tracks)),
        ("chapters", len(beside.chapters)),
    ):
        if count:
            lines.append(f"{kind} holds no {what}: left out")
    return lines + display_losses(kind, beside.display)


def display_losses(kind: str, display: Display) -> list[str]:
    """What of a display's data a format does not hold."""
    lines = []
    boxed = kind in ("mp4", "mov")
    if display.spherical is not None and not (boxed and display.spherical[0] <= _TILE):
        lines.append(f"{kind} is written without the 360-degree (spherical) projection")
    if display.stereo is not None and not (boxed and display.stereo[0] in STEREO_MODES):
        name = _STEREO_NAMES.get(display.stereo[0], "of another kind")
        lines.append(f"{kind} is written without the stereo 3D arrangement ({name})")
    return lines
