"""A .linc file that is opened by its path wherever it is used."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from lincodec.api.metadata import VideoMetadata
from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.errors import UsageError
from lincodec.limits import Limits
from lincodec.options import LANCZOS
from lincodec.types import Times
from lincodec.video.timing import frame_durations

if TYPE_CHECKING:
    from lincodec.api.painter import Painter


class Source:
    """The part of ``Video`` that opens, closes and copies."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        device: str,
        dtype: str,
        cache_bytes: int,
        backend: str,
        limits: Limits | None,
        enhance: bool = True,
        upscale: str | os.PathLike[str] = LANCZOS,
    ) -> None:
        """Called by ``lincodec.open``."""
        self.path = os.path.abspath(path)
        """Absolute path of the file."""
        self.device = device
        """Where pictures are rendered, as asked for."""
        self.dtype = np.dtype(dtype)
        """Of samples."""
        self._cache_bytes, self._backend, self._limits = cache_bytes, backend, limits
        self._enhance = enhance
        self._upscale = LANCZOS if upscale == LANCZOS else os.path.abspath(upscale)
        self._closed = False
        #: By process: a fork must not share a place in the file, threads and locks.
        self._opened: dict[int, Opened] = {}

    def close(self) -> None:
        """Close the file and forget what was decoded; it cannot be used any more."""
        self._closed = True
        here = self._opened.pop(os.getpid(), None)
        if here is not None:
            here.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": {}, "_closed": False}

    def _prepare(self) -> None:
        """Find out now what is wrong with the file or the device."""
        _ = self._here
        if self.device != "cpu" or self._backend != "auto":  # else it always works
            from lincodec.decoder.load import Rendering

            Rendering.of(self.device, self._backend)
        if self._upscale != LANCZOS:
            _ = self._painter

    @property
    def _here(self) -> Opened:
        """The file as this process has it open.

        Raises:
            UsageError: it was closed.
            InputError: it cannot be opened.
        """
        if self._closed:
            raise UsageError(f"{self.path}: the video is closed")
        found = self._opened.get(os.getpid())
        if found is None:
            found = self._opened.setdefault(os.getpid(), Opened(self.path, self._limits))
        return found

    @property
    def _painter(self) -> Painter:
        """What renders; loads torch when first asked for."""
        return self._here.painter(self._new_painter)

    def _new_painter(self, linc: LincFile) -> Painter:
        from lincodec.api.painter import Painter

        return Painter(
            linc, self.device, self._backend, self.dtype.name, self._cache_bytes,
            enhance=self._enhance, upscale=self._upscale,
        )  # fmt: skip


class Opened:
    """A file as one process has it open; threads may share it.

    Attributes:
        linc: the file.
        times: of its frames.
        pts: seconds at which each frame is first shown, float64 [n].
        durations: seconds for which it is, float64 [n].
    """

    def __init__(self, path: str, limits: Limits | None) -> None:
        """Open it.

        Raises:
            InputError: it cannot be opened.
            CorruptError: and the other errors of ``LincFile``.
        """
        stream = open_file(path)
        self._close_file = weakref.finalize(self, stream.close)
        self.linc = LincFile(stream, limits, name=path)
        self.times = self.linc.times()
        self.pts, self.durations = seconds(self.times)
        self._lock = threading.Lock()
        self._painter: Painter | None = None

    @cached_property
    def metadata(self) -> VideoMetadata:
        """What the video is."""
        return VideoMetadata.of(self.linc)

    def painter(self, make: Callable[[LincFile], Painter]) -> Painter:
        """What renders, made when it is first asked for."""
        with self._lock:
            if self._painter is None:
                self._painter = make(self.linc)
            return self._painter

    def close(self) -> None:
        """Close the file and what renders from it."""
        with self._lock:
            if self._painter is not None:
                self._painter.close()
        self._close_file()


def seconds(times: Times, begin: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """When each frame is first shown, and for how long, float64 [n] each, read-only.

    Args:
        times: of the frames.
        begin: ticks at which the first one is shown.
    """
    unit = times.time_base
    ticks = (np.array(times.pts) - times.pts[0] + begin, np.array(frame_durations(times)))
    pts, durations = (t.astype(np.float64) * unit.numerator / unit.denominator for t in ticks)
    pts.flags.writeable = durations.flags.writeable = False
    return pts, durations
