"""Encoding, decoding and comparing files, for programs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from lincodec.container.open import open_file
from lincodec.crop import Crop
from lincodec.errors import UsageError
from lincodec.options import (
    DecodeOptions,
    DecodeReport,
    EncodeOptions,
    EncodeReport,
    ProgressCallback,
    Span,
    StopRequest,
)

if TYPE_CHECKING:
    from lincodec.tools.compare import CompareReport

Path = str | os.PathLike[str]
Options = TypeVar("Options", EncodeOptions, DecodeOptions)

_STANDARD = "-"


def encode(
    src: Path,
    dst: Path,
    preset: str = EncodeOptions.preset,
    *,
    progress: ProgressCallback | None = None,
    stop: StopRequest | None = None,
    overwrite: bool = False,
    jobs: int = 1,
    **options: Any,
) -> EncodeReport:
    """Encode a video file to a .linc file, which appears when it is complete.

    Args:
        src: path of the video, or ``-`` for YUV4MPEG2 on standard input.
        dst: path of the .linc file.
        preset: speed against size, see ``linc presets``.
        progress: told about every step.
        stop: set it, from a thread or from ``progress``, to finish with what there is.
        overwrite: whether an existing file may be replaced.
        jobs: processes that fit parts side by side; the bytes are those of one.
        **options: fields of ``EncodeOptions``; ``start`` and ``end`` in seconds and ``frames``
            for a part of the video.

    Raises:
        InputError: the source cannot be read.
        UsageError: there is no such option, or the options or the output do not make sense.
        TargetError: a size or quality target was missed; the best file was kept.
        VerifyError: the written file does not decode to what was encoded.
    """
    built = _built(EncodeOptions, {**options, "preset": preset})
    source, target = _checked(src, dst, overwrite=overwrite)
    from lincodec.encoder.encode import encode as run

    if jobs == 1:
        return run(source, target, built, progress=progress, stop=stop, overwrite=overwrite)
    from lincodec.cluster.local import LocalWorkers

    with LocalWorkers(jobs) as workers:
        return run(
            source, target, built, progress=progress, stop=stop, overwrite=overwrite,
            executor=workers,
        )  # fmt: skip


def decode(
    src: Path,
    dst: Path,
    *,
    progress: ProgressCallback | None = None,
    overwrite: bool = False,
    **options: Any,
) -> DecodeReport:
    """Decode a .linc file to a video file.

    Args:
        src: path of the .linc file.
        dst: path of the video, or ``-`` for YUV4MPEG2 on standard output.
        progress: told about every step.
        overwrite: whether an existing file may be replaced.
        **options: fields of ``DecodeOptions``; ``start`` and ``end`` in seconds and ``frames``
            for a part of the video. ``size`` and ``crop`` are as stored, before rotation.

    Raises:
        InputError: the source cannot be opened.
        CorruptError: it is damaged.
        UsageError: there is no such option, or the options do not fit the file or the output.
    """
    built = _built(DecodeOptions, options)
    source, target = _checked(src, dst, overwrite=overwrite or built.format == "null")
    from lincodec.decoder.decode import decode as run

    return run(source, target, built, progress=progress, overwrite=overwrite)


def compare(
    reference: Path,
    distorted: Path,
    *,
    ms_ssim: bool = True,
    progress: ProgressCallback | None = None,
    start: float | None = None,
    end: float | None = None,
    frames: int | None = None,
) -> CompareReport:
    """Measure a video, or a .linc file, against its original of equal size, frame by frame.

    Args:
        reference: path of the original.
        distorted: path of the other one.
        ms_ssim: whether MS-SSIM, the slowest figure, is computed too.
        progress: told about every step.
        start: seconds of the first frame to compare.
        end: seconds before which the last one is.
        frames: at most so many.

    Raises:
        InputError: one of them cannot be read.
        UsageError: their sizes differ.
    """
    from lincodec.tools.compare import compare as run

    for path in (reference, distorted):
        _readable(os.fspath(path))
    span = Span(start, end, frames)
    names = os.fspath(reference), os.fspath(distorted)
    return run(*names, span, ms_ssim=ms_ssim, progress=progress)


def _built(kind: type[Options], given: Mapping[str, Any]) -> Options:
    """Options of a job from keywords.

    Raises:
        UsageError: one is unknown; lists those there are.
    """
    of_span: list[str] = [field.name for field in fields(Span)]
    own: list[str] = [field.name for field in fields(kind) if field.name != "span"]
    unknown = [name for name in given if name not in {*own, *of_span}]
    if unknown:
        allowed = ", ".join(sorted([*own, *of_span]))
        raise UsageError(f"unknown option {unknown[0]!r}; there are {allowed}")
    values = {name: value for name, value in given.items() if name in own}
    if isinstance(values.get("align"), str):
        values["align"] = (values["align"],)
    if isinstance(values.get("crop"), tuple):
        values["crop"] = Crop(*values["crop"])
    span = Span(**{name: given[name] for name in of_span if name in given})
    return kind(**values, span=span)


def _checked(src: Path, dst: Path, *, overwrite: bool) -> tuple[str, str]:
    """Both paths as text, before a second goes into starting the job.

    Raises:
        InputError: the source cannot be opened.
        UsageError: the output exists.
    """
    source, target = os.fspath(src), os.fspath(dst)
    _readable(source)
    if os.path.isfile(target) and not overwrite:
        raise UsageError(f"{target}: exists; replace it with overwrite=True or name another")
    return source, target


def _readable(source: str) -> None:
    if source != _STANDARD:
        open_file(source).close()
