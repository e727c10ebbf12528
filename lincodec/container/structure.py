"""The rules that hold between sections, and the check of a whole file (spec clause 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lincodec import registry
from lincodec.container.alignment import AlignmentData, check_distinct
from lincodec.container.arch import Arch, parse_arch
from lincodec.container.audio import parse_audio
from lincodec.container.beside import parse_beside
from lincodec.container.cursor import require
from lincodec.container.head import Head
from lincodec.container.metadata import parse_metadata
from lincodec.container.order import SectionOrder
from lincodec.container.quality import Quality
from lincodec.container.sections import Section
from lincodec.container.segment import LARGEST_ENTRY, SEGMENT_FIXED, SegmentHeader
from lincodec.container.source import Source
from lincodec.container.times import parse_times
from lincodec.container.tracks import parse_track
from lincodec.container.trailer import Done, SegmentEntry, parse_index
from lincodec.container.work import check_expansion, check_work
from lincodec.errors import ChecksumError, LimitError

#: Sections that are text and concern nothing else, and what checks them.
_TEXTS: Mapping[bytes, Callable[[bytes], object]] = {
    registry.META: parse_metadata,
    registry.SRCE: parse_beside,
}


@dataclass(frozen=True)
class StructureReport:
    """What a full check of the structure found."""

    sections: tuple[Section, ...]
    """Every section in file order."""
    segments: tuple[SegmentEntry, ...]
    """Every segment, from the walk and not from iNDX."""
    sha256: bytes
    """SHA-256 of the bytes before DONE, equal to the stored one."""
    unknown: tuple[str, ...]
    """Types of the ancillary sections that were skipped."""


def parse_digest(payload: bytes) -> bytes:
    """Check the length of dGST (spec clause 6.8)."""
    length = registry.DGST_LENGTH
    require(len(payload) == length, f"dGST: {len(payload)} bytes, expected {length}")
    return payload


def check_segment_length(section: Section) -> None:
    """Check that SEGM has its fixed part and no more than the largest table."""
    low, high = SEGMENT_FIXED.size, SEGMENT_FIXED.size + 0xFFFF * LARGEST_ENTRY
    found = section.length
    require(low <= found <= high, f"SEGM: {found} bytes, expected {low} to {high}")


def check_payload_length(section: Section, declared: int) -> None:
    """Check that WGTS or LATS is as long as the tensor table says."""
    require(
        section.length == declared,
        f"{section.name}: {section.length} bytes, but the tensor table of SEGM declares {declared}",
    )


def check_segment(header: SegmentHeader, entry: SegmentEntry, head: Head) -> None:
    """Check SEGM against the entry that led to it and the bounds of HEAD."""
    found = (header.first_frame, header.n_frames, header.continues)
    expected = (entry.first_frame, entry.n_frames, entry.continues)
    require(found == expected, f"SEGM: frames {found[:2]} where {expected[:2]} were expected")
    for name in ("params", "symbols"):
        count, bound = getattr(header, name), getattr(head, f"max_{name}")
        require(count <= bound, f"SEGM: {count} {name}, HEAD allows {bound}")
    if header.pictures is not None:
        _check_pictures(header.pictures.dims, head)


def _check_pictures(dims: tuple[int, ...], head: Head) -> None:
    """Check the units of coded frames against the size of the picture (spec clause 7.10)."""
    side, top = max(head.width, head.height), registry.MAX_PICTURE_SIDE
    if side > top:
        raise LimitError(f"SEGM: pictures with a side of {side}; the format allows {top}")
    unit = registry.UNIT
    expected = (-(-head.height // unit), -(-head.width // unit))
    require(
        dims[1:] == expected, f"SEGM: pictures of {dims[1:]} units; HEAD is of {expected} units"
    )


def check_frames(entries: Sequence[SegmentEntry], head: Head) -> None:
    """Check that the segments cover the frames that HEAD declares, without gap or overlap."""
    frame = 0
    for index, entry in enumerate(entries):
        start = entry.first_frame
        require(start == frame, f"segment {index} starts at frame {start}, expected {frame}")
        require(entry.n_frames >= 1, f"segment {index} has no frames")
        require(index > 0 or not entry.continues, "the first segment cannot continue another")
        frame = entry.end_frame
    declared = head.n_frames
    require(declared in (None, frame), f"HEAD declares {declared} frames, segments hold {frame}")
    declared, found = head.n_segments, len(entries)
    require(declared in (None, found), f"HEAD declares {declared} segments, there are {found}")


def verify_structure(source: Source) -> StructureReport:
    """Check every byte of a file; see ``LincFile.verify_structure``."""
    check = _Check(source)
    at = len(registry.SIGNATURE)
    while not check.order.finished:
        section = source.section(at)
        with source.at(at):
            check.order.accept(section.type)
            source.limits.check("sections", check.order.count, "file")
        check.visit(section)
        at = section.end
    with source.at(at):
        require(at == source.size, f"{source.size - at} bytes follow DONE")
    return check.finish()


class _Check:
    """State of a full check: sections visited, segments completed."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.order = SectionOrder()
        self.sections: list[Section] = []
        self.entries: list[SegmentEntry] = []
        self.kept: dict[bytes, tuple[Section, bytes]] = {}
        self.alignments: list[tuple[Section, bytes]] = []
        self.unknown: list[str] = []
        self.head: Head | None = None
        self.arch: Arch | None = None
        self.open: tuple[Section, SegmentHeader] | None = None

    def visit(self, section: Section) -> None:
        """Check one section on its own and against those before it."""
        self.sections.append(section)
        kind = section.type
        if kind in (registry.WGTS, registry.LATS):
            self._visit_payload(section)
            return
        if kind == registry.SEGM:
            with self.source.at(section.offset):
                check_segment_length(section)
        if kind not in registry.KNOWN_SECTIONS:
            self.unknown.append(section.name)
            self.source.check(section)
            return
        payload = self.source.payload(section)
        with self.source.at(section.offset):
            if kind == registry.HEAD:
                self.head = Head.parse(payload, self.source.limits)
            elif kind == registry.ARCH:
                assert self.head is not None  # the order begins with HEAD
                self.arch = parse_arch(payload)
                check_work(self.arch, self.head, self.source.limits)
            elif kind == registry.SEGM:
                self._open_segment(section, payload)
            elif kind == registry.AUDI:
                parse_audio(payload, self.source.limits)
            elif kind == registry.TRKS:
                parse_track(payload, self.source.limits)
            elif kind in _TEXTS:
                _TEXTS[kind](payload)
            elif kind == registry.DGST:
                parse_digest(payload)
            elif kind == registry.ALGN:
                self.alignments.append((section, payload))
            else:
                self.kept[kind] = (section, payload)

    def finish(self) -> StructureReport:
        """Check what needs the whole file: counts, times, quality, index and trailer."""
        assert self.head is not None  # the order begins with HEAD
        with self.source.at(self.entries[0].offset):
            check_frames(self.entries, self.head)
            self.source.limits.check("frames", self.entries[-1].end_frame, "file")
        n_frames, entries = self.entries[-1].end_frame, tuple(self.entries)
        for kind, (section, payload) in self.kept.items():
            with self.source.at(section.offset):
                if kind == registry.TIME:
                    parse_times(payload, n_frames)
                elif kind == registry.QLTY:
                    Quality.parse(payload, len(entries))
                elif kind == registry.INDX:
                    found = parse_index(payload, section.offset)
                    require(found == entries, "iNDX: does not agree with the segments of the file")
        self._check_alignments()
        digest = self._check_done()
        return StructureReport(tuple(self.sections), entries, digest, tuple(self.unknown))

    def _check_alignments(self) -> None:
        assert self.arch is not None  # the order has ARCH second
        found = []
        for section, payload in self.alignments:
            with self.source.at(section.offset):
                found.append(AlignmentData.parse(payload, len(self.entries), self.arch))
                check_distinct(found)

    def _open_segment(self, section: Section, payload: bytes) -> None:
        assert self.head is not None  # the order begins with HEAD
        header = SegmentHeader.parse(payload, self.source.limits)
        frame = self.entries[-1].end_frame if self.entries else 0
        require(
            header.first_frame == frame,
            f"segment starts at frame {header.first_frame}, expected {frame}",
        )
        self.open = (section, header)
        check_segment(header, self._entry(section.end), self.head)
        check_expansion(header.expanse, self.source.size, self.source.limits)

    def _visit_payload(self, section: Section) -> None:
        assert self.open is not None  # the order admits these only after SEGM
        header, latents = self.open[1], section.type == registry.LATS
        with self.source.at(section.offset):
            check_payload_length(
                section, header.latents_length if latents else header.weights_length
            )
        self.source.check(section)
        if latents:
            self.entries.append(self._entry(section.end))

    def _entry(self, end: int) -> SegmentEntry:
        assert self.open is not None  # called between SEGM and LATS
        section, header = self.open
        return SegmentEntry.of(header, section.offset, end)

    def _check_done(self) -> bytes:
        section, payload = self.kept[registry.DONE]
        with self.source.at(section.offset):
            done = Done.parse(payload)
            size, count = self.source.size, len(self.sections)
            require(done.total_length == size, f"DONE: {done.total_length} bytes, found {size}")
            require(done.n_sections == count, f"DONE: {done.n_sections} sections, found {count}")
            index = self.kept.get(registry.INDX)
            offset = 0 if index is None else index[0].offset
            require(
                done.index_offset == offset,
                f"DONE: index at byte {done.index_offset}, found at {offset}",
            )
            digest = self.source.sha256_until(section.offset)
            if digest != done.sha256:
                raise ChecksumError("DONE: SHA-256 of the file does not match; get it again")
        return digest
