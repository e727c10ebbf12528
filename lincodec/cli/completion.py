"""``linc completion``: completion of commands and options for a shell."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class, shell_complete

from lincodec.cli.options import SectionedCommand, output_options
from lincodec.cli.session import Session

if TYPE_CHECKING:
    from click.shell_completion import ShellComplete

SHELLS = ("bash", "zsh", "fish")
#: Set by the shell when it asks for completions.
VARIABLE = "_LINC_COMPLETE"

_HELP = """Print the completion script of SHELL: bash (4.4 or newer), zsh or fish.

\b
Examples:
  linc completion bash >> ~/.bashrc
  linc completion zsh >> ~/.zshrc
  linc completion fish > ~/.config/fish/completions/linc.fish
"""


@click.command("completion", cls=SectionedCommand, help=_HELP)
@click.argument("shell", type=click.Choice(SHELLS))
@output_options(progress=False)
@click.pass_context
def completion(ctx: click.Context, /, shell: str) -> None:
    """Print the script; the help text is above."""
    session = ctx.find_object(Session)
    assert session is not None
    script = _completer(shell, ctx.find_root().command).source_template % {
        "complete_func": "_linc_completion",
        "complete_var": VARIABLE,
        "prog_name": "linc",
    }
    session.result({"shell": shell, "script": script}, script.strip())


def _completer(shell: str, command: click.Command) -> ShellComplete:
    kind = get_completion_class(shell)
    assert kind is not None
    return kind(command, {}, "linc", VARIABLE)


def answer(command: click.Command) -> int | None:
    """Answer a shell that asks for completions; None when none asks."""
    instruction = os.environ.get(VARIABLE)
    if not instruction:
        return None
    return shell_complete(command, {}, "linc", VARIABLE, instruction)
