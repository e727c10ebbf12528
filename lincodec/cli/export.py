"""``linc export``: a page with the video inside, an MP4 of a size, or the player's script."""

from __future__ import annotations

from typing import Any

import click

from lincodec.cli import paths, report
from lincodec.cli.options import (
    SectionedCommand,
    option,
    output_options,
    overwrite_options,
    value,
)
from lincodec.cli.session import Session
from lincodec.cli.values import parse_size
from lincodec.errors import UsageError

_HELP = """Write something that others can play of SOURCE, a .linc file.

\b
Examples:
  linc export clip.linc                         writes clip.html
  linc export clip.linc --title "On the beach"
  linc export clip.linc --mp4 --size 20MB       writes clip.mp4
  linc export --player                          writes linc-video.js

A page holds the video and a player for it, and needs neither a network nor anything
installed. An MP4 is H.264 and AAC; with --size it takes several tries. The script makes
<linc-video src="clip.linc"> known to a page of yours; see docs/web.md.
"""

_KINDS = {"html": ".html", "mp4": ".mp4", "player": ".js"}


@click.command("export", cls=SectionedCommand, help=_HELP)
@click.argument("source", required=False)
@option(
    "Output", "--html", "kind", flag_value="html", help="A page with the video inside (default)."
)
@option("Output", "--mp4", "kind", flag_value="mp4", help="An MP4 that plays anywhere.")
@option("Output", "--player", "kind", flag_value="player", help="The player's script alone.")
@value(
    "Output", "--size", parse=parse_size, metavar="BYTES",
    help="At most so large an MP4: 20MB, 500kB.",
)  # fmt: skip
@option("Output", "--title", metavar="TEXT", help="Of the page.  [default: the file's name]")
@option("Output", "-o", "--output", metavar="FILE", help="Default: SOURCE with another suffix.")
@overwrite_options()
@output_options(progress=True)
@click.pass_obj
def export(session: Session, /, source: str | None, output: str | None, **given: Any) -> None:
    """Run the job and report it; the help text is above."""
    kind: str = given["kind"] or "html"
    if given["size"] is not None and kind != "mp4":
        raise UsageError("--size is of an MP4; add --mp4")
    if given["title"] is not None and kind != "html":
        raise UsageError("--title is of a page; leave it out")
    if (source is None) != (kind == "player"):
        raise UsageError(
            "--player takes no file" if source else "name a .linc file, or ask for --player"
        )
    if source == paths.STANDARD:
        raise UsageError("a .linc file cannot come from standard input; name a file")
    if source is not None:
        paths.check_input(source)
    target = output or (
        "linc-video.js" if source is None else paths.default_output(source, _KINDS[kind])
    )
    overwrite = paths.settle_output(
        source or paths.STANDARD, target, yes=given["yes"], no=given["no"]
    )
    with session.reporter() as progress:
        from lincodec.web import export as run

        if source is None:
            done = run.export_player(target, overwrite=overwrite)
        elif kind == "mp4":
            done = run.export_mp4(
                source, target, given["size"], progress=progress, overwrite=overwrite
            )
        else:
            done = run.export_page(source, target, given["title"], overwrite=overwrite)
    session.result(report.plain_fields(done), report.export_text(done))
