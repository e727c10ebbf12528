"""One file through everything that reads files; what may come out is a sound answer or an error."""

from __future__ import annotations

import io
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import numpy as np

from lincodec.bitstream import segment
from lincodec.container import DamagedFile, LincFile
from lincodec.decoder.decode import intact_shots
from lincodec.decoder.info import describe
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.errors import LincError, UnsupportedError
from lincodec.limits import Limits

#: Seconds for one file, and bytes that the process may grow by over all of them.
SECONDS, GROWTH = 10, 1 << 30
#: Pictures above this are entropy-decoded and not rendered: time goes to more files instead.
RENDERED = 1 << 20
FRAMES = 3
LIMITS = Limits()


class EscapeError(AssertionError):
    """What must not happen: any other exception, a hang, a frame that is not whole."""


@contextmanager
def watched() -> Iterator[None]:
    """Turn a hang into an error."""

    def late(number: int, frame: FrameType | None) -> None:
        raise EscapeError(f"took more than {SECONDS} s")

    previous = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def peak() -> int:
    """Largest memory of this process so far, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def told(error: LincError) -> str:
    """The class of a refusal; its message is one line that a terminal can show."""
    text = str(error)
    if not text or any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise EscapeError(f"message {text!r}")
    return type(error).__name__


def probe(data: bytes, *, render: bool = True) -> str:
    """Check, describe, play and recover ``data``; the name of what checking says of it.

    Raises:
        EscapeError: anything but a result or a ``LincError`` came out of it.
    """
    with watched():
        try:
            said = _guarded(_verify, data)
            _guarded(_describe, data)
            played = _guarded(_play, data, render=render)
            _guarded(_recover, data, render=render and played != "ok")
        except (EscapeError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise EscapeError(f"{type(error).__name__}: {error}") from error
    if said == "ok" and played != "ok":
        if played not in ("CorruptError", "UnsupportedError"):
            raise EscapeError(f"sound, and yet it does not play: {played}")
        said = "not rendered"
    return said


def _guarded(step: object, data: bytes, **given: bool) -> str:
    try:
        step(data, **given)  # type: ignore[operator]
    except LincError as error:
        return told(error)
    return "ok"


def _verify(data: bytes) -> None:
    file = LincFile(io.BytesIO(data), LIMITS, name="f")
    file.verify_structure()
    for index in range(len(file.segments)):
        segment.segment_digest_bytes(file.read_segment(index), file.arch, file.info.plane_sizes)


def _describe(data: bytes) -> None:
    describe(LincFile(io.BytesIO(data), LIMITS, name="f"))


def _play(data: bytes, *, render: bool) -> None:
    file = LincFile(io.BytesIO(data), LIMITS, name="f")
    file.times(), file.audio()
    if render:
        _render(file)


def _recover(data: bytes, *, render: bool) -> None:
    file = DamagedFile(io.BytesIO(data), LIMITS, name="f")
    file.missing, file.times(), file.audio(), file.tags(), file.quality()
    if render:
        _render(file)


def _render(file: LincFile) -> None:
    """The first frames at native size."""
    try:
        renderer = Renderer(file)
    except UnsupportedError:
        return
    try:
        if isinstance(file, DamagedFile):
            file.keep(renderer.check)
        if file.head.width * file.head.height > RENDERED:
            renderer.check(0)
            return
        first = file.segments[0].first_frame
        shots = output_shots(first, min(first + FRAMES, file.n_frames), 1)
        if isinstance(file, DamagedFile):
            shots = intact_shots(shots, file)
        for planes in renderer.frames(shots):
            shapes = tuple(plane.shape for plane in planes)
            if shapes != file.info.plane_sizes:
                raise EscapeError(f"planes {shapes}")
            top = (1 << file.head.bit_depth) - 1
            if any(int(np.max(plane)) > top for plane in planes):
                raise EscapeError("a code beyond the bit depth")
    finally:
        renderer.close()
