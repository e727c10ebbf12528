"""The options that decide what an encode writes, for every command that encodes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from lincodec.cli import paths
from lincodec.cli.config import own_presets
from lincodec.cli.options import (
    Decorator,
    Number,
    align_weight_option,
    backend_option,
    device_option,
    exclusive,
    option,
    span_from,
    span_options,
    track_options,
    value,
)
from lincodec.cli.values import parse_bitrate, parse_duration, parse_pair, parse_size
from lincodec.encoder.preset_choice import resolve
from lincodec.options import RATES, EncodeOptions

#: Bytes of copies of sources, unless --cache-size says more.
_CACHE = 20_000_000_000

_OPTIONS: tuple[Decorator, ...] = (
    option(
        "Rate and quality",
        "--preset",
        default="medium",
        show_default=True,
        metavar="NAME",
        help="Speed against size; see linc presets.",
    ),
    option(
        "Rate and quality",
        "--quality",
        type=Number(-20, 80),
        metavar="Q",
        help="Quantiser quality like a crf, -20 to 80: lower is better and larger.  [default: the "
        "preset's]",
    ),
    option(
        "Rate and quality",
        "--psnr",
        type=Number(0, 100, without_ends=True, what=" dB"),
        metavar="DB",
        help="Reach this RGB PSNR in every segment.",
    ),
    option(
        "Rate and quality",
        "--ms-ssim",
        type=Number(0, 1, without_ends=True),
        metavar="VALUE",
        help="Reach this MS-SSIM of luma in every segment: 0.95 is fair, 0.99 hard to tell apart.",
    ),
    value(
        "Rate and quality",
        "--size",
        parse=parse_size,
        metavar="SIZE",
        help="Size of the file less its audio: 2MB, 800k.",
    ),
    value(
        "Rate and quality",
        "--bitrate",
        parse=parse_bitrate,
        metavar="RATE",
        help="Bits per second less the audio: 800k, 1.5M.",
    ),
    option(
        "Rate and quality",
        "--bpp",
        type=Number(0, 100, without_ends=True),
        metavar="BPP",
        help="Bits per pixel less the audio.",
    ),
    value(
        "Time",
        "--max-time",
        parse=parse_duration,
        metavar="TIME",
        help="Finish after this long with what there is: 90, 10m.",
    ),
    span_options(),
    option(
        "Part",
        "--hold-out",
        type=click.IntRange(1, 1000),
        default=1,
        metavar="N",
        help="Fit every Nth frame only, at its own time; decode --fps-scale N makes up the others.",
    ),
    option(
        "Model",
        "--segment",
        type=click.IntRange(min=1),
        metavar="N",
        help="Most frames that share one model.",
    ),
    option(
        "Model",
        "--scene-cut/--no-scene-cut",
        default=None,
        help="Start a segment at every scene cut; default: as the preset says.",
    ),
    option(
        "Model",
        "--network/--no-network",
        default=None,
        help="Force the network part on or off; default: as the preset says.",
    ),
    option(
        "Model",
        "--enhance",
        is_flag=True,
        help="Fit a network to partitioned pictures too; kept where it pays.",
    ),
    option(
        "Meaning",
        "--align",
        multiple=True,
        metavar="MODEL",
        help="Align the latents to an embedding model: conse, or a directory; may be repeated.",
    ),
    align_weight_option(),
    value(
        "Model",
        "--model",
        parse=parse_pair,
        metavar="KEY=VALUE",
        multiple=True,
        help="A setting of a paper preset's network, such as rank=20, patch=8, encoding=fourier; "
        "may be repeated.",
    ),
    option(
        "Model",
        "--kind",
        type=click.Choice(["auto", "partitioned", "spectral"]),
        default="auto",
        show_default=True,
        help="Code frames block by block from one another, or as sums of pictures over time; "
        "auto: what codes better.",
    ),
    option(
        "Model",
        "--trials/--no-trials",
        default=None,
        help="Try which blocks and segments code best, or go by size; default: as the preset says.",
    ),
    option(
        "Model",
        "--refined/--no-refined",
        default=None,
        help="Refine the closed form, or take its first answer; default: as the preset says.",
    ),
    device_option(),
    backend_option(),
    option("Model", "--seed", type=int, default=0, show_default=True, help="Of random numbers."),
    option(
        "File",
        "--audio",
        type=click.Choice(["copy", "none"]),
        default="copy",
        show_default=True,
        help="Keep the audio packets as they are, or drop them.",
    ),
    track_options(),
    value(
        "File",
        "--tag",
        "tags",
        parse=parse_pair,
        metavar="KEY=VALUE",
        multiple=True,
        help="Text to store in the file; may be repeated.",
    ),
    option(
        "File",
        "--verify/--no-verify",
        default=True,
        show_default=True,
        help="Decode the file before it gets its name.",
    ),
    value(
        "File",
        "--cache-size",
        parse=parse_size,
        metavar="SIZE",
        help="Disk space for copies of sources behind URIs such as s3:// (extra: cloud); default: "
        "20GB.",
    ),
)


def encode_options() -> Decorator:
    """Rate, time, part, model, meaning and what is in the file."""

    def decorate(command: Any) -> Any:
        for each in reversed(_OPTIONS):
            command = each(command)
        return command

    return decorate


def source_cache(given: dict[str, Any]) -> tuple[str, int]:
    """Folder and bytes of copies of sources that are not on this machine."""
    return os.path.join(paths.cache_folder(), "sources"), given["cache_size"] or _CACHE


def jobs_option(text: str) -> Decorator:
    """``--jobs``, with its help text."""
    return option(
        "Time",
        "--jobs",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        metavar="N",
        help=text,
    )


def options_from(given: dict[str, Any], fps: Callable[[], float]) -> EncodeOptions:
    """The options of the job from those of the command line.

    Args:
        given: what ``encode_options`` passed, and ``resume``.
        fps: gives the nominal rate of the source, for times in frames.

    Raises:
        UsageError: they do not make sense together, or there is no such preset.
    """
    own = own_presets()
    table = own.get(given["preset"])
    resolve(given["preset"], table, own)
    exclusive([name for name in RATES if given[name] is not None])
    return EncodeOptions(
        preset=given["preset"],
        **{name: given[name] for name in RATES},
        max_time=given["max_time"],
        segment=given["segment"],
        scene_cut=given["scene_cut"],
        network=given["network"],
        enhance=given["enhance"],
        kind=None if given["kind"] == "auto" else given["kind"],
        trials=given["trials"],
        refined=given["refined"],
        hold_out=given["hold_out"],
        span=span_from(
            given["start"],
            given["end"],
            given["duration"],
            given["frames"],
            fps,
        ),
        audio=given["audio"] == "copy",
        tracks=given["tracks"],
        metadata=given["metadata"],
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
        preset_table=table,
    )
