"""What people type, and what it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lincodec.cli.options import span_from
from lincodec.cli.values import (
    Moment,
    Resolution,
    parse_bitrate,
    parse_crop,
    parse_device,
    parse_duration,
    parse_moment,
    parse_pair,
    parse_resolution,
    parse_size,
)
from lincodec.crop import Crop
from lincodec.errors import UsageError
from lincodec.options import Span


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("2MB", 2_000_000),
        ("2mb", 2_000_000),
        ("800k", 800_000),
        ("1.5MiB", 1_572_864),
        ("64 KiB", 65_536),
        ("0.1G", 100_000_000),
        (".5k", 500),
    ],
)
def test_sizes(text: str, expected: int) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("800k", 800e3), ("1.5M", 1.5e6), ("800kbps", 800e3), ("96000", 96e3), ("2Mbit/s", 2e6)],
)
def test_bitrates(text: str, expected: float) -> None:
    assert parse_bitrate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12.5", Moment(seconds=12.5)),
        ("-5", Moment(seconds=-5.0)),
        ("0", Moment(seconds=0.0)),
        ("00:01:02.5", Moment(seconds=62.5)),
        ("1:02", Moment(seconds=62.0)),
        ("90:00", Moment(seconds=5400.0)),
        ("-0:10", Moment(seconds=-10.0)),
        ("1h2m3s", Moment(seconds=3723.0)),
        ("90s", Moment(seconds=90.0)),
        ("500ms", Moment(seconds=0.5)),
        ("10m", Moment(seconds=600.0)),
        ("300f", Moment(frames=300)),
        ("-30f", Moment(frames=-30)),
    ],
)
def test_moments(text: str, expected: Moment) -> None:
    assert parse_moment(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("90", 90), ("10m", 600), ("1h30m", 5400)])
def test_durations(text: str, expected: float) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4k", Resolution(box=(3840, 2160))),
        ("8K", Resolution(box=(7680, 4320))),
        ("1080p", Resolution(box=(1920, 1080))),
        ("480p", Resolution(box=(854, 480))),
        ("1920x800", Resolution(size=(1920, 800))),
        ("x2", Resolution(scale=2.0)),
        ("1.5x", Resolution(scale=1.5)),
    ],
)
def test_resolutions(text: str, expected: Resolution) -> None:
    assert parse_resolution(text) == expected


@pytest.mark.parametrize("text", ["64x32+8+0", " 64X32+8+0", "64×32 + 8 + 0"])
def test_rectangles(text: str) -> None:
    assert parse_crop(text) == Crop(64, 32, 8, 0)
    assert str(parse_crop(text)) == "64x32+8+0"


@pytest.mark.parametrize(
    ("text", "picture", "expected"),
    [
        ("4k", (1280, 720), (3840, 2160)),
        ("4k", (640, 272), (3840, 1632)),
        ("4k", (720, 1280), (2160, 3840)),
        ("1080p", (640, 480), (1440, 1080)),
        ("1080p", (176, 144), (1320, 1080)),
        ("240p", (1, 1), (240, 240)),
        ("4k", (100_000, 1), (3840, 2)),
    ],
)
def test_boxes_keep_the_shape(
    text: str, picture: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert parse_resolution(text).fitted(*picture) == expected


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_size, ""),
        (parse_size, "0"),
        (parse_size, "-2MB"),
        (parse_size, "2 apples"),
        (parse_size, "nan"),
        (parse_bitrate, "0k"),
        (parse_bitrate, "fast"),
        (parse_bitrate, "100kB/s"),
        (parse_moment, ""),
        (parse_moment, "--5"),
        (parse_moment, "1:2:3:4"),
        (parse_moment, "00:61:00"),
        (parse_moment, "1:75"),
        (parse_moment, "12.5f"),
        (parse_moment, "inf"),
        (parse_duration, "0"),
        (parse_duration, "-1"),
        (parse_duration, "300f"),
        (parse_crop, "64x64"),
        (parse_crop, "0x64+0+0"),
        (parse_crop, "64x64-2+0"),
        (parse_crop, "64:64:0:0"),
        (parse_resolution, "99"),
        (parse_resolution, "0x10"),
        (parse_resolution, "x0"),
        (parse_resolution, "-2x"),
        (parse_resolution, "0p"),
        (parse_device, "toaster"),
        (parse_device, "cuda:x"),
        (parse_pair, "title"),
        (parse_pair, "=x"),
    ],
)
def test_nonsense_is_refused(parse: Callable[[str], Any], text: str) -> None:
    with pytest.raises(UsageError, match="expected"):
        parse(text)


def test_a_pair_keeps_what_is_after_the_first_equals_sign() -> None:
    assert parse_pair("x264-params=a=1:b=2") == ("x264-params", "a=1:b=2")


def refuse() -> float:
    raise AssertionError("no time is counted in frames")


def test_spans() -> None:
    second, half = Moment(seconds=1.0), Moment(seconds=0.5)
    assert span_from(None, None, None, None, refuse) == Span()
    assert span_from(second, None, None, 8, refuse) == Span(1.0, None, 8)
    assert span_from(second, Moment(seconds=-1.0), None, None, refuse) == Span(1.0, -1.0)
    assert span_from(second, None, half, None, refuse) == Span(1.0, 1.5)
    assert span_from(None, None, half, None, refuse) == Span(None, 0.5)
    assert span_from(Moment(seconds=-2.0), None, half, None, refuse) == Span(-2.0, -1.5)
    assert span_from(Moment(seconds=-2.0), None, second, None, refuse) == Span(-2.0, -1.0)
    assert span_from(Moment(seconds=-1.0), None, second, None, refuse) == Span(-1.0, None)
    assert span_from(Moment(frames=30), None, half, None, lambda: 25.0) == Span(1.2, 1.7)


@pytest.mark.parametrize(
    ("end", "duration"),
    [(Moment(seconds=2.0), Moment(seconds=1.0)), (None, Moment(seconds=-1.0))],
)
def test_spans_that_make_no_sense(end: Moment | None, duration: Moment) -> None:
    with pytest.raises(UsageError, match="duration"):
        span_from(None, end, duration, None, refuse)
