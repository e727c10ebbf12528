"""Cutting and joining files at segment borders: payloads are copied, the rest is written anew.

An editor in the sense of the specification (clause 11): frame numbers, times, counts, audio,
digest, quality and index follow the segments; sections it may not copy are left out.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction

from lincodec import registry
from lincodec.bitstream.segment import segment_digest_bytes
from lincodec.container import (
    Arch,
    Head,
    LincArch,
    LincFile,
    LincWriter,
    Quality,
    SegmentData,
    pack_audio,
    pack_beside,
    pack_metadata,
    pack_times,
    pack_track,
)
from lincodec.container.cursor import single
from lincodec.container.open import open_file
from lincodec.container.sections import is_safe_to_copy
from lincodec.decoder.spans import audio_of, beside_of, frame_range
from lincodec.errors import UsageError
from lincodec.options import Span
from lincodec.system.atomic import atomic_output
from lincodec.types import AudioTrack, Beside, Times, delayed
from lincodec.video.timing import duration, sliced

_HEAD_FIELDS = (
    "width", "height", "fps", "sar", "rotation", "mirrored", "bit_depth", "chroma_shift", "color",
)  # fmt: skip


@dataclass(frozen=True)
class EditReport:
    """What was written."""

    output: str
    frames: int
    segments: int
    bytes: int
    start: float
    """Seconds in the source of the first frame kept; 0 when joining."""
    seconds: float
    """Duration of the video."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Piece:
    """Consecutive segments of a file."""

    file: LincFile
    first: int
    stop: int

    @property
    def frames(self) -> tuple[int, int]:
        """First and one past the last frame."""
        segments = self.file.segments
        return segments[self.first].first_frame, segments[self.stop - 1].end_frame

    @property
    def times(self) -> Times:
        """Times of its frames, from 0."""
        return sliced(self.file.times(), *self.frames)

    @property
    def audio(self) -> AudioTrack | None:
        """Audio packets that begin while it lasts."""
        return audio_of(self.file, self.times, *self.frames)

    @property
    def beside(self) -> Beside:
        """Further tracks and chapters while it lasts, and the rest of what the source held."""
        return beside_of(self.file, self.times, *self.frames)

    def quality(self) -> Quality | None:
        """What is known of its segments, None when they were not measured."""
        found = self.file.quality()
        if found is None or not found.segments:
            return None
        whole = (self.first, self.stop) == (0, len(self.file.segments))
        values = found.segments[self.first : self.stop]
        kept = found if whole else replace(found, psnr_yuv=0.0, ms_ssim=0.0)
        return replace(kept, segments=values)


def cut(source: str, output: str, span: Span, *, overwrite: bool = False) -> EditReport:
    """Keep the segments that hold the frames of a span; the first may begin before it.

    Args:
        source: path of the .linc file.
        output: path of the new one.
        span: what must be in it.
        overwrite: whether an existing output may be replaced.

    Raises:
        InputError: the file cannot be opened.
        CorruptError: it is damaged.
        UsageError: no frame lies in the span.
    """
    with ExitStack() as stack:
        file = LincFile(stack.enter_context(open_file(source)), name=source)
        start, stop = frame_range(file.times(), span)
        piece = _Piece(file, file.segment_at(start), file.segment_at(stop - 1) + 1)
        times = file.times()
        begin = float((times.pts[piece.frames[0]] - times.pts[0]) * times.time_base)
        return _write([piece], output, begin, overwrite=overwrite)


def concat(
    sources: Sequence[str], output: str, *, audio: bool = True, overwrite: bool = False
) -> EditReport:
    """Join files one after the other; each begins a shot.

    Args:
        sources: paths, two or more.
        output: path of the new file.
        audio: whether audio is joined too; every file or none must then have it.
        overwrite: whether an existing output may be replaced.

    Raises:
        InputError: a file cannot be opened.
        CorruptError: one is damaged.
        UsageError: the files differ in what must be the same.
    """
    with ExitStack() as stack:
        files = [LincFile(stack.enter_context(open_file(s)), name=s) for s in sources]
        for other in files[1:]:
            _check_alike(files[0], other)
        pieces = [_Piece(file, 0, len(file.segments)) for file in files]
        return _write(pieces, output, 0.0, audio=audio, overwrite=overwrite)


