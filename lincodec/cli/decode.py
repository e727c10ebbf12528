"""``linc decode``: render a .linc file at any size and rate."""

from __future__ import annotations

import os
from typing import Any

import click

from lincodec.cli import paths, report
from lincodec.cli.options import (
    Number,
    SectionedCommand,
    backend_option,
    crop_option,
    device_option,
    exclusive,
    limit_option,
    option,
    output_options,
    overwrite_options,
    span_from,
    span_options,
    track_options,
    upscale_option,
    value,
)
from lincodec.cli.rate import linc_size, nominal_fps
from lincodec.cli.session import Session
from lincodec.cli.values import Resolution, parse_pair, parse_rate, parse_resolution
from lincodec.errors import UsageError
from lincodec.limits import Limits
from lincodec.options import DecodeOptions
from lincodec.video.outputs import KINDS, PICTURES, check_kind, format_of, numbered

_HELP = """Render SOURCE, a .linc file, as a video.

\b
Examples:
  linc decode clip.linc                         writes clip.decoded.mp4
  linc decode clip.linc -o clip.mkv --codec libx265 --crf 16
  linc decode clip.linc -o clip4k.mp4 --res 4k --fps-scale 4
  linc decode clip.linc --fps 60                constant, from any source
  linc decode clip.linc --speed 1/4 --fps 30    slow motion
  linc decode clip.linc --crop 640x360+320+180 --res x2
  linc decode clip.linc --res 4k --upscale realesrgan-x4.onnx
  linc decode clip.linc -o - | mpv -
  linc decode clip.linc -o f_%04d.png           one picture a frame; .gif too
  linc decode clip.linc --format null           speed test
  linc decode broken.linc --recover             what is intact of it

Frames in between follow the motion between their neighbours, which is searched in the
decoded pictures; shots are never mixed. At a lower rate frames are dropped. The duration stays
the same, with --fps to half a frame, unless --speed is given.
"""


@click.command("decode", cls=SectionedCommand, help=_HELP)
@click.argument("source")
@option(
    "Output",
    "-o",
    "--output",
    metavar="FILE",
    help="Default: SOURCE with .decoded.mp4 as suffix; - writes y4m to standard output.",
)
@overwrite_options()
@option(
    "Output",
    "--format",
    "container",
    type=click.Choice(tuple(KINDS)),
    help="Default: from the name; null renders and writes nothing.",
)
@value(
    "Picture",
    "--res",
    parse=parse_resolution,
    metavar="SIZE",
    help="4k or 1080p (fit into it), 1920x800 (exactly), x2 (times).",
)
@crop_option()
@upscale_option()
@value(
    "Rate",
    "--fps",
    parse=parse_rate,
    metavar="RATE",
    help="Frames a second, evenly: 60, 23.976, 24000/1001.",
)
@value(
    "Rate",
    "--fps-scale",
    parse=parse_rate,
    metavar="N",
    help="Frames for each frame of the source, instead: 2, 2.5, 1/2.",
)
@value(
    "Rate",
    "--speed",
    parse=parse_rate,
    metavar="X",
    help="0.25: all frames, four times as long; without audio.",
)
@option(
    "Rate",
    "--blend/--no-blend",
    default=None,
    help="Show moments between frames, or drop and repeat frames.  [default: blend for more frames "
    "than the source has]",
)
@option(
    "Picture",
    "--enhance/--no-enhance",
    default=True,
    help="Show what networks add to exact pictures.",
)
@span_options()
@option(
    "Output encoder",
    "--codec",
    metavar="NAME",
    help="h264, hevc, av1, vp9, prores, ffv1, h264_nvenc, ...  [default: h264; vp9 for .webm]",
)
@option(
    "Output encoder",
    "--crf",
    type=Number(0, 255),
    metavar="Q",
    help="Of the output encoder.  [default: nearly transparent]",
)
@option(
    "Output encoder",
    "--enc-preset",
    metavar="NAME",
    help="Of the output encoder; libx264: one that keeps up.",
)
@option(
    "Output encoder",
    "--lossless",
    is_flag=True,
    help="Keep every sample: h264, hevc, av1, vp9, ffv1 and png can.",
)
@option("Output encoder", "--pix-fmt", metavar="NAME", help="Such as yuv420p10le.")
@value(
    "Output encoder",
    "--enc-opt",
    "settings",
    parse=parse_pair,
    metavar="KEY=VALUE",
    multiple=True,
    help="Any other option of it; may be repeated.",
)
@option(
    "Output",
    "--audio",
    type=click.Choice(["copy", "aac", "none"]),
    default="copy",
    show_default=True,
    help="Copy the audio packets, make AAC of others, or leave them out.",
)
@track_options()
@option(
    "Input",
    "--recover",
    is_flag=True,
    help="Play what is intact of a damaged file; says what is missing.",
)
@limit_option("Input")
@device_option()
@backend_option()
@option(
    "Model",
    "--workers",
    type=click.IntRange(0, 64),
    metavar="N",
    help="Processes that entropy decode beside this one.  [default: by the cores]",
)
@output_options(progress=True)
@click.pass_obj
def decode(session: Session, /, source: str, output: str | None, **given: Any) -> None:
    """Run the job and report it; the help text is above."""
    if source == paths.STANDARD:
        raise UsageError("a .linc file cannot come from standard input; name a file")
    paths.check_input(source)
    target = _target(source, output, given["container"], session)
    overwrite = target in (paths.STANDARD, os.devnull) or paths.settle_output(
        source, numbered(target, 1), yes=given["yes"], no=given["no"], devices=True
    )
    check_kind(given["container"] or format_of(target), target)
    options = _options(source, given)
    if not options.recover:
        _check_headers(source, options.limits)

    with session.reporter() as progress:
        from lincodec.decoder.decode import decode as run

        done = run(source, target, options, progress=progress, overwrite=overwrite)
    for warning in done.extra.get("warnings", ()):
        session.warn(warning)
    for line in report.recovery_lines(done.extra):
        session.warn(line)
    if target == paths.STANDARD:
        session.note(report.decode_text(done))
    else:
        session.result(report.decode_fields(done), report.decode_text(done))


