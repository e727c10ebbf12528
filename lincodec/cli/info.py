"""``linc info``: say what a .linc file holds."""

from __future__ import annotations

import click

from lincodec.cli import paths, report
from lincodec.cli.options import SectionedCommand, output_options
from lincodec.cli.session import Session

_HELP = """Say what SOURCE, a .linc file, holds; nothing is decoded.

\b
Examples:
  linc info clip.linc
  linc info clip.linc --json
"""


@click.command("info", cls=SectionedCommand, help=_HELP)
@click.argument("source")
@output_options(progress=False)
@click.pass_obj
def info(session: Session, /, source: str) -> None:
    """Print the description; the help text is above."""
    paths.check_input(source)
    from lincodec.info import info as describe

    found = describe(source)
    session.result(found, report.info_text(source, found))
