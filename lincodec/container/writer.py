"""Writing a file by appending only, so that a pipe will do (spec clause 4)."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from lincodec import registry
from lincodec.container.head import Head
from lincodec.container.order import SectionOrder
from lincodec.container.sections import FRAME_SIZE, pack_section
from lincodec.container.segment import SEGMENT_FIXED, SegmentHeader, parse_segment_fixed
from lincodec.container.trailer import Done, SegmentEntry, pack_index
from lincodec.errors import CorruptError
from lincodec.limits import Limits


class LincWriter:
    """Appends sections to a binary stream, keeps the index and ends with DONE.

    Nothing is written twice and nothing is sought. What the writer refuses with
    ``ValueError`` is a mistake of the caller: the file would not be well formed.

    >>> import io
    >>> writer = LincWriter(io.BytesIO())
    >>> writer.position
    8
    """

    def __init__(self, out: BinaryIO) -> None:
        """Write the signature to ``out``."""
        self._out = out
        self._hash = hashlib.sha256()
        self._order = SectionOrder()
        self._head: Head | None = None
        self._entries: list[SegmentEntry] = []
        self._open: SegmentEntry | None = None
        self.position = 0
        """Bytes written."""
        self._append(registry.SIGNATURE)

    @property
    def segments(self) -> tuple[SegmentEntry, ...]:
        """The complete segments written so far."""
        return tuple(self._entries)

    def add(self, kind: bytes, payload: bytes) -> None:
        """Append one section.

        Args:
            kind: Four ASCII letters, not ``iNDX`` or ``DONE``.
            payload: At most 2^31 - 1 bytes.

        Raises:
            ValueError: the section is malformed or may not stand here.
        """
        if kind in (registry.INDX, registry.DONE):
            raise ValueError(f"{kind!r} is written by finish()")
        self._accept(kind)
        if kind == registry.HEAD:
            self._head = Head.parse(payload, Limits.unlimited())
        start = self.position
        self._append(pack_section(kind, payload))
        if kind == registry.SEGM:
            self._begin_segment(start, payload)
        elif kind == registry.LATS:
            self._end_segment()

    def add_segment(self, header: SegmentHeader, wgts: bytes, lats: bytes) -> None:
        """Append SEGM, WGTS and LATS.

        Args:
            header: Frame range and tensor table.
            wgts: ``header.weights_length`` bytes.
            lats: ``header.latents_length`` bytes.

        Raises:
            ValueError: lengths disagree with the table, or frames do not continue.
        """
        if (len(wgts), len(lats)) != (header.weights_length, header.latents_length):
            raise ValueError("payload lengths disagree with the tensor table")
        self.add(registry.SEGM, header.pack())
        self.add(registry.WGTS, wgts)
        self.add(registry.LATS, lats)

    def finish(self, *, index: bool | None = None) -> Done:
        """Append iNDX and DONE; nothing can be added afterwards.

        Args:
            index: whether there is an iNDX; None: where it tells more than the one segment does.

        Raises:
            ValueError: HEAD declares other counts than were written, or a segment is open.
        """
        self._check_counts()
        index = len(self.segments) > 1 if index is None else index
        index_offset = self.position if index else 0
        if index:
            self._accept(registry.INDX)
            self._append(pack_section(registry.INDX, pack_index(self.segments)))
        self._accept(registry.DONE)
        done = Done(
            total_length=self.position + FRAME_SIZE + registry.DONE_LENGTH,
            index_offset=index_offset,
            n_sections=self._order.count,
            sha256=self._hash.digest(),
        )
        self._append(pack_section(registry.DONE, done.pack()))
        self._out.flush()
        return done

    def _accept(self, kind: bytes) -> None:
        try:
            self._order.accept(kind)
        except CorruptError as error:
            raise ValueError(str(error)) from error

    def _append(self, data: bytes) -> None:
        self._out.write(data)
        self._hash.update(data)
        self.position += len(data)

    def _begin_segment(self, start: int, payload: bytes) -> None:
        fixed = payload[: SEGMENT_FIXED.size]
        first, n_frames, continues, _ = parse_segment_fixed(fixed)
        expected = self._entries[-1].end_frame if self._entries else 0
        if first != expected:
            raise ValueError(f"segment begins at frame {first}, expected {expected}")
        self._open = SegmentEntry(first, n_frames, start, 0, continues)

    def _end_segment(self) -> None:
        entry = self._open
        assert entry is not None  # the order admits LATS only after SEGM
        length = self.position - entry.offset
        self._entries.append(
            SegmentEntry(entry.first_frame, entry.n_frames, entry.offset, length, entry.continues)
        )

    def _check_counts(self) -> None:
        if self._head is None or not self._entries:
            raise ValueError("a file has a HEAD and at least one segment")
        found = (self._entries[-1].end_frame, len(self._entries))
        for name, count in zip(("n_frames", "n_segments"), found, strict=True):
            declared = getattr(self._head, name)
            if declared not in (None, count):
                raise ValueError(f"HEAD declares {name} {declared}, {count} were written")
