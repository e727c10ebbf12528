"""Finished segments of an encode, kept beside its output so that it can be gone on with.

The journal is a hidden file in the folder of the output: a line of text, then sections framed
as in a .linc file (spec clause 4.2). Every record is flushed to disk before the next segment is
begun; what a crash leaves of a last, unfinished record is cut off when the file is opened again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from lincodec import __version__
from lincodec.encoder.engine import SegmentPlan
from lincodec.encoder.measure import Figures
from lincodec.encoder.parts import Packed, PartResult
from lincodec.encoder.preset_choice import resolve, settled
from lincodec.encoder.records import (
    DAMAGE,
    Records,
    Section,
    cut_section,
    figures_section,
    pack_sections,
    parse_sections,
    result_sections,
    segment_sections,
)
from lincodec.encoder.segments import Range
from lincodec.errors import InputError, UsageError
from lincodec.options import EncodeOptions
from lincodec.system.atomic import cut_to, is_temporary, remove_stale
from lincodec.system.locks import lock

_TITLE = b"linc journal 2\n"
_KEY, _TEMPORARY = b"KEYS", b"TEMP"
_ENDS = 1 << 20
#: Bytes of the output's name that the journal's has; systems end names at 255.
_NAME_BYTES = 240
#: Options that do not change what a segment holds.
_FREE = {"resume", "tags", "verify", "audio", "tracks", "metadata", "max_time", "device", "backend"}


def journal_path(output: str | os.PathLike[str]) -> Path:
    """Where the journal of an output is."""
    final = Path(os.path.realpath(output))
    name = final.name
    if len(os.fsencode(name)) > _NAME_BYTES:  # beside the dot and the suffix
        known = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
        name = f"{cut_to(name, _NAME_BYTES - len(known) - 1)}.{known}"
    return final.with_name(f".{name}.journal")


def content_facts(file: BinaryIO, size: int) -> dict[str, str]:
    """What tells the content of a source: its size, and a hash of its ends.

    Args:
        file: opened to be read; it can seek.
        size: in bytes.
    """
    digest = hashlib.sha256(file.read(_ENDS))
    file.seek(max(0, size - _ENDS))
    digest.update(file.read(_ENDS))
    return {"source size": str(size), "source content": digest.hexdigest()}


def source_facts(source: str) -> dict[str, str]:
    """The same of a file, and when it was written.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with Path(source).open("rb") as file:
            stat = os.fstat(file.fileno())
            return {**content_facts(file, stat.st_size), "source time": str(stat.st_mtime_ns)}
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror}") from error


def identity(source: str, options: EncodeOptions) -> dict[str, str]:
    """What must be the same for finished segments to be of use: source and options.

    Raises:
        InputError: the source cannot be read.
    """
    chosen = {
        f.name: str(getattr(options, f.name))
        for f in dataclasses.fields(options)
        if f.name not in _FREE
    }
    return {"linc": __version__, **source_facts(source), **chosen}


