"""TIME: presentation times of the frames (spec clause 6.3)."""

from __future__ import annotations

import struct
from fractions import Fraction
from itertools import groupby, pairwise
from math import gcd

from lincodec.container.cursor import Cursor, pack_signed, pack_varint, require
from lincodec.types import Times

#: numerator and denominator of the time base in seconds  # spec 6.3
_TIME_BASE = struct.Struct("<II")
_TOP = 1 << 62


def pack_time_base(time_base: Fraction) -> bytes:
    """Eight bytes.

    Raises:
        CorruptError: the ratio is not positive or does not fit.
    """
    fits = time_base > 0 and max(time_base.numerator, time_base.denominator) < 1 << 32
    require(fits, f"time base {time_base} does not fit")
    return _TIME_BASE.pack(time_base.numerator, time_base.denominator)


def parse_time_base(cursor: Cursor, what: str) -> Fraction:
    """Eight bytes: a positive ratio in lowest terms."""
    numerator, denominator = cursor.unpack(_TIME_BASE)
    exact = numerator > 0 and denominator > 0 and gcd(numerator, denominator) == 1
    require(exact, f"{what}: time base is {numerator}/{denominator}, expected lowest terms")
    return Fraction(numerator, denominator)


def pack_times(times: Times) -> bytes:
    """The TIME payload: first time, last duration and run-length coded differences.

    Raises:
        CorruptError: times do not increase strictly or do not fit.
    """
    require(len(times.pts) >= 1, "TIME: there are no frames")
    require(times.last_duration >= 1, f"TIME: last duration is {times.last_duration}")
    deltas = [b - a for a, b in pairwise(times.pts)]
    require(min(deltas, default=1) >= 1, "TIME: times do not increase")
    runs = [(len(list(group)), delta) for delta, group in groupby(deltas)]
    out = [pack_time_base(times.time_base), pack_signed(times.pts[0])]
    out += [pack_varint(times.last_duration), pack_varint(len(runs))]
    out += [pack_varint(count) + pack_varint(delta) for count, delta in runs]
    return b"".join(out)


def parse_times(payload: bytes, n_frames: int) -> Times:
    """Decode and check a TIME payload.

    Args:
        payload: The payload of TIME.
        n_frames: Frames of the file; the runs must cover exactly these, so that
            nothing larger than already accepted is allocated.

    Raises:
        CorruptError: a field breaks a rule.
    """
    cursor = Cursor(payload, "TIME")
    time_base = parse_time_base(cursor, "TIME")
    at = cursor.signed()
    last_duration = cursor.varint()
    require(last_duration >= 1, "TIME: last duration is 0")
    pts, previous = [at], 0
    for _ in range(cursor.varint()):
        count, delta = cursor.varint(), cursor.varint()
        require(count >= 1 and delta >= 1, f"TIME: run of {count} frames {delta} ticks apart")
        require(delta != previous, "TIME: two runs of the same difference")
        fits = len(pts) + count <= n_frames and at + count * delta < _TOP
        require(fits, f"TIME: more than the {n_frames} frames of the file, or times too large")
        pts.extend(range(at + delta, at + count * delta + 1, delta))
        at, previous = pts[-1], delta
    cursor.finish()
    require(len(pts) == n_frames, f"TIME: {len(pts)} frames, the file has {n_frames}")
    return Times(time_base, tuple(pts), last_duration)


def constant_times(fps: Fraction, n_frames: int) -> Times:
    """The times of a file without TIME: frame n is shown at n / fps."""
    return Times(1 / fps, tuple(range(n_frames)), 1)
