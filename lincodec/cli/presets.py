"""``linc presets``: list the encoder presets."""

from __future__ import annotations

import click

from lincodec.cli import report
from lincodec.cli.config import own_presets
from lincodec.cli.options import SectionedCommand, output_options
from lincodec.cli.session import Session

_HELP = """List the presets of linc encode, fastest first, and what was measured of them.

Presets of your own are tables of the configuration file, and come last:

\b
  [presets.tiny]
  base = "medium"      the preset it is made from
  quality = 48         and any field that linc presets --json shows
  segment = 24
"""


@click.command("presets", cls=SectionedCommand, help=_HELP)
@output_options(progress=False)
@click.pass_obj
def presets(session: Session, /) -> None:
    """Print the table; the help text is above."""
    from lincodec.encoder.preset_choice import own_preset
    from lincodec.encoder.presets import PRESETS, measurements

    taken = measurements()
    own = (own_preset(name, table) for name, table in own_presets().items())
    found = [
        {**report.plain_fields(preset), "measured": taken["presets"].get(preset.name)}
        for preset in (*PRESETS.values(), *own)
    ]
    about = {"clips": taken["clips"], "cpu_count": taken["machine"]["cpu_count"]}
    session.result({"presets": found, "measured_on": about}, report.presets_text(found, **about))
