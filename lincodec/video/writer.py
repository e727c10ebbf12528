"""Writing frames to a media file, a YUV4MPEG2 pipe, or nowhere, beside the renderer.

PyAV is loaded with the first output that needs it.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from fractions import Fraction
from importlib import import_module
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from lincodec.errors import UsageError
from lincodec.types import AudioTrack, Beside, Planes, VideoInfo
from lincodec.video.outputs import KINDS, PICTURES, Coding, check_kind, format_of
from lincodec.video.passing_losses import beside_losses
from lincodec.video.quality import encoder_name

#: Frames that may wait for the encoder; bounds the memory.
_QUEUE = 3
_Job = tuple[Planes, int, int]
Put = Callable[[str, bytes], None]


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
        name: str | None = None,
        codec: str | None = None,
        crf: float | None = None,
        preset: str | None = None,
        pix_fmt: str | None = None,
        options: Mapping[str, str] | None = None,
        lossless: bool = False,
        container_format: str | None = None,
        audio: AudioTrack | None = None,
        beside: Beside = Beside(),  # noqa: B008 (frozen)
        even: bool = True,
        put: Put | None = None,
    ) -> None:
        """Open the output.

        Args:
            output: A path, ``-`` for YUV4MPEG2 on standard output, or a binary file object.
            info: What ``write`` will be given, and the rate, shape and rotation it is shown in.
            times_base: Seconds per tick of the times given to ``write``. mp4 keeps them
                exactly; mkv and webm round to milliseconds; y4m and null drop them.
            name: What messages call the output; None: its path.
            codec: FFmpeg encoder name or a usual name of it; None: by the format.
            crf, preset, pix_fmt, options, lossless: As for ``Coding``.
            container_format: One of ``outputs.KINDS``; None: by the output's name.
            audio: Track to copy, packet by packet.
            beside: Tracks, tags, chapters and display data that are passed on too.
            even: Whether the frames come at the rate of ``info``.
            put: Writes a file of these bytes, for formats of one file a frame.

        Raises:
            UsageError: A combination that cannot be written, with what to use instead.
            ResourceError: The output cannot be created.
        """
        self.frames = 0
        kind = container_format or format_of(output)
        check_kind(kind, output)
        coding = Coding(
            encoder_name(codec or KINDS[kind].codec), crf, preset, pix_fmt, options or {}, lossless
        )
        called = name or (output if isinstance(output, str) else "output")
        if kind in PICTURES:
            pictures = import_module("lincodec.video.picture_sink")
            self._sink: Sink = pictures.PictureSink(called, info, kind, crf, put or write_bytes)
        else:
            self._sink = _sink(output, called, info, times_base, kind, coding, audio, beside)
        if kind == "y4m" and not even:
            self._sink.warnings.append(
                f"y4m holds no times: frames of a variable rate follow at {info.fps} a second; "
                "--fps makes the rate even"
            )
        if kind != "null":
            self._sink.warnings += beside_losses(kind, beside)
        self._start()

    def _start(self) -> None:
        """Begin to take frames."""
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


def _sink(
    output: str | BinaryIO,
    name: str,
    info: VideoInfo,
    times_base: Fraction,
    kind: str,
    coding: Coding,
    audio: AudioTrack | None,
    beside: Beside,
) -> Sink:
    """Where frames go in a format that is one file."""
    found: Sink
    if kind == "null":
        found = _NullSink(info)
    elif kind == "y4m":
        y4m = import_module("lincodec.video.y4m_sink")
        found = y4m.Y4mSink(output, info, coding.pix_fmt, audio)
    elif kind == "gif":
        found = import_module("lincodec.video.gif_sink").GifSink(
            output, name, info, times_base, audio
        )
    else:
        muxer = import_module("lincodec.video.muxer")
        found = muxer.MediaSink(output, name, info, times_base, kind, coding, audio, beside)
    return found


def write_bytes(path: str, data: bytes) -> None:
    """Write a file.

    Raises:
        UsageError: It cannot be created.
    """
    try:
        with open(path, "wb") as file:
            file.write(data)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error


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
