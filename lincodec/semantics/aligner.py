"""Aligning a video to one teacher, segment by segment: targets before a fit, heads after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lincodec.bitstream.embedding import latent_rows, mean_cosine, normalised
from lincodec.bitstream.segment import unpack_latents
from lincodec.container import AlignmentData, HeadData, SegmentHeader
from lincodec.options import EncodeOptions
from lincodec.semantics.cache import FrameVectors, cache_path
from lincodec.semantics.head import fit_head
from lincodec.semantics.pull import Pull
from lincodec.semantics.teacher import Floats, Teacher, upright
from lincodec.types import Frame, VideoInfo


class Aligner:
    """Collects what aLGN says of one teacher while a file is written."""

    def __init__(
        self, vectors: FrameVectors, info: VideoInfo, weight: float, first: int | None = None
    ) -> None:
        """
        Args:
            vectors: of the source's frames.
            info: of the frames that ``targets`` is given.
            weight: lambda of paper Eq. 6, above 0.
            first: latent entry where the embedding begins, when the fit aligns the latents
                themselves; None: a head is fitted to the latents of every segment.
        """
        self.vectors, self.info, self.weight, self.first = vectors, info, weight, first
        self._heads: list[HeadData] = []
        self._cosines: list[tuple[int, float]] = []
        self._norms: list[float] = []

    def fresh(self) -> Aligner:
        """The same without the segments that it took."""
        return Aligner(self.vectors, self.info, self.weight, self.first)

    def targets(self, frames: Sequence[Frame]) -> Floats:
        """The teacher's unit vectors float32 [n, d] of source frames."""
        return normalised(self.known(frames))

    def known(self, frames: Sequence[Frame]) -> Floats:
        """The teacher's vectors; what was asked before is not computed again."""
        return self.vectors.of(
            [frame.pts for frame in frames], lambda i: upright(frames[i].planes, self.info)
        )

    def add(self, frames: Sequence[Frame], latents: Floats) -> int:
        """Take a fitted segment: fit its head, measure it; the bytes it adds to the file.

        Args:
            frames: of the source.
            latents: [n, K], as the file holds them.
        """
        found = self.known(frames)
        self._norms += np.linalg.norm(found, axis=1).tolist()
        targets = normalised(found)
        if self.first is not None:
            shown = latents[:, self.first : self.first + targets.shape[1]]
            self._cosines.append((len(frames), mean_cosine(shown, targets)))
            return 0
        head = fit_head(latents, targets, self.weight)
        centre = latents.mean(axis=0, dtype=np.float64).astype(np.float32)
        self._cosines.append((len(frames), mean_cosine(head.embed(latents, centre), targets)))
        self._heads.append(head.data)
        return head.size

    @property
    def cosine(self) -> float:
        """Mean over the frames so far of the cosine to the teacher."""
        return sum(n * c for n, c in self._cosines) / max(sum(n for n, _ in self._cosines), 1)

    def data(self) -> AlignmentData:
        """What the file says of this teacher, once every segment was added."""
        teacher = self.vectors.teacher
        return AlignmentData(
            model=teacher.model,
            revision=teacher.revision,
            preprocessing=teacher.preprocessing,
            dimension=teacher.dimension,
            scale=float(np.float32(np.mean(self._norms))),
            weight=float(np.float32(0 if self.first is None else self.weight)),
            cosine=float(np.float32(self.cosine)) or 0.0,
            first=self.first,
            heads=tuple(self._heads),
        )


class Alignments:
    """The aligners of one encode, in the order the user named their models."""

    def __init__(self, aligners: Sequence[Aligner]) -> None:
        self._aligners = tuple(aligners)

    @staticmethod
    def of(
        teachers: Sequence[Teacher], options: EncodeOptions, source: str, info: VideoInfo, room: int
    ) -> Alignments:
        """One aligner for each teacher.

        Args:
            teachers: the models of ``options.align``.
            options: weight, span and cache.
            source: path of the video.
            info: of its frames.
            room: latent entries that the fit can pull; models that fit into them are aligned
                by the latents themselves, the others by heads.
        """
        aligners, used = [], 0
        for teacher in teachers:
            path = cache_path(options.cache, source, teacher, options.span.start)
            first = used if used + teacher.dimension <= room else None
            used += 0 if first is None else teacher.dimension
            vectors = FrameVectors(teacher, path)
            aligners.append(Aligner(vectors, info, options.align_weight, first))
        return Alignments(aligners)

    def pulls(self, frames: Sequence[Frame]) -> tuple[Pull, ...]:
        """What the fit of the next segment draws its latents to."""
        return tuple(
            Pull(aligner.first, aligner.targets(frames), aligner.weight)
            for aligner in self._aligners
        )

    def fresh(self) -> Alignments:
        """The same models with what they said of frames, and no segment yet."""
        return Alignments([a.fresh() for a in self._aligners])

    def vectors(self, frames: Sequence[Frame]) -> tuple[Floats, ...]:
        """What each model says of frames, [n, d]."""
        return tuple(aligner.known(frames) for aligner in self._aligners)

    def learn(self, pts: Sequence[int], vectors: Sequence[Floats]) -> None:
        """Take what each model says of the frames at some times."""
        for aligner, found in zip(self._aligners, vectors, strict=True):
            aligner.vectors.learn(pts, found)

    def add(self, frames: Sequence[Frame], header: SegmentHeader, lats: bytes) -> int:
        """Take a fitted segment, SEGM and LATS; the bytes that its heads take in the file."""
        if not self._aligners:
            return 0
        latents = latent_rows(unpack_latents(header, lats).values, header.n_frames)
        return sum(aligner.add(frames, latents) for aligner in self._aligners)

    def sections(self) -> list[bytes]:
        """The aLGN payloads of the finished file; the embeddings are kept for the next time."""
        for aligner in self._aligners:
            aligner.vectors.save()
        return [aligner.data().pack() for aligner in self._aligners]
