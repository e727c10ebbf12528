"""``linc plot``: pictures of latents and of benchmark results."""

from __future__ import annotations

import os

import click

from lincodec.cli import paths
from lincodec.cli.options import SectionedCommand, option, output_options, overwrite_options
from lincodec.cli.session import Session
from lincodec.cli.text import printable

_HELP = """Draw the latents of a file, or what a benchmark measured.

\b
Examples:
  linc plot latents clip.linc -o clip.html    hover, click: pictures
  linc plot latents clip.linc -o clip.png
  linc plot rd results.json -o results.png
"""


@click.group("plot", help=_HELP)
def plot() -> None:
    """Replaced by the help text above."""


@plot.command("latents", cls=SectionedCommand)
@click.argument("file")
@option("Output", "-o", "--output", metavar="FILE", help="A .html or .png; default: FILE.html.")
@overwrite_options()
@option("Map", "--space", metavar="NAME", help="latents, or a model the file is aligned to.")
@option(
    "Map",
    "--method",
    type=click.Choice(["auto", "pca", "umap"]),
    default="auto",
    show_default=True,
    help="auto: UMAP when umap-learn is installed.",
)
@output_options(progress=False)
@click.pass_obj
def latents(
    session: Session,
    /,
    file: str,
    output: str | None,
    space: str | None,
    method: str,
    yes: bool,
    no: bool,
) -> None:
    """Draw one point a frame of FILE, coloured by time."""
    paths.check_input(file)
    target = output or os.path.splitext(file)[0] + ".html"
    paths.settle_output(file, target, yes=yes, no=no)
    from lincodec.plots.latents import plot_latents

    found = plot_latents(file, target, space, method)
    fields = {
        "output": target,
        "frames": len(found.times),
        "space": found.space,
        "method": found.projection.method,
    }
    text = (
        f"{printable(target)}  {len(found.times)} frames  {found.space}  {found.projection.about}"
    )
    session.result(fields, text)


@plot.command("rd", cls=SectionedCommand)
@click.argument("results")
@option("Output", "-o", "--output", required=True, metavar="FILE", help="A .png or .svg.")
@overwrite_options()
@option(
    "Figure",
    "--figure",
    type=click.Choice(["psnr_rgb", "psnr_y", "psnr_yuv", "ms_ssim"]),
    default="psnr_rgb",
    show_default=True,
    help="What is on the y axis.",
)
@output_options(progress=False)
@click.pass_obj
def rd(session: Session, /, results: str, output: str, figure: str, yes: bool, no: bool) -> None:
    """Draw rate against distortion from RESULTS, a JSON of benchmarks/codec/rd.py."""
    paths.check_input(results)
    paths.settle_output(results, output, yes=yes, no=no)
    from lincodec.plots.rd import plot_rd, read_results

    found = read_results(results)
    plot_rd(found["points"], found["title"], output, figure)
    fields = {"output": output, "points": len(found["points"])}
    session.result(fields, f"{printable(output)}  {len(found['points'])} points")
