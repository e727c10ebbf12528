"""Walking over the section frames of a seekable file, and saying what is wrong with it."""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from lincodec import registry
from lincodec.container.sections import (
    FRAME_CRC,
    FRAME_HEADER,
    Section,
    check_known,
    check_letters,
    is_critical,
    section_crc,
)
from lincodec.container.trailer import DONE_SIZE, Done
from lincodec.errors import (
    ChecksumError,
    CorruptError,
    InputError,
    LimitError,
    TruncatedError,
    UnsupportedError,
)
from lincodec.limits import Limits

_CHUNK = 1 << 20
_LFS = b"version https://git-lfs"
#: Bytes that a section of this type can have at most, whatever its version.
_LONGEST = {
    registry.HEAD: 1 << 12,
    registry.ARCH: 1 << 16,
    registry.TIME: 1 << 26,
    registry.DONE: 1 << 12,
}
#: Sections with a limit of their own; other ancillary ones have "ancillary".
_LIMIT_NAMES = {
    registry.META: "metadata",
    registry.AUDI: "audio",
    registry.TRKS: "audio",
    registry.WGTS: "payload",
    registry.LATS: "payload",
}


class Source:
    """A seekable file seen as section frames; all reads go through here."""

    def __init__(self, src: BinaryIO, limits: Limits, name: str, strict: bool = True) -> None:
        """Measure the file and check its signature; not ``strict``: HEAD after it is enough.

        Raises:
            InputError: the stream cannot be read or sought.
            CorruptError: not a .linc file, or damaged in a recognised way.
        """
        self._src = src
        self._lock = threading.Lock()
        self.limits = limits
        self.name = name
        try:
            self.size = src.seek(0, 2)
        except OSError as error:
            raise InputError(f"{name}: cannot be read: {error}") from error
        self.bytes_read = 0
        """Bytes read so far."""
        self._check_signature(strict)

    @contextmanager
    def at(self, offset: int) -> Iterator[None]:
        """Add the file name and ``offset`` to any error raised inside."""
        try:
            yield
        except (CorruptError, UnsupportedError, LimitError) as error:
            raise type(error)(f"{self.name}: byte {offset}: {error}") from error

    def read(self, offset: int, count: int) -> bytes:
        """Exactly ``count`` bytes at ``offset``; threads may share the file.

        Raises:
            TruncatedError: the file ends before.
        """
        try:
            with self._lock:
                self._src.seek(offset)
                data = self._src.read(count)
                self.bytes_read += len(data)
        except OSError as error:
            raise InputError(f"{self.name}: cannot be read: {error}") from error
        if len(data) < count:
            raise TruncatedError(
                f"{self.name}: ends at byte {offset + len(data)}, {count - len(data)} bytes missing"
            )
        return data

    def section(self, offset: int) -> Section:
        """The frame that starts at ``offset``, its CRC not checked.

        Raises:
            CorruptError: no section can start here.
            UnsupportedError: an unknown critical section.
            TruncatedError: the section reaches over the end of the file.
        """
        if self.size - offset < FRAME_HEADER.size:
            raise TruncatedError(f"{self.name}: ends at byte {self.size}, inside a section header")
        kind, length = FRAME_HEADER.unpack(self.read(offset, FRAME_HEADER.size))
        with self.at(offset):
            check_letters(kind)
            if length > registry.MAX_SECTION_LENGTH:
                raise CorruptError(f"section {kind.decode()}: length {length} exceeds 2^31 - 1")
        section = Section(kind, offset, length)
        if section.end > self.size:
            raise TruncatedError(
                f"{self.name}: section {section.name} at byte {offset} needs "
                f"{section.end - self.size} bytes more than the file has"
            )
        if kind not in registry.KNOWN_SECTIONS:
            self._check_unknown(section)
        return section

    def payload(self, section: Section) -> bytes:
        """The payload, its CRC checked.

        Raises:
            ChecksumError: the CRC does not match.
            LimitError: an ancillary section is larger than the limits allow.
        """
        with self.at(section.offset):
            self._check_length(section)
        if section.length > _CHUNK:
            self.check(section)  # before memory is taken for it
        header = FRAME_HEADER.pack(section.type, section.length)
        payload = self.read(section.payload_offset, section.length)
        stored = self.read(section.end - FRAME_CRC.size, FRAME_CRC.size)
        self._compare(section, FRAME_CRC.unpack(stored)[0], section_crc(header, payload))
        return payload

    def check(self, section: Section) -> None:
        """Check the CRC without holding the payload.

        Raises:
            ChecksumError: the CRC does not match.
            LimitError: the section is larger than the limits allow.
        """
        with self.at(section.offset):
            self._check_length(section)
        crc, end = 0, section.end - FRAME_CRC.size
        for start in range(section.offset, end, _CHUNK):
            crc = zlib.crc32(self.read(start, min(_CHUNK, end - start)), crc)
        self._compare(section, FRAME_CRC.unpack(self.read(end, FRAME_CRC.size))[0], crc)

    def sha256_until(self, end: int) -> bytes:
        """SHA-256 of the bytes before ``end``."""
        digest = hashlib.sha256()
        for start in range(0, end, _CHUNK):
            digest.update(self.read(start, min(_CHUNK, end - start)))
        return digest.digest()

    def done(self) -> Done | None:
        """The trailer when the file ends in a sound one, else None."""
        if self.size < len(registry.SIGNATURE) + DONE_SIZE:
            return None
        try:
            section = self.section(self.size - DONE_SIZE)
            if section.type != registry.DONE or section.end != self.size:
                return None
            return Done.parse(self.payload(section))
        except (CorruptError, UnsupportedError):
            return None

    def _check_unknown(self, section: Section) -> None:
        """Tell damage from novelty: only a type whose CRC matches is taken as unknown."""
        if section.length <= self.limits.ancillary:
            self.check(section)
        with self.at(section.offset):
            check_known(section.type)

    def _check_length(self, section: Section) -> None:
        longest = _LONGEST.get(section.type, registry.MAX_SECTION_LENGTH)
        if section.length > longest:
            raise CorruptError(
                f"section {section.name}: {section.length} bytes, expected at most {longest}"
            )
        default = None if is_critical(section.type) else "ancillary"
        name = _LIMIT_NAMES.get(section.type, default)
        if name is not None:
            self.limits.check(name, section.length, f"section {section.name}")

    def _compare(self, section: Section, stored: int, computed: int) -> None:
        if stored != computed:
            raise ChecksumError(
                f"{self.name}: section {section.name} at byte {section.offset}: "
                f"CRC {computed:08x} != {stored:08x}; the file is damaged, get it again"
            )

    def _check_signature(self, strict: bool) -> None:
        start = self.read(0, min(self.size, 64))
        signature = registry.SIGNATURE
        head_follows = start[len(signature) :].startswith(registry.HEAD)
        if start.startswith(signature) or (head_follows and not strict):
            return
        if signature.startswith(start):
            raise TruncatedError(f"{self.name}: has only {self.size} bytes")
        raise CorruptError(f"{self.name}: {_diagnosis(start)}")


def _diagnosis(start: bytes) -> str:
    """Why the first bytes are not the signature."""
    signature = registry.SIGNATURE
    if start.startswith(_LFS):
        return "is a Git LFS pointer, not the file itself; run git lfs pull"
    text_modes = (
        signature.replace(b"\r\n", b"\n"),
        signature.replace(b"\n", b"\r\n"),
        signature.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
        signature.replace(b"\r", b""),
        signature.replace(b"\n", b"\r"),
    )
    if any(start.startswith(damaged) for damaged in text_modes):
        return "was transferred in text mode, which changed its line ends; get it in binary mode"
    if start[:1] == bytes([signature[0] & 0x7F]) and start[1:4] == signature[1:4]:
        return "went through a 7-bit channel, which cleared the top bits; get it in binary mode"
    return "is not a .linc file (its first bytes are not the signature)"
