"""What a batch says while it runs: a bar for all and a line for every running file, or events."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, TextIO

from lincodec.cli.progress import Meter, columns, json_line
from lincodec.cli.session import Session
from lincodec.cli.text import clock, human_bytes, human_time, printable
from lincodec.options import Progress

#: Seconds between drawings, lines and events.
_INTERVALS = {"bar": 0.1, "plain": 10.0, "json": 0.5, "none": 1e9}


class BatchDisplay:
    """Takes the events of a batch; use it as a context manager."""

    def __init__(self, session: Session, mode: str, jobs: int, stream: TextIO) -> None:
        """
        Args:
            session: how this run talks.
            mode: bar, plain, json or none.
            jobs: files that run side by side.
            stream: where progress goes.
        """
        self.session, self.mode, self.stream = session, mode, stream
        self._meter = Meter()
        self._last = -_INTERVALS[mode] if mode != "plain" else 0.0
        self._bars = [_bar(stream, place) for place in range(jobs + 1)] if mode == "bar" else []

    @staticmethod
    def of(session: Session, jobs: int) -> BatchDisplay:
        """As the options of the session ask for."""
        mode = session.progress
        if mode == "auto":
            mode = "bar" if sys.stderr.isatty() else "plain"
        if session.quiet and mode != "json":
            mode = "none"
        return BatchDisplay(session, mode, jobs, sys.stderr)

    def __enter__(self) -> BatchDisplay:
        return self

    def __exit__(self, *_: object) -> None:
        for bar in reversed(self._bars):
            bar.close()

    def __call__(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Take an event."""
        self.session.interrupts.check()
        if kind == "progress":
            self._progress(fields)
        elif kind == "batch-begin":
            self.session.event(kind, dict(fields))
        else:
            self._event(kind, fields)

    def _event(self, kind: str, fields: Mapping[str, Any]) -> None:
        """A file is done, or is not."""
        session, text = self.session, _text(kind, fields)
        session.event(kind, dict(fields))
        if session.json:
            return
        if kind != "file-done":
            session.warn(text)
        elif not session.quiet:
            print(text, flush=True)

    def _progress(self, fields: Mapping[str, Any]) -> None:
        meter = self._meter
        meter.update(Progress("batch", fields["fraction"]))
        if meter.elapsed - self._last < _INTERVALS[self.mode]:
            return
        self._last = meter.elapsed
        left = "" if meter.eta is None else f"  eta {clock(meter.eta)}"
        line = f"{fields['files']}/{fields['of']} files{left}"
        if self.mode == "json":
            more = {"percent": meter.percent, "elapsed_s": round(meter.elapsed, 3)}
            running = [{"file": name, "percent": 100 * part} for name, part in fields["running"]]
            rest = {"files": fields["files"], "of": fields["of"], "running": running}
            print(json_line("progress", more | rest), file=self.stream, flush=True)
        elif self.mode == "plain":
            print(f"{meter.percent:5.1f}%  {line}", file=self.stream, flush=True)
        for bar, (text, part) in zip(
            self._bars,
            [(line, meter.fraction), *fields["running"], *[("", 0.0)] * len(self._bars)],
            strict=False,
        ):
            bar.ncols = columns(self.stream)
            bar.n = 100 * part
            bar.set_description_str(printable(text), refresh=False)
            bar.refresh()


def _bar(stream: TextIO, place: int) -> Any:
    from tqdm import tqdm

    return tqdm(
        total=100.0, file=stream, leave=False, ncols=columns(stream), nrows=24, ascii=" -#",
        position=place, bar_format="{percentage:3.0f}% |{bar:24}| {desc}",
    )  # fmt: skip


def _text(kind: str, fields: Mapping[str, Any]) -> str:
    """An event as a line."""
    source = printable(fields["source"])
    if kind == "file-done":
        return (
            f"{printable(fields['output'])}  {fields['frames']} frames  {fields['psnr']:.2f} dB  "
            f"{human_bytes(fields['bytes'])}  in {human_time(fields['seconds'])}"
        )
    if kind == "file-crashed":
        return f"{source}: a worker died over it (code {fields['code']}); it is begun again"
    message = printable(fields["message"])
    said = message if source in message else f"{source}: {message}"
    return f"{said}; --retry-failed tries again" if fields["again"] else said
