"""``linc verify``: check a .linc file from structure to digest."""

from __future__ import annotations

import click

from lincodec.cli import paths, report
from lincodec.cli.many import each
from lincodec.cli.options import SectionedCommand, limit_option, option, output_options
from lincodec.cli.session import Session
from lincodec.errors import UsageError
from lincodec.limits import Limits

_HELP = """Check SOURCES, .linc files: structure, checksums, entropy decoding, digest.

\b
Examples:
  linc verify clip.linc
  linc verify clip.linc --structure      checksums only
  linc verify clip.linc --render         renders every frame too
  linc verify coded/*.linc               each; exit code 9 if any is damaged
"""


@click.command("verify", cls=SectionedCommand, help=_HELP)
@click.argument("sources", nargs=-1, required=True)
@option("Depth", "--structure", is_flag=True, help="Only structure and checksums: quick.")
@option("Depth", "--render", is_flag=True, help="Render every frame too: slow.")
@limit_option()
@output_options(progress=True)
@click.pass_obj
def verify(
    session: Session,
    /,
    sources: tuple[str, ...],
    structure: bool,
    render: bool,
    limits: Limits,
) -> None:
    """Print that files are sound; one that is not ends in an error. Help text above."""
    if structure and render:
        raise UsageError("--structure and --render cannot be used together")

    def one(source: str) -> None:
        paths.check_input(source)
        from lincodec.decoder.verify import verify as check

        with session.reporter() as progress:
            found = check(
                source, render=render, structure_only=structure, limits=limits, progress=progress
            )
        for warning in found.warnings:
            session.warn(warning)
        session.result(report.plain_fields(found), report.verify_text(found))

    each(session, sources, one)