def _check_headers(source: str, limits: Limits) -> None:
    """Refuse what the headers show to be wrong before an output is begun.

    Raises:
        LincError: the file is damaged, too new or too large.
    """
    from lincodec.decoder.info import check_headers

    check_headers(source, limits)


def _target(source: str, output: str | None, container: str | None, session: Session) -> str:
    """Where the video goes."""
    if output == paths.STANDARD:
        if container not in (None, "y4m", "null"):
            raise UsageError(f"standard output takes y4m only, not --format {container}")
        if session.json:
            raise UsageError("--json and -o - cannot share standard output")
        paths.check_stdout()
        return output
    if container == "null":
        return os.devnull
    if output is None and container in PICTURES:
        return paths.default_output(source, f".%04d.{container}")
    return output or paths.default_output(source, f".decoded.{container or 'mp4'}")


def _options(source: str, given: dict[str, Any]) -> DecodeOptions:
    """The options of the job from those of the command line."""
    from lincodec.system.cores import usual_workers

    exclusive([name for name in ("fps", "fps_scale") if given[name] is not None])
    resolution = given["res"] or Resolution(scale=1.0)
    size = resolution.size
    if resolution.box is not None:
        size = resolution.fitted(*linc_size(source, given["crop"]))
    return DecodeOptions(
        size=size,
        scale=resolution.scale or 1.0,
        crop=given["crop"],
        upscale=given["upscale"],
        enhance=given["enhance"],
        fps_scale=given["fps_scale"] or DecodeOptions.fps_scale,
        fps=given["fps"],
        speed=given["speed"] or DecodeOptions.speed,
        blend=given["blend"],
        span=span_from(
            given["start"],
            given["end"],
            given["duration"],
            given["frames"],
            lambda: nominal_fps(source),
        ),
        codec=given["codec"],
        crf=given["crf"],
        encoder_preset=given["enc_preset"],
        pix_fmt=given["pix_fmt"],
        encoder_options=dict(given["settings"]),
        lossless=given["lossless"],
        format=given["container"],
        audio=given["audio"] != "none",
        aac=given["audio"] == "aac",
        tracks=given["tracks"],
        metadata=given["metadata"],
        device=given["device"],
        recover=given["recover"],
        limits=given["limits"],
        backend=given["backend"],
        workers=usual_workers() if given["workers"] is None else given["workers"],
    )
