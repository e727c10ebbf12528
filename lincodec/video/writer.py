"""Writing frames to a media file, a YUV4MPEG2 pipe, or nowhere, beside the renderer.

PyAV is loaded with the first output that needs it.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Mapping
from fractions import Fraction
from importlib import import_module
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from lincodec.errors import UsageError
from lincodec.types import AudioTrack, Planes, VideoInfo
from lincodec.video.quality import encoder_options

#: Frames that may wait for the encoder; bounds the memory.
_QUEUE = 3
_SUFFIXES = {
    ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "mkv", ".webm": "webm", ".y4m": "y4m",
}  # fmt: skip
_FORMATS = ("mp4", "mov", "mkv", "webm", "y4m", "null")
_Job = tuple[Planes, int, int]


class Sink(Protocol):
    """Where encoded frames go."""

    info: VideoInfo
    warnings: list[str]

    def write(self, planes: Planes, pts: int, duration: int) -> None:
        """Take one frame."""

    def finish(self) -> None:
        """Write what is left."""

    def abort(self) -> None:
        """Let go without finishing."""


class FrameWriter:
    """Encodes frames in a thread of its own; ``write`` returns as soon as there is room.

    Example:
        with FrameWriter(path, info, times.time_base, audio=track) as writer:
            for planes, pts, duration in frames:
                writer.write(planes, pts, duration)

    Leaving the block closes the file; an exception inside it aborts instead, and the caller,
    who owns the (temporary) path, removes what is there.

    Attributes:
        info: What the file will hold; depth and subsampling may differ from the input's.
        frames: Frames accepted so far.
        warnings: Properties that the output format cannot keep.
    """

    def __init__(
        self,
        output: str | BinaryIO,
        info: VideoInfo,
        times_base: Fraction,
        *,
        codec: str = "libx264",
        crf: float | None = None,
        preset: str | None = None,
        pix_fmt: str | None = None,
        options: Mapping[str, str] | None = None,
        container_format: str | None = None,
        audio: AudioTrack | None = None,
    ) -> None:
        """Open the output.

        Args:
            output: A path, ``-`` for YUV4MPEG2 on standard output, or a binary file object.
            info: What ``write`` will be given, and the rate, shape and rotation it is shown in.
            times_base: Seconds per tick of the times given to ``write``. mp4 keeps them
                exactly; mkv and webm round to milliseconds; y4m and null drop them.
            codec: FFmpeg encoder name.
            crf: Constant quality of that encoder; None: a nearly transparent default.
            preset: Speed preset of that encoder; None: of libx264 one that keeps up with decoding.
            pix_fmt: FFmpeg pixel format; None keeps depth and subsampling where possible.
            options: Further encoder options.
            container_format: mp4, mov, mkv, webm, y4m or null; None: by the output's name.
            audio: Track to copy, packet by packet.

        Raises:
            UsageError: A combination that cannot be written, with what to use instead.
            ResourceError: The output cannot be created.
        """
        self.frames = 0
        kind = container_format or format_of(output)
        _check_kind(kind, output)
        if kind == "null":
            self._sink: Sink = _NullSink(info)
        elif kind == "y4m":
            y4m = import_module("lincodec.video.y4m_sink")
            self._sink = y4m.Y4mSink(output, info, pix_fmt, audio)
        else:
            self._sink = import_module("lincodec.video.muxer").MediaSink(
                output,
                info,
                times_base,
                container_format=kind,
                codec=codec,
                pix_fmt=pix_fmt,
                options=encoder_options(codec, crf, preset, options or {}, info),
                audio=audio,
            )
        self.warnings: list[str] = self._sink.warnings
        self.info = self._sink.info
        self._queue: queue.Queue[_Job | None] = queue.Queue(_QUEUE)
        self._failure: BaseException | None = None
        self._stop = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="frame-writer", daemon=True)
        self._thread.start()

    def write(self, planes: Planes, pts: int, duration: int) -> None:
        """Hand over one frame; blocks while the queue is full.

        Args:
            planes: As the ``info`` given at opening says; must not be changed afterwards.
            pts: Presentation time in ticks, increasing.
            duration: Ticks the frame is shown.

        Raises:
            LincError: What went wrong in the encoder since the last call.
        """
        self._put((planes, pts, duration))
        self.frames += 1

    def close(self) -> None:
        """Finish the file; safe to call twice.

        Raises:
            LincError: What went wrong in the encoder.
        """
        if self._closed:
            return
        self._closed = True
        try:
            self._put(None)
        finally:
            self._thread.join()
        self._raise_failure()

    def abort(self) -> None:
        """Stop encoding and let go of the file without finishing it."""
        if self._closed:
            return
        self._closed = True
        self._stop.set()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _put(self, job: _Job | None) -> None:
        while True:
            self._raise_failure()
            try:
                self._queue.put(job, timeout=0.2)
            except queue.Full:
                continue
            return

    def _raise_failure(self) -> None:
        if self._failure is not None:
            self._closed = True
            raise self._failure

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    job = self._queue.get(timeout=0.2)
                except queue.Empty:
                    continue
                if job is None:
                    self._sink.finish()
                    return
                self._sink.write(*job)
            self._sink.abort()
        except BaseException as error:  # noqa: BLE001 (raised again by write() or close())
            self._failure = error
            self._sink.abort()


def format_of(output: str | BinaryIO) -> str:
    """The output format that a name stands for.

    Raises:
        UsageError: The name's suffix is not known.
    """
    if not isinstance(output, str) or output == "-":
        return "y4m"
    suffix = os.path.splitext(output)[1].lower()
    if suffix not in _SUFFIXES:
        raise UsageError(
            f"{output}: cannot tell the format from the name; "
            f"expected one of {', '.join(_SUFFIXES)}, or give --format"
        )
    return _SUFFIXES[suffix]


def _check_kind(kind: str, output: str | BinaryIO) -> None:
    if kind not in _FORMATS:
        raise UsageError(f"unknown output format {kind!r}: expected one of {', '.join(_FORMATS)}")
    if output == "-" and kind not in ("y4m", "null"):
        raise UsageError(f"{kind} cannot be written to a pipe; use y4m, or a file name")


class _NullSink:
    """Drops every frame: for timing the renderer alone."""

    def __init__(self, info: VideoInfo) -> None:
        self.info = info
        self.warnings: list[str] = []

    def write(self, planes: Planes, pts: int, duration: int) -> None:
        """Drop it."""

    def finish(self) -> None:
        """Nothing to write."""

    def abort(self) -> None:
        """Nothing to let go."""
