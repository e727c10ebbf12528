"""A video cut into windows of a few seconds, which are rendered when a page asks for them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.errors import UsageError
from lincodec.types import AudioTrack, Planes, Times
from lincodec.video.fragments import PLAYED, PieceEncoder, audio_init, audio_piece, codec_of
from lincodec.video.recode import as_aac
from lincodec.video.timing import duration, frame_durations, scaled
from lincodec.web.flights import Stop

#: Seconds of a window of pictures, and of sound.
SECONDS, SOUND_SECONDS = 2, 10
#: The shorter side of what is sent; 0: as stored.
SIDES = {"native": 0, "360p": 360, "480p": 480, "720p": 720, "1080p": 1080, "2160p": 2160}
SCALES = (1, 2, 4)


@dataclass(frozen=True)
class Window:
    """Frames, or packets, ``first`` to before ``stop``, seen from ``begin`` to ``end`` seconds."""

    first: int
    stop: int
    begin: float
    end: float


def cut(starts: list[float], end: float, seconds: float) -> list[Window]:
    """Windows that begin with what starts first in each span of ``seconds``."""
    windows, first, following = [], 0, seconds
    for index, start in enumerate(starts):
        if start >= following - 1e-6 and index:
            windows.append(Window(first, index, starts[first], start))
            first = index
            following = (start // seconds + 1) * seconds
    return [*windows, Window(first, len(starts), starts[first], end)]


class Stream:
    """What a page plays of one file."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            CorruptError: the file is damaged.
        """
        self.path = path
        with open_file(path) as stream:
            linc = LincFile(stream, name=path.name)
            self.info, self.times, self.frames = linc.info, linc.times(), linc.n_frames
            self._track = linc.audio()

    @cached_property
    def audio(self) -> AudioTrack | None:
        """The sound, made AAC where pages do not play it as it is."""
        if self._track is None or not self._track.packets:
            return None
        return self._track if self._track.codec in PLAYED else as_aac(self._track)

    def size(self, res: str) -> tuple[int, int]:
        """(width, height) before rotation, both even unless they are those of the file."""
        side, (width, height) = SIDES[res], (self.info.width, self.info.height)
        if side in (0, min(width, height)):
            return width, height
        scale = Fraction(side, min(width, height))
        return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)

    def plan(self, scale: int) -> tuple[Times, list[Window]]:
        """Times of the frames at ``scale`` for each of the file, from 0 on, and the windows."""
        times = scaled(self.times, scale)
        begin = times.pts[0]
        starts = [float((pts - begin) * times.time_base) for pts in times.pts]
        return times, cut(starts, float(duration(times)), SECONDS)

    def sound_plan(self) -> list[Window]:
        """Windows of the packets."""
        track = self.audio
        if track is None:
            return []
        starts = [float(packet.pts * track.time_base) for packet in track.packets]
        last = track.packets[-1]
        return cut(starts, float((last.pts + last.duration) * track.time_base), SOUND_SECONDS)

    def init(self, renderers: Renderers, res: str, scale: int) -> bytes:
        """The initialisation segment of the pictures."""
        return self._encoder(renderers, res, scale).init()

    def codecs(self, renderers: Renderers, res: str, scale: int) -> str:
        """How MediaSource names them."""
        return codec_of(self.init(renderers, res, scale))

    def window(
        self, renderers: Renderers, res: str, scale: int, number: int, stop: Stop
    ) -> Iterator[bytes]:
        """A window's bytes as they come.

        Raises:
            Cancelled: ``stop`` was set meanwhile.
            CorruptError: a frame cannot be decoded.
        """
        times, windows = self.plan(scale)
        window, durations = windows[number], frame_durations(times)
        shots = output_shots(0, self.frames, scale)[window.first : window.stop]
        encoder = self._encoder(renderers, res, scale)

        def frames(renderer: Renderer) -> Iterator[tuple[Planes, int, int]]:
            places = range(window.first, window.stop)
            for index, planes in zip(places, renderer.frames(shots), strict=True):
                stop.check()
                yield planes, times.pts[index] - times.pts[0], durations[index]

        with renderers.borrowed(self.path, self.size(res)) as renderer:
            yield from encoder.piece(frames(renderer))

    def sound_init(self) -> bytes:
        """The initialisation segment of the sound.

        Raises:
            UsageError: there is none.
        """
        return audio_init(self._heard())

    def sound(self, number: int) -> bytes:
        """A window of the sound."""
        window = self.sound_plan()[number]
        return audio_piece(self._heard(), window.first, window.stop)

    def _heard(self) -> AudioTrack:
        if self.audio is None:
            raise UsageError(f"{self.path.name}: has no sound")
        return self.audio

    def _encoder(self, renderers: Renderers, res: str, scale: int) -> PieceEncoder:
        with renderers.borrowed(self.path, self.size(res)) as renderer:
            output = renderer.output
        return PieceEncoder(output, self.plan(scale)[0].time_base)


class Renderers:
    """Open renderers, so that a window goes on where the one before it ended."""

    def __init__(self, most: int) -> None:
        """
        Args:
            most: kept open while nobody uses them.
        """
        self._most, self._lock = most, Lock()
        self._idle: OrderedDict[tuple[Path, tuple[int, int]], tuple[Renderer, BinaryIO]] = (
            OrderedDict()
        )

    @contextmanager
    def borrowed(self, path: Path, size: tuple[int, int]) -> Iterator[Renderer]:
        """A renderer of a file at a size that nobody else uses meanwhile."""
        with self._lock:
            found = self._idle.pop((path, size), None)
        renderer, stream = found or _opened(path, size)
        try:
            yield renderer
        except BaseException:  # it may have stopped anywhere
            _closed(renderer, stream)
            raise
        with self._lock:
            old = [self._idle.pop((path, size), None)]
            self._idle[path, size] = renderer, stream
            while len(self._idle) > self._most:
                old.append(self._idle.popitem(last=False)[1])
        for pair in filter(None, old):
            _closed(*pair)

    def close(self) -> None:
        """Close those that nobody uses."""
        with self._lock:
            old = list(self._idle.values())
            self._idle.clear()
        for pair in old:
            _closed(*pair)


def _opened(path: Path, size: tuple[int, int]) -> tuple[Renderer, BinaryIO]:
    stream = open_file(path)
    try:
        return Renderer(LincFile(stream, name=path.name), size, device="auto"), stream
    except BaseException:
        stream.close()
        raise


def _closed(renderer: Renderer, stream: BinaryIO) -> None:
    renderer.close()
    stream.close()
