"""What people type as sizes, rates, times and resolutions, as numbers: pure functions."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from lincodec.crop import Crop
from lincodec.errors import UsageError
from lincodec.video.rates import rate_of

_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_SIGNED = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?|[+-]?\d+/\d+", re.IGNORECASE)
_SIZE = re.compile(rf"{_NUMBER}\s*([kmg]?)(i?)b?", re.IGNORECASE)
_BITRATE = re.compile(rf"{_NUMBER}\s*([kKmMgG]?)(?:bps|bit/s|b/s)?")
_CLOCK = re.compile(rf"(?:(\d+):)?(\d+):{_NUMBER}")
_UNITS = re.compile(
    rf"(?:{_NUMBER}h)?\s*(?:{_NUMBER}m(?!s))?\s*(?:{_NUMBER}s)?\s*(?:{_NUMBER}ms)?", re.IGNORECASE
)
_PLAIN = re.compile(_NUMBER)
_PARTS = re.compile(r"(\d{1,9})/(\d{1,9})")
_FRAMES = re.compile(r"(\d+)f", re.IGNORECASE)
_EXACT = re.compile(r"(\d+)\s*[x×*]\s*(\d+)", re.IGNORECASE)
_CROP = re.compile(r"(\d+)\s*[x×*]\s*(\d+)\s*\+\s*(\d+)\s*\+\s*(\d+)", re.IGNORECASE)
_FACTOR = r"(\d+/0*[1-9]\d*|\d+(?:\.\d*)?|\.\d+)"
_SCALE = re.compile(rf"[x×]\s*{_FACTOR}|{_FACTOR}\s*[x×]", re.IGNORECASE)
_DEVICE = re.compile(r"auto|cpu|cuda(?::\d+)?")
_LINES = re.compile(r"(\d+)p", re.IGNORECASE)

_THOUSANDS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}
_BINARY = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_NAMED_BOXES = {"4k": (3840, 2160), "8k": (7680, 4320)}


def parse_number(text: str) -> float:
    """A finite number from ``20``, ``-1.5``, ``2e-3`` or ``1/2``.

    Raises:
        UsageError: none of these, or beyond what a float holds.
    """
    body = text.strip()
    try:
        value = float(Fraction(body)) if _SIGNED.fullmatch(body) else math.nan
    except (ZeroDivisionError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{text!r} is not a number; expected for example 20, 0.5 or 1/2")
    return value


def parse_size(text: str) -> int:
    """Bytes from ``2MB``, ``800k``, ``1.5MiB`` or a plain number.

    Raises:
        UsageError: not a positive size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match:
        number, unit, binary = match.groups()
        value = int(Fraction(number) * (_BINARY if binary else _THOUSANDS)[unit.lower()])
        if value > 0:
            return value
    raise UsageError(f"{text!r} is not a size; expected for example 2MB, 800k or 1.5MiB")


def parse_bitrate(text: str) -> float:
    """Bits per second from ``800k``, ``1.5M``, ``800kbps`` or a plain number.

    Raises:
        UsageError: not a positive rate.
    """
    match = _BITRATE.fullmatch(text.strip())
    if match:
        value = float(Fraction(match[1]) * _THOUSANDS[match[2].lower()])
        if value > 0:
            return value
    raise UsageError(f"{text!r} is not a bit rate; expected for example 800k or 1.5M (bits/s)")


@dataclass(frozen=True)
class Moment:
    """A time in a video: seconds, or a count of frames of the nominal rate."""

    seconds: float | None = None
    frames: int | None = None

    def at(self, fps: float) -> float:
        """Seconds, with frames counted at ``fps``."""
        return self.seconds if self.seconds is not None else (self.frames or 0) / fps


def parse_moment(text: str) -> Moment:
    """A time from ``12.5``, ``00:01:02.5``, ``1h2m3s``, ``500ms`` or ``300f``; may be negative.

    Raises:
        UsageError: none of these.
    """
    body = text.strip()
    sign = -1 if body.startswith("-") else 1
    body = body.removeprefix("-")
    frames = _FRAMES.fullmatch(body)
    if frames:
        return Moment(frames=sign * int(frames[1]))
    seconds = _seconds(body)
    if seconds is None:
        raise UsageError(
            f"{text!r} is not a time; expected seconds (12.5), a clock (00:01:02.5), "
            "units (1m30s) or frames (300f)"
        )
    return Moment(seconds=sign * seconds)


def parse_duration(text: str) -> float:
    """Positive seconds from the same forms as a moment, frames excepted.

    Raises:
        UsageError: not a positive duration in seconds.
    """
    seconds = _seconds(text.strip())
    if seconds is None or seconds <= 0:
        raise UsageError(f"{text!r} is not a duration; expected for example 90, 10m or 1h30m")
    return seconds


