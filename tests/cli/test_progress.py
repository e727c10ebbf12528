"""Progress as a bar, as lines, as NDJSON: truthful, monotone, bounded."""

from __future__ import annotations

import io
import json

import pytest

from lincodec.cli.progress import (
    BarReporter,
    JsonReporter,
    Meter,
    PlainReporter,
    SilentReporter,
    json_line,
    make_reporter,
    status,
)
from lincodec.options import Progress


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def test_the_percentage_never_falls_nor_leaves_its_range() -> None:
    meter = Meter(Clock())
    shown = []
    for fraction in (0.0, 0.5, 0.2, float("nan"), 0.501, -3.0, 7.0):
        meter.update(Progress("fit", fraction))
        shown.append(meter.percent)
    assert shown == [0.0, 50.0, 50.0, 50.0, 50.1, 50.1, 100.0]


def test_the_time_left_follows_from_the_time_taken() -> None:
    clock = Clock()
    meter = Meter(clock)
    assert meter.eta is None
    clock.time += 30
    meter.update(Progress("fit", 0.25))
    assert meter.eta == pytest.approx(90)


def test_the_status_line_says_what_is_known() -> None:
    clock = Clock()
    meter = Meter(clock)
    clock.time += 60
    progress = Progress("fit", 0.5, 2, 6, 33.41, 0.041, detail="step 10\x1b[31m")
    meter.update(progress)
    expected = "fit  seg 2/6  33.4 dB  0.0410 bpp  step 10?[31m  eta 01:00"
    assert status(progress, meter) == expected
    assert status(Progress("scan", 0.0), Meter(clock)) == "scan"


def test_plain_lines_come_every_ten_seconds() -> None:
    clock, stream = Clock(), io.StringIO()
    reporter = PlainReporter(stream, clock)
    for _ in range(50):
        reporter(Progress("fit", (clock.time - 100) / 50))
        clock.time += 1
    reporter.close()
    lines = stream.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["20.0%", "40.0%", "60.0%", "80.0%"]


def test_json_lines_are_few_and_the_last_one_is_there() -> None:
    clock, stream = Clock(), io.StringIO()
    reporter = JsonReporter(stream, clock)
    for i in range(1001):
        reporter(Progress("fit", i / 1000, psnr=float("nan")))
        clock.time += 0.001
    reporter.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) <= 7
    assert all(line["type"] == "progress" for line in lines)
    assert lines[-1]["percent"] == 100.0
    assert lines[0]["psnr"] is None
    assert "bpp" not in lines[0]


def test_the_bar_is_drawn_and_wiped() -> None:
    stream = io.StringIO()
    reporter = BarReporter(stream)
    reporter(Progress("fit", 0.5, psnr=30.0))
    drawn = stream.getvalue()
    assert "50%" in drawn
    assert "30.0 dB" in drawn
    reporter.close()
    assert "\n" not in stream.getvalue()


def test_the_mode_follows_the_stream() -> None:
    assert isinstance(make_reporter("auto", io.StringIO()), PlainReporter)
    assert isinstance(make_reporter("json", io.StringIO()), JsonReporter)
    assert isinstance(make_reporter("none", io.StringIO()), SilentReporter)


def test_json_has_no_infinities() -> None:
    line = json_line("x", {"a": float("inf"), "b": [float("nan"), 1.5], "c": {"d": (2, None)}})
    assert json.loads(line) == {"type": "x", "a": None, "b": [None, 1.5], "c": {"d": [2, None]}}
