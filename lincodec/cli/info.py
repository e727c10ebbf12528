"""``linc info``: say what a .linc file holds."""

from __future__ import annotations

import click

from lincodec.cli import paths, report
from lincodec.cli.options import SectionedCommand, limit_option, option, output_options
from lincodec.cli.session import Session
from lincodec.limits import Limits

_HELP = """Say what SOURCE, a .linc file, holds; nothing is decoded.

\b
Examples:
  linc info clip.linc
  linc info clip.linc --sections
  linc info clip.linc --json
"""


@click.command("info", cls=SectionedCommand, help=_HELP)
@click.argument("source")
@option("Depth", "--sections", is_flag=True, help="List the sections and tensors too.")
@limit_option()
@output_options(progress=False)
@click.pass_obj
def info(session: Session, /, source: str, sections: bool, limits: Limits) -> None:
    """Print the description; the help text is above."""
    paths.check_input(source)
    from lincodec.decoder.info import info as describe

    found = describe(source, limits)
    text = report.info_text(found)
    if sections:
        text += "\n\n" + report.sections_text(found)
    session.result(found, text)