def _seconds(body: str) -> float | None:
    """Seconds of an unsigned time; None when it is not one."""
    if _PLAIN.fullmatch(body):
        return float(body)
    parts = _PARTS.fullmatch(body)
    if parts and int(parts[2]):
        return int(parts[1]) / int(parts[2])
    clock = _CLOCK.fullmatch(body)
    if clock:
        hours, minutes, seconds = clock.groups()
        if (hours is not None and int(minutes) >= 60) or float(seconds) >= 60:
            return None
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
    units = _UNITS.fullmatch(body)
    if units and body:
        numbers = (float(value or 0) for value in units.groups())
        return sum(n * f for n, f in zip(numbers, (3600.0, 60.0, 1.0, 0.001), strict=True))
    return None


@dataclass(frozen=True)
class Resolution:
    """An output size: exact, a factor on both sides, or a box to fit into. One field is set."""

    size: tuple[int, int] | None = None
    scale: float | None = None
    box: tuple[int, int] | None = None

    def fitted(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) of the box's largest fit with the shape of a ``width x height`` picture.

        The box is turned upright for an upright picture. Sides are even.
        """
        assert self.box is not None
        long, short = self.box
        box_width, box_height = (long, short) if width >= height else (short, long)
        factor = min(Fraction(box_width, width), Fraction(box_height, height))
        return _even(width * factor), _even(height * factor)


def parse_rate(text: str) -> Fraction:
    """A frame rate, or a factor, from ``60``, ``23.976``, ``24000/1001``, ``2.5`` or ``5/2``.

    Raises:
        UsageError: none of these, or out of range.
    """
    return rate_of(text)


def parse_resolution(text: str) -> Resolution:
    """A resolution from ``4k``, ``8k``, ``1080p``, ``1920x800`` or ``x2``.

    Raises:
        UsageError: none of these, or a zero in it.
    """
    body = text.strip().lower()
    lines = _LINES.fullmatch(body)
    exact = _EXACT.fullmatch(body)
    scale = _SCALE.fullmatch(body)
    if body in _NAMED_BOXES:
        return Resolution(box=_NAMED_BOXES[body])
    if lines and int(lines[1]) > 0:
        return Resolution(box=(_even(Fraction(int(lines[1]) * 16, 9)), int(lines[1])))
    if exact and int(exact[1]) > 0 and int(exact[2]) > 0:
        return Resolution(size=(int(exact[1]), int(exact[2])))
    if scale and Fraction(scale[1] or scale[2]) > 0:
        return Resolution(scale=float(Fraction(scale[1] or scale[2])))
    raise UsageError(
        f"{text!r} is not a resolution; expected for example 4k, 1080p, 1920x800, x2, x1/2"
    )


def parse_crop(text: str) -> Crop:
    """A rectangle from ``640x360+320+180``.

    Raises:
        UsageError: not a size with two offsets, or an empty one.
    """
    match = _CROP.fullmatch(text.strip())
    if match and int(match[1]) and int(match[2]):
        width, height, x, y = map(int, match.groups())
        return Crop(width, height, x, y)
    raise UsageError(f"{text!r} is not a rectangle; expected WxH+X+Y, such as 640x360+320+180")


def parse_grid(text: str) -> tuple[int, int]:
    """(columns, rows) from ``4x3``.

    Raises:
        UsageError: not two positive numbers, or more than 400 pictures.
    """
    match = _EXACT.fullmatch(text.strip())
    columns, rows = (int(match[1]), int(match[2])) if match else (0, 0)
    if 0 < columns * rows <= 400:
        return columns, rows
    raise UsageError(f"{text!r} is not a grid; expected columns x rows, such as 4x3 (at most 400)")


def _even(value: Fraction) -> int:
    """The nearest even number, at least 2."""
    return max(2, 2 * round(value / 2))


def parse_device(text: str) -> str:
    """The name of a device: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``.

    Raises:
        UsageError: none of these.
    """
    if not _DEVICE.fullmatch(text):
        raise UsageError(f"{text!r} is not a device; expected auto, cpu, cuda or cuda:1")
    return text


def parse_pair(text: str) -> tuple[str, str]:
    """(key, value) from ``key=value``.

    Raises:
        UsageError: no ``=``, or no key.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"{text!r} is not a setting; expected key=value")
    return key.strip(), value


def parse_shard(text: str) -> tuple[int, int]:
    """(index, count) from ``3/16``; the first is 0.

    Raises:
        UsageError: it is none.
    """
    index, slash, count = text.partition("/")
    if not (slash and index.strip().isdecimal() and count.strip().isdecimal()):
        raise UsageError(f"{text!r} is not a shard; expected I/N, such as 0/4 to 3/4")
    if int(index) >= int(count):
        raise UsageError(f"{text!r} is not a shard; the first is 0/{count}, the last is before it")
    return int(index), int(count)
