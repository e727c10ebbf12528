"""Pictures of an open file in any order, from a bounded number of decoded segments."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from lincodec.api.cache import Cache
from lincodec.api.frames import RANGES, Pixels
from lincodec.container import LincFile
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import Shot
from lincodec.decoder.stills import shot_at
from lincodec.decoder.upscale import upscaler_of
from lincodec.options import LANCZOS
from lincodec.types import Planes, Times, VideoInfo
from lincodec.video.color import to_rgb
from lincodec.video.orientation import upright

Size = tuple[int, int]

#: Share of a frame interval that seconds in binary64 may be off.
_TINY = 1e-6
#: Bytes of a sample while it is decoded.
_SAMPLE = 4
#: Pictures that a partitioned segment keeps, about.
_KEPT = 8
#: A picture larger than this share of the cache is not kept.
_SHARE = 16


@dataclass(eq=False)
class _Decoded:
    """A decoded segment at one output size, for one thread at a time."""

    renderer: Renderer
    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0
    """Threads that have it or wait for it."""
    dropped: bool = False
    """Whether the cache has forgotten it: the last user closes it."""


class Painter:
    """Renders the pictures of an open file; threads may share it.

    Decoded segments are kept, and pictures, for those of a segment whose frames are predicted
    from each other are not had at random: a frame before the last one may need all its ancestors.
    """

    def __init__(
        self,
        linc: LincFile,
        device: str,
        backend: str,
        dtype: str,
        limit: int,
        *,
        enhance: bool = True,
        upscale: str = LANCZOS,
    ) -> None:
        """
        Args:
            linc: an open file.
            device, backend, enhance: see ``Renderer``.
            dtype: one of ``RANGES``.
            limit: bytes of what is kept, about.
            upscale: see ``upscaler_of``, which may raise.
        """
        self._linc, self._dtype = linc, np.dtype(dtype)
        self._device, self._backend, self._enhance = device, backend, enhance
        self._limit, self._upscaler = limit, upscaler_of(upscale)
        self._lock = threading.Lock()  # of what is kept and who uses it
        self._cache: Cache[_Decoded | Pixels] = Cache(limit, self._drop)

    def close(self) -> None:
        """Forget everything that is kept."""
        with self._lock:
            self._cache.clear()

    def pictures(self, shots: Sequence[Shot], size: Size | None) -> Pixels:
        """Pictures [n, height, width, 3] in the order of ``shots``, which is any.

        Args:
            shots: places in the video.
            size: (width, height) of the upright pictures; None: native.
        """
        size = self._stored(size)
        width, height = turned(self._linc.info, size)
        out = np.empty((len(shots), height, width, 3), self._dtype)
        places: dict[Shot, list[int]] = {}
        for place, shot in enumerate(shots):
            places.setdefault(shot, []).append(place)
        missing = []
        for shot in sorted(places, key=lambda shot: (shot.frame, shot.share)):
            with self._lock:
                kept = self._cache.get((shot, size))
            if isinstance(kept, np.ndarray):
                out[places[shot]] = kept
            else:
                missing.append(shot)
        for index, group in self._by_segment(missing):
            for shot, picture in zip(group, self._rendered(index, group, size), strict=True):
                out[places[shot]] = picture
                self._keep((shot, size), picture)
        return out

    def stream(self, shots: Sequence[Shot], size: Size | None) -> Iterator[Pixels]:
        """Pictures [height, width, 3] of ascending shots, one after the other; none are kept."""
        renderer = self._renderer(self._stored(size))
        try:
            for planes in renderer.frames(shots):
                yield self._picture(planes, renderer.output)
        finally:
            renderer.close()

    def _renderer(self, size: Size) -> Renderer:
        return Renderer(
            self._linc, size, device=self._device, backend=self._backend, enhance=self._enhance,
            upscaler=self._upscaler,
        )  # fmt: skip

    def _stored(self, size: Size | None) -> Size:
        """(width, height) before rotation."""
        info = self._linc.info
        if size is None:
            return info.width, info.height
        return turned(info, size)

    def _by_segment(self, shots: Sequence[Shot]) -> Iterator[tuple[int, list[Shot]]]:
        """Ascending shots by the segment they begin in."""
        groups: dict[int, list[Shot]] = {}
        for shot in shots:
            groups.setdefault(self._linc.segment_at(shot.frame), []).append(shot)
        yield from groups.items()

    def _rendered(self, index: int, shots: Sequence[Shot], size: Size) -> Iterator[Pixels]:
        """Pictures of ascending shots of one segment."""
        with self._segment(index, size) as renderer:
            for planes in renderer.frames(shots):
                yield self._picture(planes, renderer.output)

    @contextmanager
    def _segment(self, index: int, size: Size) -> Iterator[Renderer]:
        """The renderer that has, or will have, a segment; no other thread has it meanwhile."""
        key = (index, size)
        with self._lock:
            found = self._cache.get(key)
            if not isinstance(found, _Decoded):
                found = _Decoded(self._renderer(size))
                self._cache.put(key, found, self._weight(index))
            found.users += 1
        try:
            with found.lock:
                yield found.renderer
        finally:
            with self._lock:
                found.users -= 1
                self._close_idle(found)

    def _keep(self, key: tuple[Shot, Size], picture: Pixels) -> None:
        """Keep a picture unless it is large."""
        if picture.nbytes * _SHARE <= self._limit:
            with self._lock:
                if self._cache.get(key) is None:  # another thread may have rendered it too
                    self._cache.put(key, picture, picture.nbytes)

    def _drop(self, gone: _Decoded | Pixels) -> None:
        """Told what the cache forgets, with the lock held."""
        if isinstance(gone, _Decoded):
            gone.dropped = True
            self._close_idle(gone)

    @staticmethod
    def _close_idle(segment: _Decoded) -> None:
        """Stop the background work of a segment that is forgotten and not used."""
        if segment.dropped and segment.users == 0:
            segment.renderer.close()

    def _weight(self, index: int) -> int:
        """Bytes that a decoded segment takes at most, about; its payloads are not read."""
        header, info = self._linc.read_segment_header(index), self._linc.info
        samples = sum(height * width for height, width in info.plane_sizes)
        return _SAMPLE * (header.params + (_KEPT * samples if header.pictures else 0))

    def _picture(self, planes: Planes, info: VideoInfo) -> Pixels:
        """RGB samples [height, width, 3], upright."""
        rgb: NDArray[np.float32] = upright(to_rgb(planes, info), info)
        if self._dtype.kind == "f":
            return np.ascontiguousarray(rgb / np.float32(255))
        scale = np.float32(RANGES[self._dtype.name] / 255)
        values = rgb if scale == 1 else rgb * scale
        return np.ascontiguousarray(np.rint(values).astype(self._dtype))


def whole(frame: int) -> Shot:
    """A frame itself."""
    return Shot(frame, Fraction(0))


def moments(times: Times, seconds: Iterable[float], *, between: bool) -> list[Shot]:
    """Where pictures shown at some times are.

    Args:
        times: of the video.
        seconds: from its first frame; negative ones count from the end.
        between: whether between two frames; else the one that is shown.

    Raises:
        UsageError: a time is not in the video.
    """
    found = []
    for second in seconds:
        shot = shot_at(times, float(second))
        if shot.share > 1 - _TINY:
            shot = whole(shot.frame + 1)
        elif shot.share < _TINY or not between:
            shot = whole(shot.frame)
        found.append(shot)
    return found


def turned(info: VideoInfo, size: Size) -> Size:
    """(width, height) upright from that as stored, and back."""
    return size if info.rotation % 180 == 0 else (size[1], size[0])
