"""``linc cut``: keep some segments of a .linc file, as they are."""

from __future__ import annotations

from typing import Any

import click

from lincodec.cli import paths, report
from lincodec.cli.options import (
    SectionedCommand,
    option,
    output_options,
    overwrite_options,
    span_from,
    span_options,
)
from lincodec.cli.rate import nominal_fps
from lincodec.cli.session import Session
from lincodec.errors import UsageError

_HELP = """Keep the segments of SOURCE, a .linc file, that hold the frames asked for.

\b
Examples:
  linc cut film.linc -o scene.linc --start 1m30s --duration 20
  linc cut film.linc --end 300f               writes film.cut.linc

Nothing is coded again, so the new file begins and ends at segment borders and may hold some
frames more than asked for. linc info lists the segments.
"""


@click.command("cut", cls=SectionedCommand, help=_HELP)
@click.argument("source")
@option("Output", "-o", "--output", metavar="FILE", help="Default: SOURCE with .cut.linc.")
@overwrite_options()
@span_options()
@output_options(progress=False)
@click.pass_obj
def cut(
    session: Session, /, source: str, output: str | None, yes: bool, no: bool, **span: Any
) -> None:
    """Run the job and report it; the help text is above."""
    if source == paths.STANDARD:
        raise UsageError("a .linc file cannot come from standard input; name a file")
    paths.check_input(source)
    target = output or paths.default_output(source, ".cut.linc")
    overwrite = paths.settle_output(source, target, yes=yes, no=no)
    part = span_from(**span, fps=lambda: nominal_fps(source))
    from lincodec.tools.edit import cut as run

    done = run(source, target, part, overwrite=overwrite)
    for warning in done.warnings:
        session.warn(warning)
    session.result(report.plain_fields(done), report.edit_text(done))
