"""Finished segments of an encode, kept beside its output so that it can be gone on with.

The journal is a hidden file in the folder of the output: a line of text, then sections framed
as in a .linc file (spec clause 4.2). Every record is flushed to disk before the next segment is
begun; what a crash leaves of a last, unfinished record is cut off when the file is opened again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from lincodec import __version__, registry
from lincodec.container import SegmentHeader, pack_section
from lincodec.container.sections import FRAME_CRC, FRAME_HEADER, section_crc
from lincodec.encoder.segments import Range
from lincodec.errors import InputError, LincError, UsageError
from lincodec.limits import Limits
from lincodec.options import EncodeOptions
from lincodec.system.atomic import cut_to
from lincodec.system.locks import lock

_TITLE = b"linc journal 1\n"
_KEY, _CUT, _TEMPORARY = b"KEYS", b"CUTS", b"TEMP"
_ENDS = 1 << 20
#: Bytes of the output's name that the journal's has; systems end names at 255.
_NAME_BYTES = 240
#: Options that do not change what a segment holds.
_FREE = {"resume", "tags", "verify", "audio", "max_time", "device", "backend"}

Packed = tuple[SegmentHeader, bytes, bytes]


def journal_path(output: str | os.PathLike[str]) -> Path:
    """Where the journal of an output is."""
    final = Path(os.path.realpath(output))
    name = final.name
    if len(os.fsencode(name)) > _NAME_BYTES:  # beside the dot and the suffix
        known = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
        name = f"{cut_to(name, _NAME_BYTES - len(known) - 1)}.{known}"
    return final.with_name(f".{name}.journal")


def identity(source: str, options: EncodeOptions) -> dict[str, str]:
    """What must be the same for finished segments to be of use: source and options.

    Raises:
        InputError: the source cannot be read.
    """
    try:
        with Path(source).open("rb") as file:
            stat = os.fstat(file.fileno())
            digest = hashlib.sha256(file.read(_ENDS))
            file.seek(max(0, stat.st_size - _ENDS))
            digest.update(file.read(_ENDS))
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror}") from error
    chosen = {
        f.name: str(getattr(options, f.name))
        for f in dataclasses.fields(options)
        if f.name not in _FREE
    }
    return {
        "linc": __version__,
        "source size": str(stat.st_size),
        "source time": str(stat.st_mtime_ns),
        "source content": digest.hexdigest(),
        **chosen,
    }


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
        self._segments: dict[tuple[int, int], Packed] = {}
        self._cuts: dict[tuple[int, int], list[Range]] = {}
        self._stale: list[str] = []
        self._load()

    @property
    def finished(self) -> int:
        """Number of segments in it."""
        return len(self._segments)

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

    def sweep(self) -> None:
        """Remove the unfinished outputs of sessions that were killed."""
        for name in self._stale:
            with suppress(OSError):
                self.path.with_name(name).unlink()

    def segment(self, part: Range) -> Packed | None:
        """Header, WGTS and LATS of a finished segment; None when it is yet to be fitted."""
        found = self._segments.get((part.first, part.count))
        if found is None or found[0].continues != part.continues:
            return None
        self.resumed += 1
        return found

    def append(self, part: Range, packed: Packed) -> None:
        """Keep a finished segment; it is on disk when this returns."""
        header, weights, latents = packed
        kinds = (registry.SEGM, registry.WGTS, registry.LATS)
        self._write(*zip(kinds, (header.pack(), weights, latents), strict=True))
        self._segments[part.first, part.count] = packed

    def cut(self, part: Range) -> list[Range] | None:
        """The segments that a part of the video was cut into before."""
        return self._cuts.get((part.first, part.count))

    def note_cut(self, part: Range, pieces: list[Range]) -> None:
        """Keep how a part is cut, so that the same segments are found again."""
        rows = [[p.first, p.count, p.continues] for p in [part, *pieces]]
        self._write((_CUT, json.dumps(rows).encode()))

    def note_temporary(self, path: Path) -> None:
        """Keep the name of the unfinished output, for removal if this process is killed."""
        self._write((_TEMPORARY, path.name.encode()))

    def remove(self) -> None:
        """Delete the file: the encode is done, or nothing is worth keeping."""
        with suppress(FileNotFoundError):
            self.path.unlink()

    def _write(self, *sections: tuple[bytes, bytes]) -> None:
        self._file.write(b"".join(pack_section(kind, payload) for kind, payload in sections))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _load(self) -> None:
        data = self._file.read()
        if not data.startswith(_TITLE):
            self._file.truncate(0)
            self._file.write(_TITLE)
            return
        sound = len(_TITLE)
        pending: list[bytes] = []
        for kind, payload, end in _sections(data, sound):
            if kind == _KEY:
                self._facts.update(json.loads(payload))
            elif kind == _CUT:
                part, *pieces = [Range(*row) for row in json.loads(payload)]
                self._cuts[part.first, part.count] = pieces
            elif kind == _TEMPORARY:
                self._stale.append(payload.decode())
            else:
                pending.append(payload)
                if kind != registry.LATS:
                    continue
                self._keep(pending)
                pending = []
            sound = end
        self._file.seek(sound)
        self._file.truncate()

    def _keep(self, payloads: list[bytes]) -> None:
        with suppress(LincError, ValueError):  # one that cannot be read is fitted again
            table, weights, latents = payloads
            header = SegmentHeader.parse(table, Limits())
            self._segments[header.first_frame, header.n_frames] = (header, weights, latents)


def _sections(data: bytes, at: int) -> Iterator[tuple[bytes, bytes, int]]:
    """(type, payload, end) of every section up to the first that is not whole."""
    stream = io.BytesIO(data)
    stream.seek(at)
    while len(header := stream.read(FRAME_HEADER.size)) == FRAME_HEADER.size:
        kind, length = FRAME_HEADER.unpack(header)
        payload, crc = stream.read(length), stream.read(FRAME_CRC.size)
        if crc != FRAME_CRC.pack(section_crc(header, payload)):
            return
        yield kind, payload, stream.tell()


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
