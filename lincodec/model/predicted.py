"""A segment whose frames are predicted from each other (spec clause 8.11)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lincodec.model.compensation import Blocks, Link, levels, predicted
from lincodec.model.devices import Portions
from lincodec.model.resample import Area, resample
from lincodec.model.segment import SegmentModel


class PredictedSegment:
    """``frame = prediction from two other frames + Spectral(x, y; W z)``; the first has none.

    Decoded frames are kept from the last anchor before the earliest one asked for.
    """

    def __init__(self, model: SegmentModel, blocks: Sequence[Blocks], moves: Tensor) -> None:
        """
        Args:
            model: gives what is added to every prediction, and the first frame whole.
            blocks: of every channel.
            moves: int64 [frames - 1, 5, rows, columns] in coding order, as ``predicted`` takes
                them.
        """
        self.model, self.blocks, self.moves = model, blocks, moves
        self.latents = model.latents
        steps = levels(self.latents.shape[1])
        self._links = {link.frame: link for level in steps for link in level}
        self._depth = {link.frame: depth for depth, level in enumerate(steps) for link in level}
        self._place = {frame: index for index, frame in enumerate(self._links)}
        self._anchors = [0, *(k.frame for k in self._links.values() if k.first == k.second)]
        self._kept: dict[int, list[Tensor]] = {}

    def pictures(self, times: Tensor, areas: Sequence[Area] | None = None) -> list[Tensor]:
        """Planes float32 [m, h, w] per channel at float64 times [m] in frames.

        Between two frames they are a mix of both. ``areas`` None: native size.
        """
        left = times.floor().long().clamp(0, self.latents.shape[1] - 1)
        share = (times - left).clamp(0, 1)
        right = (left + (share > 0)).clamp(max=self.latents.shape[1] - 1)
        kept = self._decoded(sorted({*left.tolist(), *right.tolist()}))
        out = []
        for channel in range(len(self.blocks)):
            a, b = (torch.stack([kept[i][channel] for i in at.tolist()]) for at in (left, right))
            planes = _mixed(a, b, share) if bool(share.any()) else a
            out.append(planes if areas is None else resample(planes, areas[channel]))
        return out

    def _decoded(self, frames: Sequence[int]) -> dict[int, list[Tensor]]:
        """Planes [h, w] of frames and of all that they depend on."""
        oldest = max(anchor for anchor in self._anchors if anchor <= frames[0])
        self._forget(oldest)
        missing = self._needed(frames)
        if 0 in missing:
            self._keep([0], self.model.native(self.latents[:, :1]))
        samples = Portions.on(self.latents.device).predicted
        batch = max(1, samples // (self.blocks[0].size[0] * self.blocks[0].size[1]))
        for depth in sorted({self._depth[at] for at in missing if at}):
            links = [self._links[at] for at in sorted(missing) if self._depth.get(at) == depth]
            for start in range(0, len(links), batch):
                self._predict(links[start : start + batch])
            self._forget(min(oldest, links[0].frame))  # anchors that only led to the oldest
        return self._kept

    def _forget(self, oldest: int) -> None:
        """Drop the frames before one."""
        self._kept = {at: planes for at, planes in self._kept.items() if at >= oldest}

    def _needed(self, frames: Sequence[int]) -> set[int]:
        """Frames to decode for ``frames``: they and their ancestors, without those kept."""
        needed, waiting = set(), list(frames)
        while waiting:
            at = waiting.pop()
            if at in needed or at in self._kept:
                continue
            needed.add(at)
            if at:
                waiting += [self._links[at].first, self._links[at].second]
        return needed

    def _predict(self, links: Sequence[Link]) -> None:
        """Decode frames whose ancestors are kept."""
        frames = [link.frame for link in links]
        rest = self.model.native(self.latents[:, frames])
        sources = sorted({end for link in links for end in (link.first, link.second)})
        near = [Link(k.frame, sources.index(k.first), sources.index(k.second)) for k in links]
        moves = self.moves[[self._place[frame] for frame in frames]]
        for channel, blocks in enumerate(self.blocks):
            planes = torch.stack([self._kept[at][channel] for at in sources])
            rest[channel] += predicted(blocks, planes, near, moves)
        self._keep(frames, rest)

    def _keep(self, frames: Sequence[int], planes: Sequence[Tensor]) -> None:
        for index, frame in enumerate(frames):
            self._kept[frame] = [plane[index] for plane in planes]


def _mixed(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """Pictures [m, h, w] at float64 shares [m] of the way from ``a`` to ``b``."""
    return torch.lerp(a, b, share.to(a)[:, None, None])
