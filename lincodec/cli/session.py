"""How one run of the command line talks: where lines go, as text or as NDJSON."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import click

from lincodec.cli.progress import json_line, make_reporter
from lincodec.cli.signals import Interrupts
from lincodec.cli.text import printable
from lincodec.options import Progress, ProgressCallback


@dataclass
class Session:
    """The output options of one run; commands fill it in, ``main`` reads it on errors."""

    command: str = ""
    """The running command as it is typed, such as ``index add``; empty before it is known."""
    verbose: int = 0
    """Number of ``-v``."""
    quiet: bool = False
    """Only errors on standard error."""
    json: bool = False
    """Results as NDJSON on standard output."""
    progress: str = "auto"
    """Mode of the progress report."""
    log_file: str | None = None
    """Where everything that is said is written too."""
    interrupts: Interrupts = field(default_factory=Interrupts)
    """Signals received."""
    begun: float = field(default_factory=time.monotonic)
    """``time.monotonic`` when the program began."""

    def begin(self, context: click.Context | None, arguments: Sequence[str]) -> None:
        """Take what a command line that cannot be parsed asks for."""
        if context is not None:
            self.command = context.command_path.partition(" ")[2]
        self.json = self.json or "--json" in arguments

    @property
    def _topic(self) -> str:
        """What lines of JSON are about: ``index add`` is ``index-add``."""
        return self.command.replace(" ", "-") or "linc"

    def log(self, kind: str, text: str) -> None:
        """Append to the log file, if there is one; its own troubles are no one's concern."""
        if self.log_file is None:
            return
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        now = f"{now} {socket.gethostname()} {os.getpid()}"
        with suppress(OSError), open(self.log_file, "a", encoding="utf-8") as file:
            file.writelines(f"{now} {kind}: {line}\n" for line in text.splitlines())

    def result(self, fields: dict[str, Any], text: str) -> None:
        """Print the final result: ``<command>-done`` with ``--json``, else ``text``."""
        self.log("result", json_line(f"{self.command}-done", fields))
        if self.json:
            print(json_line(f"{self._topic}-done", fields), flush=True)
        elif not self.quiet:
            print(text, flush=True)

    def event(self, kind: str, fields: dict[str, Any]) -> None:
        """Tell programs, and the log file, what happens; nothing is printed for people."""
        line = json_line(kind, fields)
        self.log("event", line)
        if self.json:
            print(line, flush=True)

    def note(self, text: str) -> None:
        """Say something on standard error that is not an error."""
        if not self.quiet:
            self._say("note", text, f"linc: {printable(text)}")

    def detail(self, text: str) -> None:
        """Say what only ``-v`` and the log file want to know."""
        if self.verbose and not self.quiet:
            self._say("note", text, f"linc: {printable(text)}")
        else:
            self.log("detail", text)

    def warn(self, text: str) -> None:
        """Say what the user should know although the job goes on."""
        if not self.quiet:
            self._say("warning", text, f"linc: warning: {printable(text)}")

    def error(self, code: int, kind: str, text: str) -> None:
        """Report the end of a failed run on standard error and, with ``--json``, as its result."""
        self._say("error", text, f"linc: error: {printable(text)}")
        self.failure(code, kind, text)

    def failure(self, code: int, kind: str, text: str) -> None:
        """The result of a failed run, with ``--json``."""
        if self.json:
            fields = {"code": code, "error": kind, "message": printable(text)}
            with suppress(OSError):  # standard output may be what failed
                print(json_line(f"{self._topic}-error", fields), flush=True)

    def _say(self, kind: str, text: str, line: str) -> None:
        self.log(kind, printable(text))
        if self.progress == "json":
            line = json_line(kind, {"message": printable(text)})
        print(line, file=sys.stderr, flush=True)

    @contextmanager
    def reporter(self) -> Iterator[ProgressCallback]:
        """A progress reporter as the options ask for, closed at the end.

        Every job reports between frames, so this is also where an interrupt takes effect
        whose exception was lost on its way.
        """
        silent = self.quiet and self.progress != "json"
        reporter = make_reporter("none" if silent else self.progress, sys.stderr)

        stage, begun = "", time.monotonic()

        def report(progress: Progress) -> None:
            nonlocal stage
            self.interrupts.check()
            if progress.stage != stage:
                stage = progress.stage
                self.detail(f"{stage} begins after {time.monotonic() - begun:.1f} s")
            reporter(progress)

        try:
            yield report
        finally:
            reporter.close()