class Journal:
    """The journal of one encode, locked while it is open; see ``open_journal``.

    Attributes:
        path: The file.
        resumed: Segments that were taken from it.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        """Read what is there, or begin."""
        self.path, self._file = path, file
        self.resumed = 0
        self._facts: dict[str, str] = {}
        self._records = Records()
        self._stale: list[str] = []
        self._load()

    @property
    def finished(self) -> int:
        """Number of segments in it."""
        return len(self._records.segments)

    def settle(self, facts: Mapping[str, str]) -> None:
        """Check that these are as they were when the encode was begun.

        Raises:
            UsageError: the finished segments are of another source or made with other options.
        """
        for name, new in facts.items():
            old = self._facts.get(name, new)
            if old != new:
                raise UsageError(
                    f"{self.path}: was begun with {name} {old}, now it is {new}; go on with the "
                    "same source and options, or delete that file to begin anew"
                )
        fresh = {name: text for name, text in facts.items() if name not in self._facts}
        if fresh:
            self._write((_KEY, json.dumps(fresh).encode()))
            self._facts.update(fresh)

    def agrees(self, facts: Mapping[str, str]) -> bool:
        """Whether it was begun with these."""
        return all(self._facts.get(name, new) == new for name, new in facts.items())

    def sweep(self) -> None:
        """Remove the unfinished outputs of sessions that were killed."""
        for name in self._stale:
            if is_temporary(name):  # a journal may say anything
                remove_stale(self.path.with_name(name))

    def segment(self, part: Range) -> Packed | None:
        """Header, WGTS and LATS of a finished segment; None when it is yet to be fitted."""
        found = self._records.segment(part)
        self.resumed += found is not None
        return found

    def append(self, part: Range, packed: Packed) -> None:
        """Keep a finished segment; it is on disk when this returns."""
        self._keep(segment_sections(packed))

    def measure(self, part: Range, figures: Figures) -> None:
        """Keep what was measured of a segment that was appended."""
        if self._records.segment(part) is not None and self.figures(part) is None:
            self._keep([figures_section(part, figures)])

    def figures(self, part: Range) -> Figures | None:
        """What was measured of a finished segment."""
        return self._records.figures(part)

    def cut(self, part: Range) -> list[SegmentPlan] | None:
        """The segments that a part of the video was cut into before."""
        return self._records.cut(part)

    def note_cut(self, part: Range, plans: list[SegmentPlan]) -> None:
        """Keep how a part is cut, so that the same segments are found again."""
        self._keep([cut_section(part, plans)])

    def result(self, part: Range) -> PartResult | None:
        """All of a part that was finished as a whole; None when it is yet to be fitted."""
        found = self._records.result(part)
        self.resumed += len(found.pieces) if found else 0
        return found

    def finish(self, part: Range, result: PartResult) -> None:
        """Keep a part as a whole."""
        self._keep(list(result_sections(part, result)))

    def note_temporary(self, path: Path) -> None:
        """Keep the name of the unfinished output, for removal if this process is killed."""
        self._write((_TEMPORARY, path.name.encode()))

    def remove(self) -> None:
        """Delete the file: the encode is done, or nothing is worth keeping."""
        with suppress(FileNotFoundError):
            self.path.unlink()

    def _write(self, *sections: Section) -> None:
        self._file.write(pack_sections(iter(sections)))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _keep(self, sections: Sequence[Section]) -> None:
        self._write(*sections)
        for kind, payload in sections:
            self._records.take(kind, payload)

    def _load(self) -> None:
        data = self._file.read()
        if not data.startswith(_TITLE):
            self._file.truncate(0)
            self._file.write(_TITLE)
            return
        try:
            sound = self._take(data)
        except DAMAGE:  # then nothing of it is believed
            self._facts, self._records, self._stale = {}, Records(), []
            sound = len(_TITLE)
        self._file.seek(sound)
        self._file.truncate()

    def _take(self, data: bytes) -> int:
        """Take what is there; where the last whole record ends."""
        sound = len(_TITLE)
        for kind, payload, end in parse_sections(data, sound):
            if kind == _KEY:
                facts = json.loads(payload)
                if not all(isinstance(text, str) for text in facts.values()):
                    raise ValueError("facts are text")
                self._facts.update(facts)
            elif kind == _TEMPORARY:
                self._stale.append(payload.decode())
            elif not self._records.take(kind, payload):
                continue
            sound = end
        return sound


@contextmanager
def open_journal(output: str, key: Mapping[str, str]) -> Iterator[Journal]:
    """Open the journal of ``output``, or begin one; nobody else can until the block ends.

    It is kept when the block raises and segments are finished, and removed otherwise.

    Raises:
        UsageError: another process has it open, it belongs to another encode, or it cannot
            be written.
    """
    path = journal_path(output)
    try:
        file = path.open("a+b")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
    with file:
        if not lock(file):
            raise UsageError(f"{output}: another linc is encoding to it; wait until that is done")
        file.seek(0)
        journal = Journal(path, file)
        journal.settle(key)
        journal.sweep()
        try:
            yield journal
        except BaseException:
            if journal.finished == 0:
                journal.remove()
            raise
        journal.remove()


def drop_other(output: str, source: str, options: EncodeOptions) -> None:
    """Delete the journal of an output if it is of another source or of other options.

    Raises:
        InputError: the source cannot be read.
        UsageError: there is no such preset.
    """
    key = identity(source, settled(options, resolve(options.preset, options.preset_table)))
    path = journal_path(output)
    with suppress(FileNotFoundError), path.open("r+b") as file:
        if lock(file):
            journal = Journal(path, file)
            if not journal.agrees(key):
                journal.sweep()
                journal.remove()
