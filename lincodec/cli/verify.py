"""``linc verify``: check a .linc file from structure to digest."""

from __future__ import annotations

import click

from lincodec.cli import paths, report
from lincodec.cli.options import SectionedCommand, option, output_options
from lincodec.cli.session import Session

_HELP = """Check SOURCE, a .linc file: structure, checksums, entropy decoding, digest.

\b
Examples:
  linc verify clip.linc
  linc verify clip.linc --render         renders frames too
"""


@click.command("verify", cls=SectionedCommand, help=_HELP)
@click.argument("source")
@option("Depth", "--render", is_flag=True, help="Render, and check against the stated quality.")
@output_options(progress=False)
@click.pass_obj
def verify(session: Session, /, source: str, render: bool) -> None:
    """Print that the file is sound; a file that is not ends in an error. Help text above."""
    paths.check_input(source)
    from lincodec.verify import verify as check

    fields = report.plain_fields(check(source, render=render))
    session.result(fields, report.verify_text(source, fields))
