"""Reading what is intact of a damaged or truncated file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from lincodec import registry
from lincodec.container import structure
from lincodec.container.reader import LincFile
from lincodec.container.sections import FRAME_SIZE, Section
from lincodec.container.segment import SegmentHeader
from lincodec.container.times import constant_times, parse_times
from lincodec.container.trailer import SegmentEntry
from lincodec.container.work import check_expansion
from lincodec.errors import CorruptError, LincError
from lincodec.types import Times

T = TypeVar("T")

_TYPES = re.compile(b"|".join(re.escape(kind) for kind in sorted(registry.KNOWN_SECTIONS)))
_CHUNK = 1 << 20
#: Bytes that the search may read, in multiples of the file: forged lengths must not cost hours.
_EFFORT = 8
#: In the place of an offset: not the reason why a segment is missing.
_NOWHERE = -1


@dataclass(frozen=True)
class Loss:
    """Frames that cannot be decoded."""

    first_frame: int
    frames: int
    reason: str
    """What is wrong, in one line."""


class DamagedFile(LincFile):
    """A file opened for recovery: its segments are those that are intact.

    HEAD and ARCH must be sound, everything else may be damaged or missing. Sections are found by
    their type and a right CRC, so that one damaged length does not hide what follows it.
    Frame numbers stay those of the whole video; ``missing`` says which have no segment.

    Attributes:
        problems: One line for everything that was found damaged, in file order.
    """

    _strict = False

    def _open_body(self) -> None:
        self.problems: list[str] = []
        self._reasons: dict[int, str] = {}
        self._others: list[Section] = []
        entries: list[SegmentEntry] = []
        at: int | None = self._body
        while at is not None and at < self.size:
            section = self._sound(at)
            if section is None:
                at = self._search(at + 1)
                continue
            at = section.end
            if section.type == registry.SEGM:
                entry = self._intact(section, entries[-1].end_frame if entries else 0)
                if entry is not None:
                    entries.append(entry)
                    at = entry.offset + entry.length
            elif section.type not in (registry.WGTS, registry.LATS):
                self._others.append(section)
        if self.done is None:
            self.problems.append("the file ends before its DONE section")
        self._entries = tuple(entries)
        self._require_segments()

    def keep(self, check: Callable[[int], object]) -> None:
        """Drop the segments that cannot be decoded although their checksums are right.

        Args:
            check: called with the index of every segment; it raises for one to be dropped.

        Raises:
            CorruptError: none is left.
        """
        kept = []
        for index, entry in enumerate(self._entries):
            try:
                check(index)
                kept.append(entry)
            except LincError as error:
                self._note(entry.offset, error)
        self._entries = tuple(kept)
        self._require_segments()

    @property
    def missing(self) -> tuple[Loss, ...]:
        """What is lost, in order of frames; with an unknown total, not what follows the last."""
        losses, frame, offset = [], 0, self._body
        total = max(self.head.n_frames or 0, self.n_frames)
        ends = [(entry.first_frame, entry.offset, entry) for entry in self._entries]
        for first, until, entry in [*ends, (total, self.size, None)]:
            if first > frame:
                losses.append(Loss(frame, first - frame, self._reason(offset, until)))
            if entry is not None:
                frame, offset = entry.end_frame, entry.offset + entry.length
        return tuple(losses)

    def stand_in(self, frame: int) -> int:
        """The intact frame to show for ``frame``: itself, else the last before, else the first."""
        entry = self._entries[self.segment_at(frame)]
        return min(max(frame, entry.first_frame), entry.end_frame - 1)

    def times(self) -> Times:
        """The times of the frames up to the last intact one; constant rate when TIME is damaged."""
        count = self.n_frames
        total = self.head.n_frames or count
        try:
            whole = super()._optional(registry.TIME, lambda data: parse_times(data, total))
        except LincError as error:
            self._note(_NOWHERE, error)
            whole = None
        if whole is None or len(whole.pts) < count:
            return constant_times(self.head.fps, count)
        if len(whole.pts) == count:
            return whole
        return Times(whole.time_base, whole.pts[:count], whole.pts[count] - whole.pts[count - 1])

    def _optional(self, kind: bytes, parse: Callable[[bytes], T]) -> T | None:
        try:
            return super()._optional(kind, parse)
        except LincError as error:
            self._note(_NOWHERE, error)
            return None

    def _require_segments(self) -> None:
        if not self._entries:
            first = f" ({self.problems[0]})" if self.problems else ""
            raise CorruptError(f"{self.name}: no segment is intact{first}; get the file again")

    def _note(self, offset: int, error: LincError) -> None:
        text = str(error)
        if text not in self.problems:
            self.problems.append(text)
            self._reasons[offset] = text

    def _reason(self, start: int, stop: int) -> str:
        found = [text for at, text in sorted(self._reasons.items()) if start <= at < stop]
        return found[0] if found else "its sections are not in the file"

    def _sound(self, at: int, *, quiet: bool = False) -> Section | None:
        """The section at ``at`` when its CRC is right."""
        try:
            section = self._source.section(at)
            self._source.check(section)
        except LincError as error:
            if not quiet:
                self._note(at, error)
            return None
        return section

    def _search(self, start: int) -> int | None:
        """Offset of the next sound section of a known type at or after ``start``."""
        for offset in self._candidates(start):
            if self._source.bytes_read > _EFFORT * self.size + _CHUNK:
                self.problems.append("gave up the search for more segments: too many false traces")
                return None
            if self._sound(offset, quiet=True) is not None:
                return offset
        return None

    def _candidates(self, start: int) -> Iterator[int]:
        for base in range(start, self.size - FRAME_SIZE, _CHUNK):
            data = self._source.read(base, min(_CHUNK + 3, self.size - base))
            yield from (base + match.start() for match in _TYPES.finditer(data))

    def _intact(self, section: Section, frame: int) -> SegmentEntry | None:
        """The entry of the segment that a sound SEGM begins, None when it is not whole."""
        try:
            with self._source.at(section.offset):
                structure.check_segment_length(section)
            header = self._parse(section, lambda data: SegmentHeader.parse(data, self.limits))
            parts = self._payloads(section, header)
            for part in parts:
                self._source.check(part)
            entry = SegmentEntry.of(header, section.offset, parts[-1].end)
            with self._source.at(section.offset):
                structure.check_segment(header, entry, self.head)
                check_expansion(header.expanse, self.size, self.limits)
                self._check_place(entry, frame)
        except LincError as error:
            self._note(section.offset, error)
            return None
        return entry

    def _check_place(self, entry: SegmentEntry, frame: int) -> None:
        total = self.head.n_frames
        if entry.first_frame < frame or (total is not None and entry.end_frame > total):
            raise CorruptError(
                f"SEGM: frames {entry.first_frame} to {entry.end_frame - 1} are out of place"
            )
        self.limits.check("frames", entry.end_frame, "SEGM")
