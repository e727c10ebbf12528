"""The ``linc`` command: finds the sub-command, turns every error into a line and an exit code."""

from __future__ import annotations

import gc
import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

import click

from lincodec import __version__
from lincodec.cli import completion, config, paths
from lincodec.cli.session import Session
from lincodec.cli.suggestions import usage_text
from lincodec.cli.text import printable
from lincodec.errors import LincError
from lincodec.system.memory import ran_out

_INTERNAL = 1
_USAGE = 2
_RESOURCE = 8
_PIPE_CLOSED = 141
#: New objects between two collections; torch makes hundreds of thousands while it is imported.
_COLLECTED_AFTER = 100_000

#: Sub-commands in the order of the help text. Each is in a module of its own name.
COMMANDS = {
    "encode": "Fit a video and write a .linc file.",
    "batch": "Encode a library of videos.",
    "assemble": "Write the .linc file whose parts several machines fitted.",
    "decode": "Render a .linc file at any size and rate.",
    "frame": "Write one still, or a sheet of many, as PNG.",
    "serve": "Serve a page that plays and searches .linc files.",
    "play": "Watch a .linc file in the browser or another player.",
    "install-desktop": "Make this desktop open and show .linc files.",
    "export": "Write a page with the video inside, or an MP4 of a size.",
    "cut": "Keep some segments of a .linc file, as they are.",
    "concat": "Join .linc files, segments as they are.",
    "info": "Say what a .linc file holds.",
    "align": "Align a .linc file to an embedding model.",
    "index": "Keep an index of aligned .linc files.",
    "search": "Find videos, segments or frames by a sentence or a picture.",
    "plot": "Draw the latents of a file, or what a benchmark measured.",
    "chat": "Ask a language model about an aligned .linc file.",
    "verify": "Check a .linc file from structure to digest.",
    "compare": "Measure a video against its original.",
    "presets": "List the encoder presets.",
    "doctor": "Say what linc finds on this machine.",
    "completion": "Print a completion script for a shell.",
}

#: What other commands start, and no help text lists.
_HIDDEN = {"worker"}

_HELP = """A neural video codec in one self-describing file.

\b
Examples:
  linc encode clip.mp4                       writes clip.linc
  linc decode clip.linc -o clip4k.mp4 --res 4k
  linc decode clip.linc -o slow.mp4 --fps-scale 4
  linc info clip.linc
"""


class LazyGroup(click.Group):
    """A group that imports a command only when it is run or its help is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS and cmd_name not in _HIDDEN:
            return None
        name = cmd_name.replace("-", "_")
        command = getattr(import_module(f"lincodec.cli.{name}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


_SETTINGS = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": config.PREFIX}


@click.group(cls=LazyGroup, help=_HELP, context_settings=_SETTINGS)
@click.option(
    "--config",
    metavar="FILE",
    is_eager=True,
    expose_value=False,
    callback=config.load,
    help="Defaults as TOML, a table for each command; LINC_<COMMAND>_<OPTION> comes before it.",
)
@click.version_option(__version__, prog_name="linc", message="%(prog)s %(version)s")
def linc() -> None:
    """Replaced by the help text above."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; nothing is raised."""
    session = Session()
    # SVT-AV1 prints its settings on standard error unless told not to
    os.environ.setdefault("SVT_LOG", "1")
    try:
        with session.interrupts.installed():
            return _invoke(arguments, session)
    except (KeyboardInterrupt, click.Abort):  # between a handler and the block it belongs to
        return session.interrupts.exit_code


def _invoke(arguments: Sequence[str], session: Session) -> int:
    """Run one command line; its exit code, whatever was raised."""
    try:
        config.check_commands(COMMANDS)
        # not linc.main(): it has its own idea of what to say about interrupts and closed pipes
        with linc.make_context("linc", list(arguments), obj=session) as context:
            linc.invoke(context)
            session.interrupts.check()  # an exception of a handler may have been lost
        session.log("exit", "0")
        sys.stdout.flush()
        return 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _stopped(session)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return _USAGE
    except click.ClickException as error:
        session.begin(getattr(error, "ctx", None), arguments)
        session.error(_USAGE, "UsageError", _usage_message(error, session))
        return _USAGE
    except paths.Skipped as skipped:
        session.result({"output": skipped.output, "skipped": True}, str(skipped))
        return 0
    except BaseException as error:  # noqa: BLE001 (the last resort: nothing may escape as a trace)
        return _report(error, session)


def _usage_message(error: click.ClickException, session: Session) -> str:
    where = f"linc {session.command}".strip()
    text = usage_text(error)
    return f"{text} See {where} --help" if text.endswith("?") else f"{text}; see {where} --help"


def _stopped(session: Session) -> int:
    """Say that the run was interrupted."""
    code = session.interrupts.exit_code
    session.note("stopped")
    session.failure(code, "Interrupted", "stopped")
    return code


def _report(error: BaseException, session: Session) -> int:
    """Say what went wrong, and what it means as an exit code."""
    if session.interrupts.number:  # whatever the interrupt became on its way through a library
        return _stopped(session)
    if _pipe_was_closed(error):
        return _PIPE_CLOSED
    if isinstance(error, LincError):
        session.error(error.exit_code, type(error).__name__, str(error))
        code = error.exit_code
    elif ran_out(error):
        text = "out of memory; try a smaller --segment, a trim, or a lower --res"
        session.error(_RESOURCE, "ResourceError", text)
        code = _RESOURCE
    elif isinstance(error, OSError):
        what = f"{error.filename}: " if error.filename else ""
        text = f"{what}{error.strerror or error}; free some space or use another disk"
        session.error(_RESOURCE, "ResourceError", text)
        code = _RESOURCE
    else:
        advice = "please report it" if session.verbose else "please report it with the output of -v"
        text = f"internal error, {advice}: {type(error).__name__}: {printable(error)}"
        session.error(_INTERNAL, "InternalError", text)
        code = _INTERNAL
    session.log("traceback", "".join(traceback.format_exception(error)))
    if session.verbose and (code == _INTERNAL or session.verbose > 1):
        traceback.print_exception(error)
    return code


def _pipe_was_closed(error: BaseException | None) -> bool:
    """Whether the reader of our output went away, here or as the cause of what was raised."""
    while error is not None:
        if isinstance(error, BrokenPipeError):
            return True
        error = error.__cause__ or error.__context__
    return False


def open_closed_streams() -> None:
    """Give standard streams that were closed by whoever started us a place that takes all.

    Else the next files that are opened become standard output and error, and get what is printed.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
            if opened != number:
                os.dup2(opened, number)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # letters that it has not are no reason to fail
            stream.reconfigure(errors="backslashreplace")


def main() -> None:
    """Entry point of the ``linc`` script."""
    open_closed_streams()
    gc.set_threshold(_COLLECTED_AFTER)
    code = completion.answer(linc)
    if code is None:
        code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = _PIPE_CLOSED
    except OSError:  # run() has said so already
        code = code or _RESOURCE
    if code in (_PIPE_CLOSED, _RESOURCE):
        # what is still buffered has nowhere to go; without this Python complains at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if "triton" not in sys.modules:  # it takes what was never collected for its own leaks
        gc.freeze()  # the last collection would look at all of torch once more, for nothing
    sys.exit(code)
