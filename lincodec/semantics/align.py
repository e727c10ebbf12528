"""``linc align``: align a finished file to one more embedding model; its video stays as it is."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from lincodec.bitstream.embedding import segment_latents
from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.container.realign import write_aligned
from lincodec.decoder.reader import LincReader
from lincodec.errors import UsageError
from lincodec.options import Progress, ProgressCallback, Span
from lincodec.semantics.aligner import Aligner
from lincodec.semantics.cache import FrameVectors, cache_path
from lincodec.semantics.head import WEIGHT
from lincodec.semantics.teacher import Teacher
from lincodec.semantics.teachers import load_teacher
from lincodec.system.atomic import atomic_output
from lincodec.types import Frame, VideoInfo
from lincodec.video.reader import FrameReader


@dataclass(frozen=True)
class AlignOptions:
    """What to align a file to, and by which frames."""

    model: str
    """See ``load_teacher``."""
    weight: float = WEIGHT
    """Lambda of paper Eq. 6: what a better cosine is worth in bytes."""
    source: str | None = None
    """The video that was encoded; None: the frames of the file itself, rendered."""
    start: float | None = None
    """Seconds in ``source`` of the file's first frame."""
    cache: str | None = None
    """Folder for the teacher's embeddings; None: they are not kept."""


@dataclass(frozen=True)
class AlignReport:
    """What an alignment did."""

    output: str
    model: str
    dimension: int
    frames: int
    segments: int
    cosine: float
    """Mean over frames of the cosine to the teacher."""
    bytes_added: int
    """Bytes of the new section."""
    total: int
    """Bytes of the file."""
    computed: int
    """Frames that the teacher looked at; the others were in the cache."""
    seconds: float


def align(
    path: str,
    output: str,
    options: AlignOptions,
    *,
    progress: ProgressCallback | None = None,
    teacher: Teacher | None = None,
) -> AlignReport:
    """Align a file and write it to ``output``, which may be the file itself.

    Args:
        path: of the .linc file.
        output: of the aligned one.
        options: the model, and what it looks at.
        progress: told about every segment.
        teacher: the model, where it is loaded already.

    Raises:
        UsageError: no such model, or ``source`` does not have the file's frames.
        ResourceError: a library is not installed.
        CorruptError: the file is damaged.
    """
    started = time.monotonic()
    teacher = teacher or load_teacher(options.model, options.cache)
    with ExitStack() as stack:
        linc = LincFile(stack.enter_context(open_file(path)), name=path)
        reader = _reader(path, linc.n_frames, options)
        stack.push(reader.__exit__)
        vectors = FrameVectors(
            teacher, cache_path(options.cache, options.source or path, teacher, options.start)
        )
        aligner = Aligner(vectors, reader.info, options.weight)
        _collect(linc, iter(reader), aligner, progress or (lambda _: None))
        vectors.save()
        data = aligner.data()
        with atomic_output(output, overwrite=True) as temporary, temporary.open("wb") as out:
            write_aligned(linc, out, [data])
        total = Path(output).stat().st_size
    return AlignReport(
        output, teacher.model, teacher.dimension, linc.n_frames, len(linc.segments),
        data.cosine, len(data.pack()) + 12, total, vectors.computed,
        time.monotonic() - started,
    )  # fmt: skip


def _reader(path: str, frames: int, options: AlignOptions) -> LincReader | FrameReader:
    """The frames that the teacher looks at."""
    if options.source is None:
        return LincReader(path)
    return FrameReader(options.source, span=Span(options.start, None, frames))


def _collect(
    linc: LincFile, frames: Iterator[Frame], aligner: Aligner, progress: ProgressCallback
) -> None:
    """Give the aligner every segment with its frames."""
    for index, entry in enumerate(linc.segments):
        held = _taken(frames, entry.n_frames, linc.info)
        if len(held) < entry.n_frames:
            raise UsageError(
                f"the source ends at frame {entry.first_frame + len(held)}, {linc.name} has "
                f"{linc.n_frames}; name the video and the --start it was encoded with"
            )
        aligner.add(held, segment_latents(linc, index))
        progress(Progress("align", entry.end_frame / linc.n_frames, segment=index + 1))


def _taken(frames: Iterator[Frame], count: int, info: VideoInfo) -> Sequence[Frame]:
    """The next frames, their sizes checked."""
    held = [frame for _, frame in zip(range(count), frames, strict=False)]
    for frame in held:
        height, width = frame.planes[0].shape
        if (height, width) != (info.height, info.width):
            raise UsageError(
                f"the source is {width}x{height}, the file {info.width}x{info.height}; "
                "name the video it was encoded from"
            )
    return held
