"""``linc presets``: list the encoder presets."""

from __future__ import annotations

import click

from lincodec.cli import report
from lincodec.cli.options import SectionedCommand, output_options
from lincodec.cli.session import Session

_HELP = """List the presets of linc encode, fastest first, and what was measured of them."""


@click.command("presets", cls=SectionedCommand, help=_HELP)
@output_options(progress=False)
@click.pass_obj
def presets(session: Session, /) -> None:
    """Print the table; the help text is above."""
    from lincodec.encoder.presets import PRESETS, measurements

    taken = measurements()
    found = [
        {**report.plain_fields(preset), "measured": taken["presets"][name]}
        for name, preset in PRESETS.items()
    ]
    about = {"clips": taken["clips"], "cpu_count": taken["machine"]["cpu_count"]}
    session.result({"presets": found, "measured_on": about}, report.presets_text(found, **about))
