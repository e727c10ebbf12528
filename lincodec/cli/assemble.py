"""``linc assemble``: put the parts that machines fitted together."""

from __future__ import annotations

import os

import click

from lincodec.cli import paths, report
from lincodec.cli.encode_options import jobs_option
from lincodec.cli.options import SectionedCommand, option, output_options, overwrite_options
from lincodec.cli.session import Session
from lincodec.errors import UsageError

_HELP = """Write the .linc file whose parts are in FOLDER; parts that are missing are fitted here.

\b
Examples:
  linc encode clip.mp4 -o clip.linc --shard 0/2     on one machine
  linc encode clip.mp4 -o clip.linc --shard 1/2     on another
  linc assemble clip.linc.parts                     writes clip.linc

The bytes are those of linc encode without --shard.
"""


@click.command("assemble", cls=SectionedCommand, help=_HELP)
@click.argument("folder")
@option("Output", "-o", "--output", metavar="FILE", help="Default: FOLDER without .parts.")
@option("Output", "--keep", is_flag=True, help="Keep the folder once the file is written.")
@overwrite_options()
@jobs_option("Worker processes for parts that are missing.")
@output_options(progress=True)
@click.pass_obj
def assemble(
    session: Session,
    /,
    folder: str,
    output: str | None,
    keep: bool,
    yes: bool,
    no: bool,
    jobs: int,
) -> None:
    """Run the job and report it; the help text is above."""
    stem, suffix = os.path.splitext(folder.rstrip("/"))
    if output is None and suffix != ".parts":
        raise UsageError(f"{folder}: name the output with -o")
    target = output or stem
    from lincodec.cluster.pool import workers
    from lincodec.cluster.shards import PartFolder
    from lincodec.encoder.encode import encode

    parts = PartFolder.at(folder)
    source, options = parts.encode()
    overwrite = paths.settle_output(source, target, yes=yes, no=no)
    with (
        session.reporter() as progress,
        session.interrupts.finishing(quiet=session.quiet) as stop,
        workers(jobs) as executor,
    ):
        done = encode(
            source, target, options, progress=progress, stop=stop, overwrite=overwrite,
            executor=executor, store=parts,
        )  # fmt: skip
    if not keep:
        parts.remove()
    for warning in done.warnings:
        session.warn(warning)
    session.result(report.encode_fields(done), report.encode_text(done))
