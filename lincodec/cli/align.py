"""``linc align``: align a finished file to an embedding model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lincodec.cli import paths, report
from lincodec.cli.many import each
from lincodec.cli.options import (
    SectionedCommand,
    align_weight_option,
    option,
    output_options,
    overwrite_options,
    value,
)
from lincodec.cli.session import Session
from lincodec.cli.text import human_bytes, human_time, printable
from lincodec.cli.values import parse_moment
from lincodec.errors import UsageError

if TYPE_CHECKING:
    from lincodec.semantics.teacher import Teacher

_HELP = """Align the latents of .linc files to an embedding model, so that it can be searched.

The video in a file stays as it is, bit for bit; a section of about a kilobyte a segment
is added, or replaced if the file has one for this model.

\b
Examples:
  linc align clip.linc --model models/clip-vit-base-patch32
  linc align clip.linc --model conse --source clip.mp4
  linc align clip.linc --model conse -o other.linc
  linc align coded/*.linc --model conse          the model is loaded once

The model is conse (weights from packages) or a directory that holds a CLIP, SigLIP or
VideoLLaMA3 model as transformers stores it. Nothing is downloaded.
"""


@click.command("align", cls=SectionedCommand, help=_HELP)
@click.argument("files", nargs=-1, required=True)
@option("Meaning", "--model", required=True, metavar="MODEL", help="conse, or a directory.")
@align_weight_option()
@option(
    "Frames",
    "--source",
    metavar="VIDEO",
    help="The video that was encoded; default: the frames of the file itself.",
)
@value(
    "Frames",
    "--start",
    parse=parse_moment,
    metavar="TIME",
    help="What --start was when it was encoded.",
)
@option("Output", "-o", "--output", metavar="FILE", help="Default: FILE itself.")
@overwrite_options()
@output_options(progress=True)
@click.pass_obj
def align(session: Session, /, files: tuple[str, ...], output: str | None, **given: Any) -> None:
    """Run the jobs and report them; the help text is above."""
    if len(files) > 1 and (output is not None or given["source"] is not None):
        raise UsageError("-o and --source are of one file; several are aligned as they are")
    teacher: Teacher | None = None

    def one(file: str) -> None:
        nonlocal teacher
        paths.check_input(file)
        if teacher is None and len(files) > 1:
            from lincodec.semantics.teachers import load_teacher

            teacher = load_teacher(given["model"], paths.cache_folder())
        _align(session, file, output, given, teacher)

    each(session, files, one)


def _align(
    session: Session, file: str, output: str | None, given: dict[str, Any], teacher: Teacher | None
) -> None:
    """One file."""
    if output is not None:
        paths.settle_output(file, output, yes=given["yes"], no=given["no"])
    start = given["start"]
    if given["source"] is not None:
        paths.check_input(given["source"])
    with session.reporter() as progress:
        from lincodec.cli.rate import nominal_fps
        from lincodec.semantics.align import AlignOptions
        from lincodec.semantics.align import align as run

        rate = nominal_fps(given["source"] or file) if start and start.frames is not None else 1.0
        options = AlignOptions(
            model=given["model"],
            weight=given["align_weight"],
            source=given["source"],
            start=None if start is None else start.at(rate),
            cache=paths.cache_folder(),
        )
        done = run(file, output or file, options, progress=progress, teacher=teacher)
    text = (
        f"{printable(done.output)}  aligned to {printable(done.model)}  "
        f"{done.frames} frames  cosine {done.cosine:.3f}  "
        f"+{human_bytes(done.bytes_added)}  in {human_time(done.seconds)}"
    )
    session.result(report.plain_fields(done), text)
