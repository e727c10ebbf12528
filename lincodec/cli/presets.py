"""``linc presets``: list the encoder presets."""

from __future__ import annotations

import click

from lincodec.cli import report
from lincodec.cli.options import SectionedCommand, output_options
from lincodec.cli.session import Session

_HELP = """List the presets of linc encode, fastest first."""


@click.command("presets", cls=SectionedCommand, help=_HELP)
@output_options(progress=False)
@click.pass_obj
def presets(session: Session, /) -> None:
    """Print the table; the help text is above."""
    from lincodec.presets import PRESETS

    found = [report.plain_fields(preset) for preset in PRESETS.values()]
    session.result({"presets": found}, report.presets_text(found))
