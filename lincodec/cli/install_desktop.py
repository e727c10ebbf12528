"""``linc install-desktop``: file type, thumbnails and "open with" of desktops that follow XDG."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from lincodec.cli import paths
from lincodec.cli.options import SectionedCommand, option, output_options
from lincodec.cli.session import Session

_HELP = """Make this desktop know .linc files: open them with linc play, show thumbnails.

\b
Examples:
  linc install-desktop
  linc install-desktop --remove

For desktops that follow freedesktop.org (GNOME, KDE, Xfce ...); only files of yours are
written, below ~/.local/share.
"""


@click.command("install-desktop", cls=SectionedCommand, help=_HELP)
@option("Desktop", "--remove", is_flag=True, help="Take it back.")
@output_options(progress=False)
@click.pass_obj
def install_desktop(session: Session, /, **given: Any) -> None:
    """Write or remove the files; the help text is above."""
    from lincodec.system import desktop

    data = Path(paths.data_folder())
    found = desktop.uninstall(data) if given["remove"] else desktop.install(data, _command())
    verb = "removed" if given["remove"] else "wrote"
    fields = {"files": [str(path) for path in found], "removed": bool(given["remove"])}
    session.result(fields, "\n".join(f"{verb} {path}" for path in found) or "nothing was there")


def _command() -> list[str]:
    """What runs linc: its script, else this interpreter."""
    script = shutil.which("linc", path=os.path.dirname(sys.executable)) or shutil.which("linc")
    return [script] if script else [sys.executable, "-m", "lincodec"]
