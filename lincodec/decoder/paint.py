"""Rendering by array programs: everything that the core does not draw (spec clause 8)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from lincodec.bitstream.segment import SegmentCode
from lincodec.container import LincFile
from lincodec.core.resample import Area
from lincodec.crop import Crop
from lincodec.decoder.areas import Surroundings, areas_of, motion_reach
from lincodec.decoder.load import Rendering, RenderModel, segment_model, segment_motion
from lincodec.decoder.prefetch import Unpacker, unpacked
from lincodec.decoder.shots import Shot
from lincodec.errors import CorruptError, ResourceError
from lincodec.model.between import Between
from lincodec.model.devices import CPU, Portions
from lincodec.model.output import quantise, to_frames
from lincodec.system.memory import ran_out
from lincodec.types import Planes, VideoInfo


def batch_size(info: VideoInfo, device: torch.device = CPU) -> int:
    """Frames of a picture size that are rendered together."""
    return max(1, Portions.on(device).rendered // (info.width * info.height))


@dataclass(frozen=True)
class Loaded:
    """A decoded segment."""

    model: RenderModel
    motion: Tensor | None
    """float32 [n, 2, rows, columns] from each frame's predecessor to it; None: none stored."""


class Painter:
    """Renders frames of an open file; keeps two segments and fetches the next.

    Devices other than the CPU render a batch ahead.
    """

    def __init__(
        self,
        linc: LincFile,
        output: VideoInfo,
        crop: Crop | None,
        rendering: Rendering,
        workers: int = 0,
        *,
        enhance: bool = True,
    ) -> None:
        """
        Args:
            linc: an open file.
            output: gives the size of the pictures.
            crop: the part of the native picture that they show; None: all of it.
            rendering: device and backend.
            workers: processes that entropy decode; 0: threads of this one.
            enhance: whether the network of exact pictures is shown on top of them.
        """
        self.rendering, self._enhance = rendering, enhance
        self.linc, self.arch, self.info, self.output = linc, linc.arch, linc.info, output
        self._areas = areas_of(self.info, self.output, crop)
        self._around = Surroundings(self._areas, 0)
        self._unpacker = Unpacker(linc, workers)
        self._pool = ThreadPoolExecutor(2)
        # the CPU has nothing to gain: its threads are those that the consumer wants
        self._ahead = ThreadPoolExecutor(1) if rendering.device.type != "cpu" else None
        self._segments: dict[int, Future[Loaded]] = {}
        #: By frame, of what lies around the areas too.
        self._pictures: dict[int, list[Tensor]] = {}

    def close(self) -> None:
        """Stop the background work."""
        self._unpacker.close()
        for pool in (self._pool, self._ahead):
            if pool is not None:
                pool.shutdown(wait=False, cancel_futures=True)

    def load(self, index: int) -> Loaded:
        """Read and decode a segment now.

        Raises:
            CorruptError: it breaks the format.
        """
        return self._built(self._unpacker.fetch(index, index))

    def _built(self, code: Future[SegmentCode]) -> Loaded:
        """A segment once it is entropy decoded."""
        found = unpacked(code)
        model = segment_model(
            found, self.arch, self.info, self.rendering, self.linc.limits, enhance=self._enhance
        )
        return Loaded(model, segment_motion(found))

    def _fetch(self, index: int, last: int) -> Future[Loaded]:
        """A segment, loaded in the background and kept; those up to ``last`` will follow."""
        if index not in self._segments:
            code = self._unpacker.fetch(index, last)
            self._segments[index] = self._pool.submit(self._built, code)
        return self._segments[index]

    def _loaded(self, index: int, last: int) -> Loaded:
        """A segment; starts on the next one unless this is the ``last`` needed."""
        for stale in [k for k in self._segments if not index <= k <= index + 1]:
            del self._segments[stale]
        found = self._fetch(index, last)
        if index < last:
            self._fetch(index + 1, last)
        return found.result()

    def frames(self, shots: Sequence[Shot]) -> Iterator[Planes]:
        """Integer planes of every output frame in order (ascending ``shots``)."""
        batches = self._batches(shots)
        if self._ahead is not None:
            batches = _ahead(batches, self._ahead)
        for frames in batches:
            yield from frames

    def _batches(self, shots: Sequence[Shot]) -> Iterator[list[Planes]]:
        """The frames of ``shots`` in batches as large as memory allows."""
        device = self.rendering.device
        # native planes come first
        batch = min(batch_size(self.output, device), batch_size(self.info, device))
        last = self.linc.segment_at(shots[-1].frame) if shots else 0
        at = 0
        while at < len(shots):
            index = self.linc.segment_at(shots[at].frame)
            entry = self.linc.segments[index]
            stop = at
            while stop < len(shots) and stop - at < batch and shots[stop].frame < entry.end_frame:
                stop += 1
            try:
                frames = self._batch(index, shots[at:stop], last)
            except (MemoryError, RuntimeError) as error:
                if not ran_out(error):
                    raise
                batch = _smaller(stop - at, error)
                continue
            yield frames
            at = stop

    def _batch(self, index: int, shots: Sequence[Shot], last: int) -> list[Planes]:
        """Frames of one segment, rendered together."""
        entry = self.linc.segments[index]
        segment = self._loaded(index, last)
        with torch.inference_mode():
            if any(self._is_between(index, shot, segment) for shot in shots):
                planes = self._with_motion(index, shots, segment)
            else:
                times = [float(shot.frame - entry.first_frame + shot.share) for shot in shots]
                planes = self._at_times(segment, times, self._areas)
            if not all(math.isfinite(float(plane.sum())) for plane in planes):
                raise CorruptError(f"segment {index}: its samples are not finite numbers")
            return to_frames(quantise(planes, self.info.bit_depth))

    def _at_times(
        self, segment: Loaded, times: Sequence[float], areas: Sequence[Area]
    ) -> list[Tensor]:
        """Planes float32 [m, h, w] at times in frames from the segment's first."""
        at = torch.tensor(times, dtype=torch.float64)
        return segment.model.pictures(at, areas)

    def _follower(self, index: int) -> int | None:
        """The segment that goes on with this one's shot, None when there is none."""
        entry, after = self.linc.segments[index], self.linc.segments[index + 1 : index + 2]
        goes_on = after and after[0].continues and after[0].first_frame == entry.end_frame
        return index + 1 if goes_on else None

    def _is_between(self, index: int, shot: Shot, segment: Loaded) -> bool:
        """Whether a shot is made of two pictures instead of the latents of one segment."""
        if shot.share == 0:
            return False
        if shot.frame < self.linc.segments[index].end_frame - 1:
            return segment.motion is not None
        return self._follower(index) is not None

    def _with_motion(self, index: int, shots: Sequence[Shot], segment: Loaded) -> list[Tensor]:
        """Planes [m, h, w] of shots of which some lie between two pictures."""
        between = [shot for shot in shots if self._is_between(index, shot, segment)]
        moves = {shot.frame: self._displacement(index, shot.frame, segment) for shot in between}
        self._look_around(moves.values())
        self._render(index, {n for frame in moves for n in (frame, frame + 1)}, segment)
        out, pair, at = [], None, -1
        for shot in shots:
            if shot not in between:
                out.append(self._single(index, shot, segment))
                continue
            if pair is None or at != shot.frame:
                first, second = self._pictures[shot.frame], self._pictures[shot.frame + 1]
                pair = Between(first, second, moves[shot.frame], self._around.areas)
                at = shot.frame
            out.append(self._around.cut(pair.at(float(shot.share))))
        self._pictures = {k: v for k, v in self._pictures.items() if k >= shots[-1].frame}
        return [torch.stack(planes) for planes in zip(*out, strict=True)]

    def _single(self, index: int, shot: Shot, segment: Loaded) -> list[Tensor]:
        """Planes [h, w] of a shot that lies on a frame or in a segment without motion."""
        if shot.share == 0 and shot.frame in self._pictures:
            return self._around.cut(self._pictures[shot.frame])
        time = float(shot.frame - self.linc.segments[index].first_frame + shot.share)
        return [plane[0] for plane in self._at_times(segment, [time], self._areas)]

    def _displacement(self, index: int, frame: int, segment: Loaded) -> Tensor | None:
        """Motion from a frame to the next, in this segment or the one that goes on."""
        entry, motion = self.linc.segments[index], segment.motion
        place = frame + 1 - entry.first_frame
        if place == entry.n_frames:
            motion, place = self._fetch(index + 1, index + 1).result().motion, 0
        return None if motion is None else motion[place]

    def _look_around(self, moves: Iterable[Tensor | None]) -> None:
        """Make pictures so much larger than what is shown that motion finds what it needs."""
        fields = [move for move in moves if move is not None and bool(move.any())]
        around = Surroundings(self._areas, motion_reach(fields, self._areas[0]))
        if around.areas != self._around.areas:
            self._around, self._pictures = around, {}

    def _render(self, index: int, frames: set[int], segment: Loaded) -> None:
        """Keep the pictures of frames of this segment and of the first of the next."""
        entry, areas = self.linc.segments[index], self._around.areas
        new = sorted(frames - self._pictures.keys())
        own = [frame for frame in new if frame < entry.end_frame]
        if own:
            times = [float(frame - entry.first_frame) for frame in own]
            planes = self._at_times(segment, times, areas)
            self._pictures |= {f: [p[k] for p in planes] for k, f in enumerate(own)}
        if len(own) < len(new):
            planes = self._at_times(self._fetch(index + 1, index + 1).result(), [0.0], areas)
            self._pictures[entry.end_frame] = [plane[0] for plane in planes]


def _ahead(batches: Iterator[list[Planes]], pool: Executor) -> Iterator[list[Planes]]:
    """The same batches, each made in the single thread of a pool while the last one is used."""
    coming = pool.submit(next, batches, None)
    while (frames := coming.result()) is not None:
        coming = pool.submit(next, batches, None)
        yield frames


def _smaller(frames: int, error: BaseException) -> int:
    """How many frames to render at a time after memory ran out for ``frames``.

    Raises:
        ResourceError: it was a single frame.
    """
    if frames == 1:
        raise ResourceError("out of memory for one frame; decode at a lower --res") from error
    return frames // 2
