"""``linc encode``: fit a video and write a .linc file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lincodec.cli import paths, report
from lincodec.cli.encode_options import encode_options, jobs_option, options_from, source_cache
from lincodec.cli.many import each
from lincodec.cli.options import (
    SectionedCommand,
    option,
    output_options,
    overwrite_options,
    value,
)
from lincodec.cli.rate import nominal_fps
from lincodec.cli.session import Session
from lincodec.cli.values import parse_shard
from lincodec.errors import InputError, LincError, UsageError
from lincodec.options import EncodeOptions
from lincodec.video.pipes import reads_once

if TYPE_CHECKING:
    from lincodec.encoder.parts import Executor

_HELP = """Fit SOURCES and write .linc files; one is a video, or - for y4m on standard input.

\b
Examples:
  linc encode clip.mp4                          writes clip.linc
  linc encode clip.mp4 -o small.linc --size 500k
  linc encode clip.mp4 --preset fast --max-time 10m
  linc encode clip.mp4 --resume                 goes on after a crash
  linc encode a.mp4 b.mp4 --out-dir coded       a folder: linc batch
  linc encode clip.mp4 --psnr 34 --start 10 --duration 5
  linc encode clip.mp4 --dry-run                what it would come to
  linc encode clip.mp4 --align models/clip-vit-base-patch32
  ffmpeg -i clip.mp4 -f yuv4mpegpipe - | linc encode - -o clip.linc

