"""``linc encode``: fit a video and write a .linc file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import click

from lincodec.cli import paths, report
from lincodec.cli.config import own_presets
from lincodec.cli.options import (
    SectionedCommand,
    align_weight_option,
    backend_option,
    device_option,
    exclusive,
    option,
    output_options,
    overwrite_options,
    span_from,
    span_options,
    value,
)
from lincodec.cli.rate import nominal_fps
from lincodec.cli.session import Session
from lincodec.cli.values import parse_bitrate, parse_duration, parse_pair, parse_size
from lincodec.encoder.preset_choice import resolve
from lincodec.errors import LincError, UsageError
from lincodec.options import RATES, EncodeOptions
from lincodec.video.pipes import reads_once

_HELP = """Fit SOURCE and write a .linc file; SOURCE is a video or - for y4m on standard input.

\b
Examples:
  linc encode clip.mp4                          writes clip.linc
  linc encode clip.mp4 -o small.linc --size 500k
  linc encode clip.mp4 --preset fast --max-time 10m
  linc encode clip.mp4 --resume                 goes on after a crash
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
@click.argument("source")
@option("Output", "-o", "--output", metavar="FILE", help="Default: SOURCE with .linc as suffix.")
@overwrite_options()
@option(
    "Rate and quality",
    "--preset",
    default="medium",
    show_default=True,
    metavar="NAME",
    help="Speed against size; see linc presets.",
)
@option(
    "Rate and quality",
    "--quality",
    type=float,
    metavar="Q",
    help="Quantiser quality like a crf: lower is better and larger.",
)
@option(
    "Rate and quality",
    "--psnr",
    type=click.FloatRange(min=0, min_open=True),
    metavar="DB",
    help="Reach this RGB PSNR in every segment.",
)
@option(
    "Rate and quality",
    "--ms-ssim",
    type=click.FloatRange(min=0, max=1, min_open=True, max_open=True),
    metavar="VALUE",
    help="Reach this MS-SSIM of luma in every segment: 0.95 is fair, 0.99 hard to tell apart.",
)
@value(
    "Rate and quality",
    "--size",
    parse=parse_size,
    metavar="SIZE",
    help="Size of the file less its audio: 2MB, 800k.",
)
@value(
    "Rate and quality",
    "--bitrate",
    parse=parse_bitrate,
    metavar="RATE",
    help="Bits per second less the audio: 800k, 1.5M.",
)
@option(
    "Rate and quality",
    "--bpp",
    type=click.FloatRange(min=0, min_open=True),
    metavar="BPP",
    help="Bits per pixel less the audio.",
)
@option(
    "Time",
    "--resume",
    is_flag=True,
    help="Keep finished segments beside the output, and go on where such an encode was stopped.",
)
@value(
    "Time",
    "--max-time",
    parse=parse_duration,
    metavar="TIME",
    help="Finish after this long with what there is: 90, 10m.",
)
@span_options()
@option(
    "Part",
    "--hold-out",
    type=click.IntRange(1, 1000),
    default=1,
    metavar="N",
    help="Fit every Nth frame only, at its own time; decode --fps-scale N makes up the others.",
)
@option(
    "Model",
    "--segment",
    type=click.IntRange(min=1),
    metavar="N",
    help="Most frames that share one model.",
)
@option(
    "Model",
    "--scene-cut/--no-scene-cut",
    default=None,
    help="Start a segment at every scene cut; default: as the preset says.",
)
@option(
    "Model",
    "--network/--no-network",
    default=None,
    help="Force the network part on or off; default: as the preset says.",
)
@option(
    "Model",
    "--enhance",
    is_flag=True,
    help="Fit a network to partitioned pictures too; kept where it pays.",
)
@option(
    "Meaning",
    "--align",
    multiple=True,
    metavar="MODEL",
    help="Align the latents to an embedding model: conse, or a directory; may be repeated.",
)
@align_weight_option()
@value(
    "Model",
    "--model",
    parse=parse_pair,
    metavar="KEY=VALUE",
    multiple=True,
    help="A setting of a paper preset's network, such as rank=20, patch=8, encoding=fourier; "
    "may be repeated.",
)
@option(
    "Model",
    "--kind",
    type=click.Choice(["auto", "partitioned", "spectral"]),
    default="auto",
    show_default=True,
    help="Code frames block by block from one another, or as sums of pictures over time; "
    "auto: what codes better.",
)
@option(
    "Model",
    "--motion/--no-motion",
    default=None,
    help="Store the motion between frames, which --fps-scale follows; paper presets: if asked.",
)
@option(
    "Model",
    "--trials/--no-trials",
    default=None,
    help="Try which blocks and segments code best, or go by size; default: as the preset says.",
)
@option(
    "Model",
    "--refined/--no-refined",
    default=None,
    help="Refine the closed form, or take its first answer; default: as the preset says.",
)
@device_option()
@backend_option()
@option("Model", "--seed", type=int, default=0, show_default=True, help="Of random numbers.")
@option(
    "File",
    "--audio",
    type=click.Choice(["copy", "none"]),
    default="copy",
    show_default=True,
    help="Keep the audio packets as they are, or drop them.",
)
@value(
    "File",
    "--tag",
    "tags",
    parse=parse_pair,
    metavar="KEY=VALUE",
    multiple=True,
    help="Text to store in the file; may be repeated.",
)
@option(
    "File",
    "--verify/--no-verify",
    default=True,
    show_default=True,
    help="Decode the file before it gets its name.",
)
@option(
    "File",
    "--dry-run",
    is_flag=True,
    help="Encode a short sample, predict size and time, and write nothing.",
)
@output_options(progress=True)
@click.pass_obj
def encode(session: Session, /, source: str, output: str | None, **given: Any) -> None:
    """Run the job and report it; the help text is above."""
    paths.check_input(source, pipes=True)
    target = output or paths.default_output(source, ".linc")
    if target == paths.STANDARD:
        raise UsageError("a .linc file cannot go to standard output; name a file with -o")
    own = own_presets()
    table = own.get(given["preset"])
    resolve(given["preset"], table, own)
    options = replace(_options(source, given), preset_table=table)
    if given["dry_run"]:
        from lincodec.encoder.forecast import forecast

        found = forecast(source, target, options)
        session.result(report.plain_fields(found), report.forecast_text(found))
        return
    overwrite = paths.settle_output(source, target, yes=given["yes"], no=given["no"])
    if table is None and options.max_time is None:
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
        done = run(source, target, options, progress=progress, stop=stop, overwrite=overwrite)
    for warning in done.warnings:
        session.warn(warning)
    session.result(report.encode_fields(done), report.encode_text(done))


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


def _options(source: str, given: dict[str, Any]) -> EncodeOptions:
    """The options of the job from those of the command line."""
    exclusive([name for name in RATES if given[name] is not None])
    return EncodeOptions(
        preset=given["preset"],
        **{name: given[name] for name in RATES},
        max_time=given["max_time"],
        segment=given["segment"],
        scene_cut=given["scene_cut"],
        network=given["network"],
        enhance=given["enhance"],
        motion=given["motion"],
        kind=None if given["kind"] == "auto" else given["kind"],
        trials=given["trials"],
        refined=given["refined"],
        hold_out=given["hold_out"],
        span=span_from(
            given["start"],
            given["end"],
            given["duration"],
            given["frames"],
            lambda: nominal_fps(source),
        ),
        audio=given["audio"] == "copy",
        model=dict(given["model"]),
        device=given["device"],
        align=given["align"],
        align_weight=given["align_weight"],
        cache=paths.cache_folder() if given["align"] else None,
        backend=given["backend"],
        seed=given["seed"],
        verify=given["verify"],
        resume=given["resume"],
        tags=dict(given["tags"]),
    )
