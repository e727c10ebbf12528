"""``linc compare``: measure a video against its original."""

from __future__ import annotations

from typing import Any

import click

from lincodec.cli import paths, report
from lincodec.cli.options import SectionedCommand, option, output_options, span_from, span_options
from lincodec.cli.rate import nominal_fps
from lincodec.cli.session import Session

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
@span_options()
@output_options(progress=False)
@click.pass_obj
def compare(
    session: Session, /, reference: str, distorted: str, per_frame: str | None, **span: Any
) -> None:
    """Print the figures; the help text is above."""
    for path in (reference, distorted):
        paths.check_input(path)
    part = span_from(**span, fps=lambda: nominal_fps(reference))
    from lincodec.compare import compare as measure

    found = report.plain_fields(measure(reference, distorted, part))
    frames = found.pop("per_frame", [])
    if per_frame is not None:
        report.write_csv(per_frame, frames)
    session.result(found, report.compare_text(found))
