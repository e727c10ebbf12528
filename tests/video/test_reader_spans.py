"""Trims: the frames of a span are exactly the frames of the whole video in that time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from lincodec.errors import UsageError
from lincodec.options import Span
from lincodec.video import timing
from lincodec.video.reader import FrameReader

Find = Callable[[str], Path]


def _read(path: Path, span: Span) -> tuple[list[tuple[Fraction, str]], Fraction]:
    with FrameReader(str(path), span=span) as reader:
        frames = [
            (frame.pts * reader.time_base, hashlib.sha1(frame.planes[0]).hexdigest())
            for frame in reader
        ]
        return frames, timing.duration(reader.times())


@pytest.mark.parametrize(
    "name",
    [
        "caption/sam2_01_dog.mp4",
        "animation/mdn_rabbit.webm",
        "natural/kivy_cityCC0.mpg",
        "natural/mmaction2_test.avi",
    ],
)
@pytest.mark.parametrize(
    "span",
    [
        Span(1.0, 2.0),
        Span(2.5, None, 10),
        Span(None, 0.5),
        Span(-1.0),
        Span(None, -5.0),
        Span(5.5, 6.0),  # far enough for a seek
        Span(6.25, None, 3),
    ],
)
def test_span_selects_by_time(media: Find, name: str, span: Span) -> None:
    path = media(name)
    whole, total = _read(path, Span())
    start = (span.start or 0.0) + (float(total) if (span.start or 0.0) < 0 else 0.0)
    end = span.end if span.end is None or span.end >= 0 else span.end + float(total)
    wanted = [
        (time, digest)
        for time, digest in whole
        if float(time) >= start - 1e-6 and (end is None or float(time) < end - 1e-6)
    ][: span.frames]
    found, _ = _read(path, span)
    assert [digest for _, digest in found] == [digest for _, digest in wanted]
    assert [time for time, _ in found] == [time - wanted[0][0] for time, _ in wanted]


def test_audio_is_trimmed_with_the_frames(clip: Find) -> None:
    with FrameReader(str(clip("bunny")), span=Span(1.0, 2.0)) as reader:
        frames = sum(1 for _ in reader)
        audio = reader.audio()
    assert frames == 25
    assert audio is not None
    first, last = audio.packets[0], audio.packets[-1]
    assert -1024 < first.pts <= 0 < first.pts + first.duration
    assert last.pts < 48000 <= last.pts + last.duration


def test_priming_packets_stay_without_a_start(media: Find) -> None:
    with FrameReader(str(media("caption/sam2_01_dog.mp4")), span=Span(frames=5)) as reader:
        assert sum(1 for _ in reader) == 5
        audio = reader.audio()
    assert audio is not None
    assert audio.packets[0].pts == -1024


@pytest.mark.parametrize(
    ("span", "error", "words"),
    [
        (Span(100), UsageError, "no frame at 100 s"),
        (Span(2, 1), UsageError, "not after its start"),
        (Span(frames=0), UsageError, "expected at least 1"),
    ],
)
def test_impossible_spans(clip: Find, span: Span, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        FrameReader(str(clip("carphone")), span=span)
