"""``linc compare``: measure a video against its original."""

from __future__ import annotations

from typing import Any

import click

from lincodec.cli import paths, report
from lincodec.cli.options import SectionedCommand, option, output_options, span_from, span_options
from lincodec.cli.rate import is_linc, nominal_fps
from lincodec.cli.session import Session
from lincodec.errors import UsageError

_HELP = """Measure DISTORTED against REFERENCE frame by frame; either may be a .linc file.

\b
Examples:
  linc compare clip.mp4 clip.linc
  linc compare clip.mp4 other.mp4 --json
  linc compare clip.mp4 clip.linc --per-frame frames.csv
"""


@click.command("compare", cls=SectionedCommand, help=_HELP)
@click.argument("reference")
@click.argument("distorted")
@option("Output", "--per-frame", metavar="FILE", help="Write the figures of every frame as CSV.")
@option(
    "Output", "--ms-ssim/--no-ms-ssim", default=True, show_default=True, help="The slowest figure."
)
@span_options()
@output_options(progress=True)
@click.pass_obj
def compare(
    session: Session,
    /,
    reference: str,
    distorted: str,
    per_frame: str | None,
    ms_ssim: bool,
    **span: Any,
) -> None:
    """Print the figures; the help text is above."""
    if reference == distorted == paths.STANDARD:
        raise UsageError("only one of the two can be standard input")
    for path in (reference, distorted):
        paths.check_input(path, pipes=not is_linc(path))
    if per_frame is not None:
        paths.settle_output(reference, per_frame, yes=True, no=False)
        paths.settle_output(distorted, per_frame, yes=True, no=False)
    part = span_from(**span, fps=lambda: nominal_fps(reference))
    from lincodec.tools.compare import compare as measure

    with session.reporter() as progress:
        found = measure(reference, distorted, part, ms_ssim=ms_ssim, progress=progress)
    for warning in found.warnings:
        session.warn(warning)
    fields = report.plain_fields(found)
    frames = fields.pop("per_frame")
    if per_frame is not None:
        report.write_csv(per_frame, frames)
    session.result(fields, report.compare_text(fields))
