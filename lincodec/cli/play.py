"""``linc play``: watch one file, in the browser or another player."""

from __future__ import annotations

import shutil
import subprocess
import threading
import webbrowser
from typing import Any

import click

from lincodec.cli import paths
from lincodec.cli.options import SectionedCommand, option, output_options
from lincodec.cli.serve import options_of, server_of, serving_options
from lincodec.cli.session import Session
from lincodec.errors import CorruptError, UsageError

_HELP = """Watch SOURCE, a .linc file, in the browser.

\b
Examples:
  linc play clip.linc
  linc play clip.linc --player mpv      or vlc, or any that opens addresses

Ctrl-C ends it; with --player it ends when the player does.
"""


@click.command("play", cls=SectionedCommand, help=_HELP)
@click.argument("source")
@option("Player", "--player", metavar="PROGRAM", help="Open the stream in this instead.")
@option(
    "Player",
    "--idle",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help="End when no page has been open for so long.",
)
@serving_options()
@output_options(progress=False)
@click.pass_obj
def play(session: Session, /, source: str, player: str | None, **given: Any) -> None:
    """Serve one file and open it; the help text is above."""
    if source == paths.STANDARD:
        raise UsageError("a .linc file cannot come from standard input; name a file")
    paths.check_input(source)
    program = None if player is None else shutil.which(player)
    if player is not None and program is None:
        raise UsageError(f"--player {player}: there is no such program")
    server = server_of((source,), options_of(given))
    item = server.library.items()[0]
    if item.damage is not None:
        raise CorruptError(f"{source}: {item.damage}; linc decode --recover plays what is intact")
    address = server.address(item.id) if program is None else server.stream_address(item.id)

    def ready() -> None:
        session.result({"address": address, "port": server.port}, address)
        if program is None:
            webbrowser.open(address)
        else:
            threading.Thread(target=watched, args=(program,), daemon=True).start()

    def watched(program: str) -> None:
        try:
            subprocess.run([program, address], check=False)
        finally:
            server.stop()

    server.run(ready)
