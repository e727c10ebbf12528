"""Reading a file: lazily, one segment at a time, or whole to verify it (spec clause 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO, TypeVar

from lincodec import registry
from lincodec.container import structure
from lincodec.container.alignment import AlignmentData
from lincodec.container.arch import Arch, parse_arch
from lincodec.container.audio import parse_audio
from lincodec.container.beside import parse_beside
from lincodec.container.head import Head
from lincodec.container.metadata import parse_metadata
from lincodec.container.order import SectionOrder
from lincodec.container.quality import Quality
from lincodec.container.sections import FRAME_SIZE, Section
from lincodec.container.segment import SEGMENT_FIXED, SegmentHeader, parse_segment_fixed
from lincodec.container.source import Source
from lincodec.container.times import constant_times, parse_times
from lincodec.container.tracks import parse_track
from lincodec.container.trailer import Done, SegmentEntry, parse_index
from lincodec.container.work import check_expansion, check_work
from lincodec.errors import CorruptError, TruncatedError, UnsupportedError
from lincodec.limits import Limits
from lincodec.types import AudioTrack, Beside, Times, VideoInfo

T = TypeVar("T")


@dataclass(frozen=True)
class SegmentData:
    """The three sections of one segment, CRCs checked, nothing entropy-decoded."""

    index: int
    """Position among the segments of the file, from 0."""
    header: SegmentHeader
    wgts: bytes
    """WGTS payload: every tensor except latents."""
    lats: bytes
    """LATS payload: the latents."""

    @property
    def payloads(self) -> tuple[bytes, ...]:
        """The payload of each tensor, in table order."""
        return self.header.split(self.wgts, self.lats)


class LincFile:
    """A .linc file opened for reading.

    Opening reads HEAD, ARCH, the trailer and, when there is a sound iNDX, the index;
    without one it walks over the section headers. Payloads are read when asked for.
    """

    #: Whether a wrong signature is an error even when HEAD follows it.
    _strict = True

    def __init__(
        self,
        src: BinaryIO,
        limits: Limits | None = None,
        *,
        name: str | None = None,
    ) -> None:
        """Open ``src``, a seekable binary stream that stays open as long as this object is used.

        Raises:
            CorruptError: the file breaks the format.
            TruncatedError: it ends early; the message says which frames are intact.
            UnsupportedError: it needs a newer version.
            LimitError: it declares more than ``limits`` allow.
        """
        self.limits = limits or Limits()
        stream_name = getattr(src, "name", None)
        shown = stream_name if isinstance(stream_name, str) else "file"
        self._source = Source(src, self.limits, shown if name is None else name, self._strict)
        self.done: Done | None = self._source.done()
        """The trailer as found at the end of the file."""
        head = self._source.section(len(registry.SIGNATURE))
        self._require_type(head, registry.HEAD)
        self.head: Head = self._parse(head, lambda data: Head.parse(data, self.limits))
        arch = self._source.section(head.end)
        self._require_type(arch, registry.ARCH)
        self.arch: Arch = self._parse(arch, parse_arch)
        self._body = arch.end
        with self._source.at(arch.offset):
            check_work(self.arch, self.head, self.limits)
        self._entries: tuple[SegmentEntry, ...] = ()
        self._open_body()

    # ------------------------------------------------------------ what the file is

    @property
    def name(self) -> str:
        """The file name for messages."""
        return self._source.name

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._source.size

    @property
    def bytes_read(self) -> int:
        """Bytes read from the stream so far."""
        return self._source.bytes_read

    @property
    def segments(self) -> tuple[SegmentEntry, ...]:
        """Frame range and byte range of every segment, in order."""
        return self._entries

    @property
    def n_frames(self) -> int:
        """Frames of the video."""
        return self._entries[-1].end_frame

    @property
    def info(self) -> VideoInfo:
        """The stream description, with the frame count known."""
        return self.head.video_info(self.n_frames)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections outside segments that opening came across."""
        return tuple(self._others)

    def segment_at(self, frame: int) -> int:
        """Index of the segment that holds ``frame`` (0-based, below ``n_frames``)."""
        low, high = 0, len(self._entries)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (
                (middle, high) if self._entries[middle].first_frame <= frame else (low, middle)
            )
        return low

    # ------------------------------------------------------------ optional sections

    @property
    def has_audio(self) -> bool:
        """Whether there is an aUDi section."""
        return self._find(registry.AUDI) is not None

    @property
    def is_variable_rate(self) -> bool:
        """Whether there is a TIME section."""
        return self._find(registry.TIME) is not None

    def times(self) -> Times:
        """Presentation times of all frames; constant rate when there is no TIME."""
        stored = self._optional(registry.TIME, lambda data: parse_times(data, self.n_frames))
        return stored or constant_times(self.head.fps, self.n_frames)

    def audio(self) -> AudioTrack | None:
        """The passed-through audio, None when there is none."""
        return self._optional(registry.AUDI, lambda data: parse_audio(data, self.limits))

    def beside(self) -> Beside:
        """What the source held beside pictures and first audio; further tracks in file order."""
        found = self._optional(registry.SRCE, parse_beside) or Beside()
        parse, others = partial(parse_track, limits=self.limits), self._others
        tracks = (self._parse(each, parse) for each in others if each.type == registry.TRKS)
        return replace(found, tracks=tuple(tracks))

    def tags(self) -> dict[str, str]:
        """The tags of mETa, empty when there is none."""
        return self._optional(registry.META, parse_metadata) or {}

    def digest(self) -> bytes | None:
        """The stored SHA-256 of all decoded integers, None when there is none."""
        return self._optional(registry.DGST, structure.parse_digest)

    def quality(self) -> Quality | None:
        """What the encoder measured, None when not stored."""
        count = len(self._entries)
        return self._optional(registry.QLTY, lambda data: Quality.parse(data, count))

    def alignments(self) -> tuple[AlignmentData, ...]:
        """The embedding models that the latents are aligned to, in file order."""
        count = len(self._entries)
        return tuple(
            self._parse(section, lambda data: AlignmentData.parse(data, count, self.arch))
            for section in self._others
            if section.type == registry.ALGN
        )

    def payload(self, section: Section) -> bytes:
        """The payload of one of ``sections``, its CRC checked."""
        return self._source.payload(section)

    def section_length(self, kind: bytes) -> int:
        """Bytes of all whole sections of this type."""
        return sum(s.length + FRAME_SIZE for s in self._others if s.type == kind)

    # ------------------------------------------------------------ segments

    def read_segment(self, index: int) -> SegmentData:
        """The sections of segment ``index``, reading no other bytes of the file.

        Raises:
            ChecksumError: a CRC does not match.
            CorruptError: the segment breaks the format.
            LimitError: the tensor table declares more than the limits allow.
        """
        return self._read_entry(index, self.read_segment_header(index))

    def read_segment_header(self, index: int) -> SegmentHeader:
        """The decoded SEGM of segment ``index``; payloads are not read."""
        entry, section = self._entries[index], self._begin(index)
        header = self._parse(section, lambda data: SegmentHeader.parse(data, self.limits))
        with self._source.at(entry.offset):
            structure.check_segment(header, entry, self.head)
            check_expansion(header.expanse, self.size, self.limits)
        return header

    def read_latents(self, index: int) -> tuple[SegmentHeader, bytes]:
        """SEGM and the LATS payload of segment ``index``; its weights are not read.

        Raises:
            ChecksumError: and what else ``read_segment`` raises.
        """
        header = self.read_segment_header(index)
        return header, self._source.payload(self._payloads(self._begin(index), header)[1])

    def _read_entry(self, index: int, header: SegmentHeader) -> SegmentData:
        wgts, lats = self._payloads(self._begin(index), header)
        return SegmentData(index, header, self._source.payload(wgts), self._source.payload(lats))

    def _begin(self, index: int) -> Section:
        """The frame of SEGM of a segment."""
        section = self._source.section(self._entries[index].offset)
        self._require_type(section, registry.SEGM)
        return section

    def _payloads(self, begin: Section, header: SegmentHeader) -> tuple[Section, Section]:
        """The frames of WGTS and LATS that follow SEGM."""
        wgts = self._source.section(begin.end)
        self._require_type(wgts, registry.WGTS)
        with self._source.at(wgts.offset):
            structure.check_payload_length(wgts, header.weights_length)
        lats = self._source.section(wgts.end)
        self._require_type(lats, registry.LATS)
        with self._source.at(lats.offset):
            structure.check_payload_length(lats, header.latents_length)
        return wgts, lats

    # ------------------------------------------------------------ the whole file

    def payloads(self) -> Iterator[tuple[bytes, bytes]]:
        """(type, payload) of every section in file order, CRCs checked, for an editor.

        Raises:
            CorruptError: a section is damaged.
        """
        at = len(registry.SIGNATURE)
        while at < self.size:
            section = self._source.section(at)
            yield section.type, self._source.payload(section)
            at = section.end

    def verify_structure(self) -> structure.StructureReport:
        """Read every byte and check every rule that needs no entropy decoding.

        Raises:
            CorruptError: and its subclasses, for the first rule that is broken.
            UnsupportedError: a section, flag or code point is unknown.
        """
        return structure.verify_structure(self._source)

    # ------------------------------------------------------------ opening

    def _open_body(self) -> None:
        """Find the segments: through the index when it can be trusted, else by walking."""
        for index in (self._index(), ()):
            try:
                self._walk(index)
                return
            except CorruptError:
                if not index:
                    raise

    def _index(self) -> tuple[SegmentEntry, ...]:
        """The entries of iNDX, or none when it is absent or unsound."""
        if self.done is None or self.done.index_offset == 0:
            return ()
        offset = self.done.index_offset
        try:
            section = self._source.section(offset)
            self._require_type(section, registry.INDX)
            return self._parse(section, lambda data: parse_index(data, offset))
        except (CorruptError, UnsupportedError):
            return ()

    def _walk(self, index: tuple[SegmentEntry, ...]) -> None:
        """Walk over all sections, jumping over the payloads that ``index`` knows."""
        entries: list[SegmentEntry] = []
        self._others: list[Section] = []
        order, at = SectionOrder(), self._body
        order.accept(registry.HEAD)
        order.accept(registry.ARCH)
        try:
            while not order.finished:
                section = self._source.section(at)
                with self._source.at(at):
                    order.accept(section.type)
                    self.limits.check("sections", order.count, "file")
                if section.type == registry.SEGM:
                    known = index[len(entries)] if len(entries) < len(index) else None
                    entries.append(self._entry(section, known))
                    order.accept(registry.WGTS)
                    order.accept(registry.LATS)
                    at = section.offset + entries[-1].length
                else:
                    self._others.append(section)
                    at = section.end
        except TruncatedError as error:
            raise self._truncated(error, entries) from error
        self._entries = tuple(entries)
        self._check_end(at)

    def _entry(self, section: Section, known: SegmentEntry | None) -> SegmentEntry:
        """The entry of the segment that ``section`` starts; ``known`` is what iNDX says of it."""
        with self._source.at(section.offset):
            structure.check_segment_length(section)
        if known is not None and self._states(section, known):
            return known  # its CRC is checked when the segment is read
        payload = self._source.payload(section)
        with self._source.at(section.offset):
            first, n_frames, continues, _ = parse_segment_fixed(payload[: SEGMENT_FIXED.size])
        length = 0 if known is None else known.length
        entry = SegmentEntry(first, n_frames, section.offset, length, continues)
        if entry == known:
            return entry
        end = section.end
        for kind in (registry.WGTS, registry.LATS):
            part = self._source.section(end)
            self._require_type(part, kind)
            end = part.end
        return SegmentEntry(first, n_frames, section.offset, end - section.offset, continues)

    def _states(self, section: Section, known: SegmentEntry) -> bool:
        """Whether SEGM begins with what iNDX says of it; a few bytes tell."""
        fixed = self._source.read(section.payload_offset, SEGMENT_FIXED.size)
        first, n_frames, flags, *_ = SEGMENT_FIXED.unpack(fixed)
        found = (first, n_frames, section.offset, flags)
        return found == (known.first_frame, known.n_frames, known.offset, int(known.continues))

    def _truncated(self, error: TruncatedError, entries: list[SegmentEntry]) -> CorruptError:
        if self.done is not None:
            return CorruptError(f"{error}, although the trailer is sound; the file is damaged")
        if not entries:
            return TruncatedError(f"{error}; no segment is intact, get the file again")
        return TruncatedError(
            f"{error}; truncated after segment {len(entries) - 1}: "
            f"frames 0-{entries[-1].end_frame - 1} are intact, get the file again"
        )

    def _check_end(self, end: int) -> None:
        """Check the trailer, what follows it, and the frames of the segments."""
        done = self._parse(self._others[-1], Done.parse)
        if end != self.size:
            raise CorruptError(f"{self.name}: {self.size - end} bytes follow DONE at byte {end}")
        if done.total_length != end:
            raise CorruptError(
                f"{self.name}: DONE declares {done.total_length} bytes, the file has {end}"
            )
        with self._source.at(self._entries[0].offset):
            structure.check_frames(self._entries, self.head)
            self.limits.check("frames", self.n_frames, "file")

    # ------------------------------------------------------------ helpers

    def _find(self, kind: bytes) -> Section | None:
        return next((section for section in self._others if section.type == kind), None)

    def _optional(self, kind: bytes, parse: Callable[[bytes], T]) -> T | None:
        section = self._find(kind)
        return None if section is None else self._parse(section, parse)

    def _parse(self, section: Section, parse: Callable[[bytes], T]) -> T:
        payload = self._source.payload(section)
        with self._source.at(section.offset):
            return parse(payload)

    def _require_type(self, section: Section, kind: bytes) -> None:
        if section.type != kind:
            raise CorruptError(
                f"{self.name}: byte {section.offset}: section {section.name}, "
                f"expected {kind.decode('ascii')}"
            )