def _check_alike(first: LincFile, other: LincFile) -> None:
    """Refuse files whose segments one HEAD and ARCH cannot describe."""
    for name in _HEAD_FIELDS:
        a, b = getattr(first.head, name), getattr(other.head, name)
        if a != b:
            raise UsageError(f"{other.name}: {name} is {b}, that of {first.name} is {a}")
    if _bare(first.arch) != _bare(other.arch):
        raise UsageError(
            f"{other.name}: has other architecture parameters than {first.name}; encode both "
            "with the same preset and options"
        )


def _bare(arch: Arch) -> Arch:
    """Parameters without the bound on latents, of which a common one can be found."""
    return replace(arch, n_components=65535) if isinstance(arch, LincArch) else arch


def _write(
    pieces: Sequence[_Piece],
    output: str,
    begin: float,
    *,
    audio: bool = True,
    overwrite: bool,
) -> EditReport:
    """One file of the pieces in order."""
    head, arch = _described(pieces)
    times, warnings = _joined_times(pieces), _warnings(pieces)
    track = _joined_audio(pieces) if audio else None
    with atomic_output(output, overwrite=overwrite) as temporary:
        with temporary.open("wb") as out:
            writer = LincWriter(out)
            writer.add(registry.HEAD, head.pack())
            writer.add(registry.ARCH, arch.pack())
            if any(piece.file.is_variable_rate for piece in pieces):
                writer.add(registry.TIME, pack_times(times))
            digest = hashlib.sha256()
            for data in _segments(pieces):
                writer.add_segment(data.header, data.wgts, data.lats)
                sizes = pieces[0].file.info.plane_sizes
                digest.update(segment_digest_bytes(data, arch, sizes))
            if track:
                writer.add(registry.AUDI, pack_audio(track))
            for kind, payload in _beside(pieces, audio=audio, warnings=warnings):
                writer.add(kind, payload)
            writer.add(registry.DGST, digest.digest())
            quality = _joined_quality(pieces)
            if quality:
                writer.add(registry.QLTY, quality.pack())
            tags = pieces[0].file.tags()
            if tags:
                writer.add(registry.META, pack_metadata(tags))
            for section in _copied(pieces[0].file):
                writer.add(section[0], section[1])
            writer.finish()
        size = temporary.stat().st_size
    count = sum(piece.stop - piece.first for piece in pieces)
    return EditReport(
        output, len(times.pts), count, size, begin, float(duration(times)), tuple(warnings)
    )


def _described(pieces: Sequence[_Piece]) -> tuple[Head, Arch]:
    """HEAD and ARCH for all pieces."""
    heads = [piece.file.head for piece in pieces]
    head = replace(
        heads[0],
        n_frames=sum(stop - start for start, stop in (piece.frames for piece in pieces)),
        n_segments=sum(piece.stop - piece.first for piece in pieces),
        max_params=max(h.max_params for h in heads),
        max_symbols=max(h.max_symbols for h in heads),
    )
    arch = pieces[0].file.arch
    if isinstance(arch, LincArch):
        found = [p.file.arch.n_components for p in pieces if isinstance(p.file.arch, LincArch)]
        arch = replace(arch, n_components=max(found))
    return head, arch


def _segments(pieces: Sequence[_Piece]) -> Iterator[SegmentData]:
    """All segments, renumbered; the first of a piece begins a shot."""
    index = frame = 0
    for piece in pieces:
        for at in range(piece.first, piece.stop):
            data = piece.file.read_segment(at)
            header = replace(
                data.header,
                first_frame=frame,
                continues=data.header.continues and at > piece.first,
            )
            yield replace(data, index=index, header=header)
            index, frame = index + 1, frame + header.n_frames


def _joined_times(pieces: Sequence[_Piece]) -> Times:
    """Times of all frames on the coarsest clock that holds every piece's."""
    parts = [piece.times for piece in pieces]
    scale = math.lcm(*(part.time_base.denominator for part in parts))
    ticks = [int(part.time_base * scale) for part in parts]
    common = math.gcd(*ticks)
    pts: list[int] = []
    last, offset = 0, 0
    for part, tick in zip(parts, ticks, strict=True):
        factor = tick // common
        pts += [offset + factor * value for value in part.pts]
        last = factor * part.last_duration
        offset = pts[-1] + last
    return Times(Fraction(common, scale), tuple(pts), last)


