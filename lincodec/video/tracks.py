"""Which of the things beside the pictures are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lincodec.errors import UsageError
from lincodec.types import Beside, Track

_SELECTION = re.compile(r"all|none|(audio|subtitle)(?::(\d{1,3}|[a-z]{2,3}(?:-\w+)?))?")


def check_selections(selections: Sequence[str]) -> None:
    """Check what is said of further tracks.

    Raises:
        UsageError: it is not ``all``, ``none``, ``audio``, ``subtitle:eng`` or the like.
    """
    for text in selections:
        if not _SELECTION.fullmatch(text):
            raise UsageError(
                f"{text!r} is no choice of tracks; expected all, none, audio, subtitle, audio:1 "
                "(by number, from 0) or subtitle:eng (by language)"
            )


def chosen(
    beside: Beside, selections: Sequence[str], *, audio: bool = True, metadata: bool = True
) -> Beside:
    """What is kept of ``beside``.

    Args:
        selections: of further tracks; one that fits is enough.
        audio: whether any sound is kept.
        metadata: whether tags, titles, chapters and names of attachments are.

    Raises:
        UsageError: a selection is none.
    """
    check_selections(selections)
    numbers: dict[str, int] = {}
    tracks = []
    for track in beside.tracks:
        number = numbers[track.kind] = numbers.get(track.kind, -1) + 1
        wanted = any(_fits(track, number, text) for text in selections)
        if wanted and (audio or track.kind != "audio"):
            tracks.append(track)
    if metadata:
        said = replace(beside, tracks=tuple(tracks))
        return said if audio else replace(said, audio={}, dispositions=())
    return Beside(
        audio=_language(beside.audio) if audio else {},
        dispositions=beside.dispositions if audio else (),
        display=beside.display,
        tracks=tuple(replace(track, tags=_language(track.tags)) for track in tracks),
    )


def _fits(track: Track, number: int, text: str) -> bool:
    kind, _, which = text.partition(":")
    if kind in ("all", "none"):
        return kind == "all"
    return kind == track.kind and which in ("", str(number), track.tags.get("language"))


def _language(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key == "language"}


def kept_lines(beside: Beside) -> list[str]:
    """What is kept beside the pictures and the first audio track, for people."""
    lines = []
    for kind, text in (
        ("audio", "further audio tracks are kept"),
        ("subtitle", "subtitles are kept"),
    ):
        found = [
            f"{track.tags.get('language', 'language unknown')} ({track.codec})"
            for track in beside.tracks
            if track.kind == kind
        ]
        if found:
            lines.append(f"{text}: {', '.join(found)}")
    if beside.chapters:
        lines.append(f"chapters are kept: {len(beside.chapters)}")
    display = beside.display
    if display.mastering or display.light:
        lines.append(
            "HDR mastering and light-level data are kept: linc decode writes them into h264, hevc "
            "and av1"
        )
    if display.spherical:
        lines.append("the 360-degree (spherical) projection is kept: .mp4 and .mov hold it")
    if display.stereo:
        lines.append("the stereo 3D arrangement is kept: .mp4 and .mov hold it")
    return lines