Press Ctrl-C once to finish with what there is, twice to stop without a file.
At most one of --quality, --psnr, --ms-ssim, --size, --bitrate and --bpp can be given.
"""

#: Seconds that are left of ``--max-time`` at least when encoding begins.
_LEAST_TIME = 0.1


@click.command("encode", cls=SectionedCommand, help=_HELP)
@click.argument("sources", nargs=-1, required=True)
@option("Output", "-o", "--output", metavar="FILE", help="Default: SOURCE with .linc as suffix.")
@option("Output", "--out-dir", metavar="DIR", help="Folder of the outputs; several SOURCES may be.")
@overwrite_options()
@encode_options()
@option(
    "Time",
    "--resume",
    is_flag=True,
    help="Keep finished segments beside the output, and go on where such an encode was stopped.",
)
@jobs_option("Worker processes that fit parts side by side; the bytes are those of one.")
@option(
    "Time",
    "--ray",
    metavar="ADDRESS",
    help="Have parts fitted by a Ray cluster: host:port, or auto (extra: cluster).",
)
@value(
    "Time",
    "--shard",
    parse=parse_shard,
    metavar="I/N",
    help="Fit every Nth part from the Ith, from 0, into OUTPUT.parts; see linc assemble.",
)
@option(
    "File",
    "--dry-run",
    is_flag=True,
    help="Encode a short sample, predict size and time, and write nothing.",
)
@output_options(progress=True)
@click.pass_obj
def encode(
    session: Session, /, sources: tuple[str, ...], output: str | None, out_dir: str | None,
    **given: Any,
) -> None:  # fmt: skip
    """Run the jobs and report them; the help text is above."""
    if output is not None and (out_dir is not None or len(sources) > 1):
        raise UsageError("-o is the output of one source; expected --out-dir for several")
    if output is None:
        targets = paths.default_outputs(sources, ".linc", out_dir)
    else:
        targets = {sources[0]: output}
    each(session, sources, lambda source: _encode(session, source, targets[source], given))


def _encode(session: Session, source: str, target: str, given: dict[str, Any]) -> None:
    """One video, or the copy of one behind a URI."""
    from lincodec.cluster.remote import SourceCache

    if os.path.isdir(source):
        raise InputError(f"{source}: is a directory; linc batch encodes all videos below it")
    folder, limit = source_cache(given)
    with SourceCache(Path(folder), limit).local(source) as copy:
        _encode_file(session, copy, target, given)


def _encode_file(session: Session, source: str, target: str, given: dict[str, Any]) -> None:
    """One video on this machine."""
    paths.check_input(source, pipes=True)
    if target == paths.STANDARD:
        raise UsageError("a .linc file cannot go to standard output; name a file with -o")
    options = options_from(given, lambda: nominal_fps(source))
    if given["dry_run"]:
        from lincodec.encoder.forecast import forecast

        found = forecast(source, target, options)
        session.result(report.plain_fields(found), report.forecast_text(found))
        return
    if given["shard"]:
        _fit_shard(session, source, target, options, given["shard"], given["jobs"])
        return
    finished = options.resume and not given["yes"] and is_finished(target)
    overwrite = paths.settle_output(source, target, yes=given["yes"], no=given["no"] or finished)
    if options.preset_table is None and options.max_time is None:
        _say_how_long(session, source, options)

    with (
        _journal_noted(session, target, resume=options.resume),
        session.reporter() as progress,
        session.interrupts.finishing(quiet=session.quiet) as stop,
    ):
        from lincodec.encoder.encode import encode as run

        if options.max_time is not None:  # loading what encodes counts too
            left = options.max_time - (time.monotonic() - session.begun)
            options = replace(options, max_time=max(left, _LEAST_TIME))
        with _executor(given["jobs"], given["ray"]) as executor:
            done = run(
                source, target, options, progress=progress, stop=stop, overwrite=overwrite,
                executor=executor,
            )  # fmt: skip
    for warning in done.warnings:
        session.warn(warning)
    session.result(report.encode_fields(done), report.encode_text(done))


def is_finished(target: str) -> bool:
    """Whether an encode with ``--resume`` has come to its end: its file is there, no journal is."""
    from lincodec.encoder.journal import journal_path

    return os.path.exists(target) and not journal_path(target).exists()


def _executor(jobs: int, ray: str | None) -> AbstractContextManager[Executor | None]:
    """Who fits the parts; None: the encoder itself."""
    if jobs == 1 and ray is None:
        return nullcontext()
    from lincodec.cluster.pool import workers

    return workers(jobs, ray)


def _fit_shard(
    session: Session, source: str, target: str, options: EncodeOptions, shard: tuple[int, int],
    jobs: int,
) -> None:  # fmt: skip
    """Fit one machine's share of the parts, and say what is left."""
    from lincodec.cluster.pool import workers
    from lincodec.cluster.shards import PartFolder, Shard
    from lincodec.encoder.encode import fit_share

    folder = PartFolder.beside(target)
    folder.begin(source, options)
    with (
        session.reporter() as progress,
        session.interrupts.finishing(quiet=session.quiet) as stop,
        workers(jobs) as executor,
    ):
        fitted, missing = fit_share(
            source, options, folder, executor, Shard(*shard).takes, progress=progress, stop=stop
        )
    fields = {"output": str(folder.path), "fitted": fitted, "missing": missing}
    text = f"{folder.path}  {fitted} parts fitted, {missing} missing"
    session.result(fields, f"{text}; then: linc assemble {folder.path}")


def _say_how_long(session: Session, source: str, options: EncodeOptions) -> None:
    """Say about how long it will take, and what would be quicker."""
    from lincodec.encoder.expectation import expectation
    from lincodec.video.probe import probe

    if reads_once(source) or session.quiet:
        return
    try:
        header = probe(source)
    except LincError:  # the encode will say what is wrong
        return
    rate, frames = float(header.info.fps), float(header.estimated_frames or 0)
    begin, end = max(options.span.start or 0.0, 0.0), options.span.end
    if end is not None and end >= 0:
        frames = min(frames, end * rate)
    frames = max(frames - begin * rate, 0.0)
    if options.span.frames is not None:
        frames = min(frames, options.span.frames)
    samples = header.info.width * header.info.height
    said = expectation(options.preset, samples * frames / options.hold_out / 1e6)
    if said:
        session.note(f"{options.preset}: {said}")


@contextmanager
def _journal_noted(session: Session, target: str, *, resume: bool) -> Iterator[None]:
    """Say where finished segments are when the job does not come to its end."""
    try:
        yield
    except BaseException:
        from lincodec.encoder.journal import journal_path

        path = journal_path(target)
        if resume and path.exists():
            session.note(f"finished segments are in {path}; the same command goes on from there")
        raise
