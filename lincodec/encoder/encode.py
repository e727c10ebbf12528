"""Encoding a video: scan, fit and code one segment at a time, verify, then rename into place."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from contextlib import ExitStack

from lincodec.encoder import closing
from lincodec.encoder.engines import engine_class
from lincodec.encoder.job import Job
from lincodec.encoder.journal import identity, open_journal
from lincodec.encoder.pacing import Pace
from lincodec.encoder.parts import Executor, Store
from lincodec.encoder.preset_choice import resolve, settled
from lincodec.encoder.presets import Preset
from lincodec.encoder.rate_control import check_target
from lincodec.errors import InputError, UsageError
from lincodec.options import (
    RATES,
    EncodeOptions,
    EncodeReport,
    Progress,
    ProgressCallback,
    StopRequest,
)
from lincodec.system.atomic import atomic_output
from lincodec.video.pipes import called, reads_once

#: Qualities are at most so far from 0: beyond, steps are no numbers of a file.
_FARTHEST = 80


def encode(
    source: str,
    output: str,
    options: EncodeOptions,
    *,
    progress: ProgressCallback | None = None,
    stop: StopRequest | None = None,
    overwrite: bool = False,
    executor: Executor | None = None,
    store: Store | None = None,
    threads: int | None = None,
) -> EncodeReport:
    """Encode a video file, or YUV4MPEG2 on standard input (``-``), to a .linc file.

    Memory holds one segment at a time. The file appears under its name only when it is
    complete and has been decoded again.

    Args:
        source: path or ``-``.
        output: path of the .linc file.
        options: what to write.
        progress: told about every step; its fraction never goes down.
        stop: set it to finish the fit with what there is.
        overwrite: whether an existing output may be replaced.
        executor: has the parts fitted; None: they are fitted here, one after the other. The bytes
            are the same.
        store: has parts that others fitted, and gets those that are fitted now, in the place of
            the journal.
        threads: that encode here; None: as many as there are cores.

    Raises:
        InputError: the source cannot be read.
        UsageError: options or output do not make sense.
        TargetError: a size or quality target was missed; the best file was kept.
        VerifyError: the written file does not decode to what was encoded.
    """
    job = _job(source, output, options, progress, stop, executor, store)
    job.threads = threads or job.threads
    with ExitStack() as cleanup:
        if options.resume and store is None:
            key = identity(source, job.options)
            job.journal = cleanup.enter_context(open_journal(output, key))
        temporary = cleanup.enter_context(atomic_output(output, overwrite=overwrite))
        if job.journal:
            job.journal.note_temporary(temporary)
        before = _stamp(source)
        with temporary.open("wb") as out:
            job.run(out)
        _check_stamp(source, before)
        if options.verify:
            closing.verify(temporary, job.pace)
        report = closing.report(source, output, temporary, job.options, job.pace, job.outcome)
    check_target(options, report)
    return report


def fit_share(
    source: str,
    options: EncodeOptions,
    store: Store,
    executor: Executor,
    mine: Callable[[int], bool],
    *,
    progress: ProgressCallback | None = None,
    stop: StopRequest | None = None,
) -> tuple[int, int]:
    """Have some parts of an encode fitted, for ``encode`` with the same store to put together.

    Args:
        source: path of the video.
        options: of the encode.
        store: keeps the parts.
        executor: has them fitted.
        mine: whether the part of an index is among them.
        progress, stop: as of ``encode``.

    Returns:
        Parts that were fitted, and parts that are yet to be fitted by anyone. With a rate target
        parts wait for what those before them take.

    Raises:
        InputError: the source cannot be read.
        UsageError: options do not make sense.
    """
    job = _job(source, "", options, progress, stop, executor, store)
    before = _stamp(source)
    found = job.share(mine)
    _check_stamp(source, before)
    return found


def _job(
    source: str,
    output: str,
    options: EncodeOptions,
    progress: ProgressCallback | None,
    stop: StopRequest | None,
    executor: Executor | None,
    store: Store | None,
) -> Job:
    """An encode whose options make sense."""
    started = time.monotonic()
    preset = resolve(options.preset, options.preset_table)
    options = settled(options, preset)
    _check_options(source, output, options, preset, shared=executor is not None)
    engine_class(preset).check(preset, options)
    pace = Pace(options, progress or _silent, stop or StopRequest(), started)
    job = Job(source, options, preset, pace, executor)
    job.store = store
    return job


def _check_stamp(source: str, before: tuple[int, ...]) -> None:
    """Refuse a source that was written to meanwhile."""
    if _stamp(source) != before:
        raise InputError(f"{source}: was changed while it was being encoded; encode it again")


def _stamp(source: str) -> tuple[int, ...]:
    """What changes when a file is written to; nothing for standard input."""
    if reads_once(source):
        return ()
    try:
        found = os.stat(source)
    except OSError as error:
        raise InputError(f"{source}: went away: {error.strerror}") from error
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _silent(_: Progress) -> None:
    """The default progress callback."""


def _check_options(
    source: str, output: str, options: EncodeOptions, preset: Preset, *, shared: bool
) -> None:
    """Refuse what cannot work before anything is opened."""
    rates = [getattr(options, name) for name in RATES]
    if sum(rate is not None for rate in rates) > 1:
        raise UsageError(f"only one of {', '.join(RATES)} can be given")
    for name in (*RATES, "max_time", "align_weight"):
        value = getattr(options, name)
        if value is not None and not math.isfinite(value):
            raise UsageError(f"{name}: expected a finite number, found {value}")
    if options.quality is not None and abs(options.quality) > _FARTHEST:
        raise UsageError(f"quality {options.quality:g}: expected -20 to 80")
    both = not reads_once(source) and os.path.exists(output) and os.path.exists(source)
    if both and os.path.samefile(source, output):
        raise UsageError(f"{output}: is the source itself; name another output")
    if options.resume and reads_once(source):
        raise UsageError(f"{called(source)} cannot be read again, so there is nothing to resume")
    if shared and reads_once(source):
        raise UsageError(f"{called(source)} cannot be read by several workers; give a file")
    if shared and options.max_time is not None:
        raise UsageError(
            "--max-time: how far fits come by the clock depends on who makes them, so the bytes "
            "would; expected one worker, or no limit"
        )
    if shared and not engine_class(preset).counts_steps(preset, options):
        raise UsageError(
            f"preset {preset.name} fits for a time, so its bytes depend on who fits; expected one "
            "worker, or --model steps=N"
        )
