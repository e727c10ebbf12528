"""``linc doctor``: say what linc finds on this machine."""

from __future__ import annotations

import click

from lincodec.cli import paths
from lincodec.cli.options import SectionedCommand, option, output_options
from lincodec.cli.session import Session
from lincodec.cli.text import printable, table
from lincodec.errors import ResourceError

_HELP = """Say what linc finds on this machine: core, devices, extras, models, folders.

\b
Examples:
  linc doctor
  linc doctor --folder /mnt/library --model conse
  linc doctor --json -q                exit code 8 when something is broken
"""


@click.command("doctor", cls=SectionedCommand, help=_HELP)
@option(
    "Wanted",
    "--folder",
    "folders",
    multiple=True,
    metavar="DIR",
    help="One that must be writable, with a gigabyte free; may be repeated.",
)
@option(
    "Wanted",
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="An embedding model that must load, see linc align; may be repeated.",
)
@output_options(progress=False)
@click.pass_obj
def doctor(session: Session, /, folders: tuple[str, ...], models: tuple[str, ...]) -> None:
    """Print the findings; the help text is above."""
    from lincodec.tools.doctor import Health, examine

    found = examine([*(folders or ["."]), paths.cache_folder()], models)
    rows = [(each.health.value, printable(each.what), printable(each.detail)) for each in found]
    fields = [{"what": f.what, "health": f.health.value, "detail": f.detail} for f in found]
    broken = [each.what for each in found if each.health is Health.BROKEN]
    session.result({"findings": fields, "broken": broken}, table(rows))
    if broken:
        raise click.exceptions.Exit(ResourceError.exit_code)
