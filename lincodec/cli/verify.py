"""``linc verify``: check a .linc file from structure to digest."""

from __future__ import annotations

import click

from lincodec.cli import paths, report
from lincodec.cli.options import SectionedCommand, limit_option, option, output_options
from lincodec.cli.session import Session
from lincodec.errors import UsageError
from lincodec.limits import Limits

_HELP = """Check SOURCE, a .linc file: structure, checksums, entropy decoding, digest.

\b
Examples:
  linc verify clip.linc
  linc verify clip.linc --structure      checksums only
  linc verify clip.linc --render         renders every frame too
"""


@click.command("verify", cls=SectionedCommand, help=_HELP)
@click.argument("source")
@option("Depth", "--structure", is_flag=True, help="Only structure and checksums: quick.")
@option("Depth", "--render", is_flag=True, help="Render every frame too: slow.")
@limit_option()
@output_options(progress=True)
@click.pass_obj
def verify(session: Session, /, source: str, structure: bool, render: bool, limits: Limits) -> None:
    """Print that the file is sound; a file that is not ends in an error. Help text above."""
    if structure and render:
        raise UsageError("--structure and --render cannot be used together")
    paths.check_input(source)
    from lincodec.decoder.verify import verify as check

    with session.reporter() as progress:
        found = check(
            source, render=render, structure_only=structure, limits=limits, progress=progress
        )
    for warning in found.warnings:
        session.warn(warning)
    session.result(report.plain_fields(found), report.verify_text(found))