def _joined_audio(pieces: Sequence[_Piece]) -> AudioTrack | None:
    """The audio of all pieces, each moved to where its video begins."""
    tracks = [piece.audio for piece in pieces]
    first = tracks[0]
    if not any(tracks):
        return None
    kinds = {
        (t.codec, t.time_base, t.sample_rate, t.layout, t.extradata) if t else None for t in tracks
    }
    if first is None or len(kinds) > 1:
        raise UsageError("the files have different audio, or some have none; try --audio none")
    packets, begin = [], Fraction(0)
    for piece, track in zip(pieces, tracks, strict=True):
        assert track is not None  # the kinds are all equal
        shift, length = round(begin / first.time_base), duration(piece.times)
        packets += [
            replace(packet, pts=packet.pts + shift, dts=packet.dts + shift)
            for packet in track.packets
            if len(pieces) == 1 or packet.pts * first.time_base < length
        ]
        begin += length
    return replace(first, packets=tuple(packets))


def _beside(
    pieces: Sequence[_Piece], *, audio: bool, warnings: list[str]
) -> Iterator[tuple[bytes, bytes]]:
    """Sections of further tracks, chapters and tags: of one piece, or of several what is alike."""
    found = [piece.beside for piece in pieces]
    tracks, chapters = list(found[0].tracks), list(found[0].chapters)
    kinds = {tuple((t.kind, t.codec, t.time_base, t.extradata) for t in f.tracks) for f in found}
    if len(kinds) > 1:
        warnings.append("further tracks are left out: they differ from file to file")
        tracks = []
    begin = duration(pieces[0].times)
    for piece, other in zip(pieces[1:], found[1:], strict=True):
        tracks = [
            replace(t, packets=(*t.packets, *delayed(o, begin).packets))
            for t, o in zip(tracks, other.tracks, strict=False)
        ]
        chapters += [
            replace(each, start=each.start + begin, end=each.end + begin) for each in other.chapters
        ]
        begin += duration(piece.times)
    for track in tracks:
        if audio or track.kind != "audio":
            yield registry.TRKS, pack_track(track)
    said = pack_beside(replace(found[0], chapters=tuple(chapters)))
    if said:
        yield registry.SRCE, said


def _joined_quality(pieces: Sequence[_Piece]) -> Quality | None:
    """Figures of all segments, None unless all were measured; means weighted by frames."""
    found = [piece.quality() for piece in pieces]
    if any(quality is None for quality in found):
        return None
    known = [quality for quality in found if quality is not None]
    counts = [
        piece.file.segments[at].n_frames
        for piece in pieces
        for at in range(piece.first, piece.stop)
    ]
    segments = tuple(value for quality in known for value in quality.segments)
    lengths = [stop - start for start, stop in (piece.frames for piece in pieces)]

    def mean(name: str) -> float:
        values = [float(getattr(quality, name)) for quality in known]
        if not all(values):
            return 0.0
        return single(sum(v * n for v, n in zip(values, lengths, strict=True)) / sum(lengths))

    rgb = sum(v * n for v, n in zip(segments, counts, strict=True)) / sum(counts)
    return Quality(
        single(rgb), mean("psnr_yuv"), mean("ms_ssim"),
        max(q.tolerance_rms for q in known), max(q.tolerance_peak for q in known),
        segments, known[0].device,
    )  # fmt: skip


def _copied(file: LincFile) -> list[tuple[bytes, bytes]]:
    """Unknown sections that are safe to copy."""
    return [
        (section.type, file.payload(section))
        for section in file.sections
        if section.type not in registry.KNOWN_SECTIONS and is_safe_to_copy(section.type)
    ]


def _warnings(pieces: Sequence[_Piece]) -> list[str]:
    """Sections that are left out."""
    lost = {
        section.name
        for piece in pieces
        for section in piece.file.sections
        if section.name == "aLGN"
        or (section.type not in registry.KNOWN_SECTIONS and not is_safe_to_copy(section.type))
    }
    return [f"section {name} is left out: it was made for the whole file" for name in sorted(lost)]
