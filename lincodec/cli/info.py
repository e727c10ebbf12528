"""``linc info``: say what a .linc file holds."""

from __future__ import annotations

import click

from lincodec.cli import paths, report
from lincodec.cli.many import each
from lincodec.cli.options import SectionedCommand, limit_option, option, output_options
from lincodec.cli.session import Session
from lincodec.limits import Limits

_HELP = """Say what SOURCES, .linc files, hold; nothing is decoded.

\b
Examples:
  linc info clip.linc
  linc info clip.linc --sections
  linc info clip.linc --json
  linc info coded/*.linc --json
"""


@click.command("info", cls=SectionedCommand, help=_HELP)
@click.argument("sources", nargs=-1, required=True)
@option("Depth", "--sections", is_flag=True, help="List the sections and tensors too.")
@limit_option()
@output_options(progress=False)
@click.pass_obj
def info(session: Session, /, sources: tuple[str, ...], sections: bool, limits: Limits) -> None:
    """Print the descriptions; the help text is above."""

    def one(source: str) -> None:
        paths.check_input(source)
        from lincodec.decoder.info import info as describe

        found = describe(source, limits)
        text = report.info_text(found)
        if sections:
            text += "\n\n" + report.sections_text(found)
        session.result(found, text if source == sources[-1] else f"{text}\n")

    each(session, sources, one)
