"""A command over several files: one that fails keeps nobody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from lincodec.cli.paths import Skipped
from lincodec.cli.session import Session
from lincodec.errors import LincError

#: Exit code when some of several files failed.
SOME_FAILED = 9


def each(session: Session, files: Sequence[str], action: Callable[[str], None]) -> None:
    """Do one file after the other.

    With one file its error is that of the command; with several every error is reported, and the
    exit code is 9.
    """
    if len(files) == 1:
        action(files[0])
        return
    failed = False
    for file in files:
        session.interrupts.check()
        try:
            action(file)
        except Skipped as skipped:
            session.result({"output": skipped.output, "skipped": True}, str(skipped))
        except LincError as error:
            failed = True
            session.error(error.exit_code, type(error).__name__, str(error))
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)
