"""Progress on standard error: a bar, plain lines, NDJSON or nothing."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from typing import Any, Protocol, TextIO

from lincodec.cli.text import clock, printable
from lincodec.options import Progress

MODES = ("auto", "bar", "plain", "json", "none")

_BAR_INTERVAL = 0.1
_PLAIN_INTERVAL = 10.0
_JSON_INTERVAL = 0.2


class Reporter(Protocol):
    """Where progress goes. Called with every report of the job, closed once at its end."""

    def __call__(self, progress: Progress) -> None: ...

    def close(self) -> None: ...


class Meter:
    """Turns reports into a percentage that never falls and the seconds that are left."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._start = now()
        self.fraction = 0.0

    def update(self, progress: Progress) -> None:
        """Take the report's fraction when it is ahead of what was shown before."""
        if math.isfinite(progress.fraction):
            self.fraction = max(self.fraction, min(1.0, progress.fraction))

    @property
    def percent(self) -> float:
        """0..100, rounded down to a tenth."""
        return math.floor(self.fraction * 1000) / 10

    @property
    def elapsed(self) -> float:
        """Seconds since the meter was made."""
        return self._now() - self._start

    @property
    def eta(self) -> float | None:
        """Seconds left if the job goes on as so far; None while there is too little to say."""
        if self.fraction < 0.02:
            return None
        return self.elapsed * (1 - self.fraction) / self.fraction


def status(progress: Progress, meter: Meter) -> str:
    """``fit  seg 2/6  33.4 dB  0.041 bpp  eta 02:41``: whatever of it is known."""
    parts = [printable(progress.stage)]
    if progress.segment is not None and progress.segments:
        parts.append(f"seg {progress.segment}/{progress.segments}")
    if progress.frames is not None:
        parts.append(f"{progress.frames} frames")
    if progress.psnr is not None:
        parts.append(f"{progress.psnr:.1f} dB")
    if progress.bpp is not None:
        parts.append(f"{progress.bpp:.4f} bpp")
    if progress.detail:
        parts.append(printable(progress.detail))
    eta = meter.eta
    if eta is not None and meter.fraction < 1:
        parts.append(f"eta {clock(eta)}")
    return "  ".join(parts)


class BarReporter:
    """One line redrawn in place."""

    def __init__(self, stream: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        from tqdm import tqdm  # a quarter of the time to start: only for those who see a bar

        self._stream = stream
        self._meter = Meter(now)
        self._last = -_BAR_INTERVAL
        self._bar = tqdm(
            total=100.0,
            file=stream,
            leave=False,
            ncols=columns(stream),
            nrows=24,
            ascii=" -#",
            bar_format="{percentage:3.0f}% |{bar:24}| {desc}",
        )

    def __call__(self, progress: Progress) -> None:
        self._meter.update(progress)
        if self._meter.elapsed - self._last < _BAR_INTERVAL:
            return
        self._last = self._meter.elapsed
        self._bar.ncols = columns(self._stream)
        self._bar.n = self._meter.percent
        self._bar.set_description_str(status(progress, self._meter), refresh=False)
        self._bar.refresh()

    def close(self) -> None:
        """Wipe the line."""
        self._bar.close()


def columns(stream: TextIO) -> int:
    """Width of the terminal, less one so that no terminal wraps; 79 where it does not say."""
    try:
        return (os.get_terminal_size(stream.fileno()).columns or 80) - 1
    except (OSError, ValueError):
        return 79


class PlainReporter:
    """One line every ten seconds, for logs; a quick job prints none."""

    def __init__(self, stream: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._meter = Meter(now)
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        self._meter.update(progress)
        if self._meter.elapsed - self._last >= _PLAIN_INTERVAL:
            self._last = self._meter.elapsed
            line = status(progress, self._meter)
            print(f"{self._meter.percent:5.1f}%  {line}", file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing is pending."""


class JsonReporter:
    """One JSON object a line, a few a second at most; the last report is always written."""

    def __init__(self, stream: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._meter = Meter(now)
        self._last = -_JSON_INTERVAL
        self._stage = ""
        self._pending: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        self._meter.update(progress)
        self._pending = progress
        fresh = progress.stage != self._stage
        if fresh or self._meter.elapsed - self._last >= _JSON_INTERVAL:
            self._write()

    def close(self) -> None:
        """Write the last report if it was held back."""
        self._write()

    def _write(self) -> None:
        progress, self._pending = self._pending, None
        if progress is None:
            return
        self._last, self._stage = self._meter.elapsed, progress.stage
        line = json_line("progress", progress_fields(progress, self._meter))
        print(line, file=self._stream, flush=True)


class SilentReporter:
    """Nothing at all."""

    def __call__(self, progress: Progress) -> None:
        """Ignore the report."""

    def close(self) -> None:
        """Nothing was opened."""


def progress_fields(progress: Progress, meter: Meter) -> dict[str, Any]:
    """The fields of a ``progress`` line; unknown ones are left out."""
    fields: dict[str, Any] = {
        "stage": progress.stage,
        "percent": meter.percent,
        "elapsed_s": round(meter.elapsed, 3),
        "eta_s": None if meter.eta is None else round(meter.eta, 1),
        "segment": progress.segment,
        "segments": progress.segments,
        "frames": progress.frames,
        "psnr": progress.psnr,
        "bpp": progress.bpp,
        "detail": progress.detail or None,
    }
    return {key: value for key, value in fields.items() if value is not None}


def json_line(kind: str, fields: dict[str, Any]) -> str:
    """One line of NDJSON with ``type`` first; numbers that JSON lacks become null."""
    return json.dumps(_finite({"type": kind, **fields}), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def make_reporter(mode: str, stream: TextIO) -> Reporter:
    """The reporter called ``mode``; ``auto`` is a bar on a terminal and plain lines elsewhere."""
    if mode == "auto":
        mode = "bar" if stream.isatty() else "plain"
    if mode == "bar":
        return BarReporter(stream)
    if mode == "plain":
        return PlainReporter(stream)
    return JsonReporter(stream) if mode == "json" else SilentReporter()
