"""``linc concat``: join .linc files, segments as they are."""

from __future__ import annotations

import click

from lincodec.cli import paths, report
from lincodec.cli.options import SectionedCommand, option, output_options, overwrite_options
from lincodec.cli.session import Session
from lincodec.errors import UsageError

_HELP = """Join SOURCES, .linc files of the same size, rate, colour and preset, in order.

\b
Examples:
  linc concat one.linc two.linc -o both.linc
  linc concat *.linc -o all.linc --audio none

Nothing is coded again. Every file begins a new shot: no frames are made up between two.
"""


@click.command("concat", cls=SectionedCommand, help=_HELP)
@click.argument("sources", nargs=-1, required=True)
@option("Output", "-o", "--output", metavar="FILE", required=True, help="The new .linc file.")
@overwrite_options()
@option(
    "Output",
    "--audio",
    type=click.Choice(["copy", "none"]),
    default="copy",
    show_default=True,
    help="Join the audio too, or leave it out.",
)
@output_options(progress=False)
@click.pass_obj
def concat(
    session: Session, /, sources: tuple[str, ...], output: str, yes: bool, no: bool, audio: str
) -> None:
    """Run the job and report it; the help text is above."""
    if len(sources) < 2:
        raise UsageError(f"{len(sources)} file to join; expected two or more")
    for source in sources:
        if source == paths.STANDARD:
            raise UsageError("a .linc file cannot come from standard input; name a file")
        paths.check_input(source)
    settled = [paths.settle_output(source, output, yes=yes, no=no) for source in sources[:1]]
    for source in sources[1:]:
        paths.settle_output(source, output, yes=True, no=False)
    from lincodec.tools.edit import concat as run

    done = run(sources, output, audio=audio == "copy", overwrite=settled[0])
    for warning in done.warnings:
        session.warn(warning)
    session.result(report.plain_fields(done), report.edit_text(done))
