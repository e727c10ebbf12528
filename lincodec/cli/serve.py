"""``linc serve``: a local page over a library."""

from __future__ import annotations

import os
import webbrowser
from typing import TYPE_CHECKING, Any

import click

from lincodec.cli import paths
from lincodec.cli.options import (
    Decorator,
    SectionedCommand,
    option,
    output_options,
    stacked,
    value,
)
from lincodec.cli.session import Session
from lincodec.cli.values import parse_size

if TYPE_CHECKING:
    from lincodec.web.server import ServeOptions, Server

_HELP = """Serve a page that plays and searches the .linc files of folders.

\b
Examples:
  linc serve                          the files below this folder
  linc serve videos/ clip.linc --open
  linc serve videos/ --index videos/.linc-index --port 8000

The page is for this machine alone and asks for the token in the address that is printed.
Pictures are decoded as they are watched and kept, up to --cache-size. Ctrl-C ends it.
"""


def serving_options() -> Decorator:
    """Options of how to serve."""
    return stacked(
        [
            option(
                "Server",
                "--host",
                default="127.0.0.1",
                show_default=True,
                metavar="ADDRESS",
                help="Where to listen; anyone who can reach it and has the token may watch.",
            ),
            option(
                "Server",
                "--port",
                type=click.IntRange(0, 65535),
                default=0,
                metavar="N",
                help="Default: one that is free.",
            ),
            option(
                "Server", "--workers", type=click.IntRange(1, 64), metavar="N",
                help="Videos decoded at a time.  [default: by the cores]",
            ),
            value(
                "Server", "--cache-size", parse=parse_size, metavar="BYTES", default="2GB",
                show_default=True, help="Of rendered pictures kept on disk.",
            ),
        ]
    )  # fmt: skip


@click.command("serve", cls=SectionedCommand, help=_HELP)
@click.argument("roots", nargs=-1, metavar="[FOLDER|FILE]...")
@serving_options()
@option("Server", "--open", "is_opened", is_flag=True, help="Open the page in a browser.")
@option("Search", "--index", "folder", metavar="FOLDER", help="Of linc index; else one in memory.")
@option("Search", "--model", metavar="DIR", help="Embedding model; see linc search.")
@output_options(progress=False)
@click.pass_obj
def serve(session: Session, /, roots: tuple[str, ...], **given: Any) -> None:
    """Serve until interrupted; the help text is above."""
    server = server_of(roots or (".",), options_of(given))
    address = server.address()

    def ready() -> None:
        found = len(server.library.items())
        fields = {"address": address, "port": server.port, "files": found}
        session.result(fields, f"{found} videos at {address}")
        if given["is_opened"]:
            webbrowser.open(address)

    server.run(ready)


def options_of(given: dict[str, Any]) -> ServeOptions:
    """How to serve, from the options of a command line."""
    from lincodec.web.server import ServeOptions

    cache = paths.cache_folder()
    folder = given.get("folder")
    if folder is not None:
        paths.check_index(folder)
    return ServeOptions(
        host=given["host"], port=given["port"], cache=os.path.join(cache, "web"),
        cache_bytes=given["cache_size"], index=paths.index_folder(folder),
        model=given.get("model"), models=cache, workers=given["workers"],
        idle=given["idle"] * 60 if given.get("idle") else None,
    )  # fmt: skip


def server_of(roots: tuple[str, ...], options: ServeOptions) -> Server:
    """A server that listens."""
    from lincodec.web.server import Server

    return Server(roots, options)
