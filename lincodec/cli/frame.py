"""``linc frame``: one still at any time, or a sheet of many, as PNG."""

from __future__ import annotations

from typing import Any

import click

from lincodec.cli import paths, report
from lincodec.cli.options import (
    SectionedCommand,
    crop_option,
    option,
    output_options,
    overwrite_options,
    upscale_option,
    value,
)
from lincodec.cli.rate import nominal_fps, shown_size
from lincodec.cli.session import Session
from lincodec.cli.values import Moment, Resolution, parse_grid, parse_moment, parse_resolution
from lincodec.crop import Crop
from lincodec.errors import UsageError

_HELP = """Write the picture of SOURCE, a .linc file, at a time; between frames too.

\b
Examples:
  linc frame clip.linc -t 3.2                      writes clip.png
  linc frame clip.linc -t 80f --res 4k -o still.png
  linc frame clip.linc --contact-sheet 4x3 --res 320x180

Only the segment that holds the time is read.
"""


@click.command("frame", cls=SectionedCommand, help=_HELP)
@click.argument("source")
@value(
    "Picture",
    "-t",
    "--time",
    parse=parse_moment,
    metavar="TIME",
    help="3.2, 00:01:02.5, 1m30s or 300f (frames); negative: from the end. [default: 0]",
)
@value(
    "Picture",
    "--contact-sheet",
    "grid",
    parse=parse_grid,
    metavar="COLSxROWS",
    help="So many pictures at even distances instead.",
)
@value("Picture", "--res", parse=parse_resolution, metavar="SIZE", help="As for linc decode.")
@crop_option()
@upscale_option()
@option("Output", "-o", "--output", metavar="FILE", help="Default: SOURCE with .png as suffix.")
@overwrite_options()
@output_options(progress=False)
@click.pass_obj
def frame(session: Session, /, source: str, output: str | None, **given: Any) -> None:
    """Run the job and report it; the help text is above."""
    time: Moment | None = given["time"]
    if time is not None and given["grid"] is not None:
        raise UsageError("--time and --contact-sheet cannot be used together")
    if source == paths.STANDARD:
        raise UsageError("a .linc file cannot come from standard input; name a file")
    paths.check_input(source)
    target = output or paths.default_output(source, ".png")
    if not target.lower().endswith(".png"):
        raise UsageError(f"{target}: stills are written as PNG; name it .png")
    overwrite = paths.settle_output(source, target, yes=given["yes"], no=given["no"])
    size, crop = _size(source, given["res"], given["crop"]), given["crop"]
    from lincodec.decoder import stills

    if given["grid"] is not None:
        done = stills.contact_sheet(
            source, target, given["grid"], size=size, crop=crop, upscale=given["upscale"],
            overwrite=overwrite,
        )  # fmt: skip
    else:
        moment = time or Moment(seconds=0.0)
        fps = nominal_fps(source) if moment.frames is not None else 1.0
        done = stills.still(
            source, target, moment.at(fps), size=size, crop=crop, upscale=given["upscale"],
            overwrite=overwrite,
        )  # fmt: skip
    session.result(report.plain_fields(done), report.still_text(done))


def _size(source: str, wish: Resolution | None, crop: Crop | None) -> tuple[int, int] | None:
    """(width, height) of a picture; None: native."""
    if wish is None or wish.size is not None:
        return None if wish is None else wish.size
    width, height = shown_size(source, crop)
    if wish.box is not None:
        return wish.fitted(width, height)
    scale = wish.scale or 1.0
    return max(1, round(width * scale)), max(1, round(height * scale))
