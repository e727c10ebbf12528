"""A folder in which machines that know nothing of one another leave the parts of one encode.

``key`` says what is encoded, ``scan`` and ``survey`` what all would find out by themselves, and
each finished part is a file. Every file appears when it is complete, so the folder may be on
shared storage, and whoever dies is made up for by whoever runs next.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lincodec import registry
from lincodec.cluster.local import parsed_result
from lincodec.cluster.wire import built, plain
from lincodec.container import (
    pack_audio,
    pack_beside,
    pack_track,
    parse_audio,
    parse_beside,
    parse_track,
)
from lincodec.encoder.first_pass import Scan
from lincodec.encoder.journal import identity
from lincodec.encoder.parts import PartResult
from lincodec.encoder.rate_survey import RateSurvey
from lincodec.encoder.records import pack_sections, parse_sections, result_sections
from lincodec.encoder.segments import Range
from lincodec.errors import CorruptError, InputError, UsageError
from lincodec.limits import Limits
from lincodec.options import EncodeOptions
from lincodec.system.atomic import atomic_output
from lincodec.types import Beside

_SCAN, _AUDIO = b"SCAN", b"AUDI"


@dataclass(frozen=True)
class Shard:
    """One of several machines, counted from 0."""

    index: int
    of: int

    def takes(self, part: int) -> bool:
        """Whether a part is this one's."""
        return part % self.of == self.index


class PartFolder:
    """The folder of one encode, a ``Store``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @staticmethod
    def beside(output: str) -> PartFolder:
        """That of an output: its name and ``.parts``."""
        return PartFolder(Path(f"{output}.parts"))

    @staticmethod
    def at(path: str) -> PartFolder:
        """The one with this name."""
        return PartFolder(Path(path))

    def begin(self, source: str, options: EncodeOptions) -> None:
        """Make the folder, or check that it is of the same encode.

        Raises:
            InputError: the source cannot be read.
            UsageError: it is of another, or cannot be written.
        """
        key = identity(source, options)
        fields = {"source": os.path.abspath(source), "options": plain(options), "identity": key}
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be made: {error.strerror}") from error
        found = self._read("key")
        if found is None:
            self._write("key", json.dumps(fields).encode())
        else:
            self._check(json.loads(found)["identity"], key)

    def encode(self) -> tuple[str, EncodeOptions]:
        """Source and options of the encode.

        Raises:
            InputError: the source cannot be read.
            UsageError: there is no such folder, or the source has changed.
        """
        found = self._read("key")
        if found is None:
            raise UsageError(
                f"{self.path}: no parts here; expected a folder that linc encode --shard made"
            )
        fields = json.loads(found)
        source, options = fields["source"], built(EncodeOptions, fields["options"])
        self._check(fields["identity"], identity(source, options))
        return source, options

    def remove(self) -> None:
        """Delete the folder: its encode is done."""
        shutil.rmtree(self.path, ignore_errors=True)

    def scan(self) -> Scan | None:
        """The first pass, see ``Store``."""
        sections = {kind: payload for kind, payload, _ in parse_sections(self._read("scan") or b"")}
        if _SCAN not in sections:
            return None
        found = built(Scan, json.loads(zlib.decompress(sections[_SCAN])))
        if _AUDIO in sections:
            found = replace(found, audio=parse_audio(sections[_AUDIO], Limits.unlimited()))
        return replace(found, beside=self._beside())

    def _beside(self) -> Beside:
        """What the source holds beside pictures and first audio."""
        parsed = list(parse_sections(self._read("scan") or b""))
        said = [parse_beside(payload) for kind, payload, _ in parsed if kind == registry.SRCE]
        tracks = (
            parse_track(payload, Limits.unlimited())
            for kind, payload, _ in parsed
            if kind == registry.TRKS
        )
        return replace(said[0] if said else Beside(), tracks=tuple(tracks))

    def keep_scan(self, scan: Scan) -> None:
        """Keep the first pass."""
        fields = plain(replace(scan, audio=None, held=None, beside=Beside()))
        sections = [(_SCAN, zlib.compress(json.dumps(fields).encode()))]
        if scan.audio:
            sections.append((_AUDIO, pack_audio(scan.audio)))
        if said := pack_beside(scan.beside):
            sections.append((registry.SRCE, said))
        sections += [(registry.TRKS, pack_track(track)) for track in scan.beside.tracks]
        self._write("scan", pack_sections(iter(sections)))

    def survey(self) -> RateSurvey | None:
        """The survey of a rate target, see ``Store``."""
        found = self._read("survey")
        return None if found is None else built(RateSurvey, json.loads(found))

    def keep_survey(self, survey: RateSurvey) -> None:
        """Keep the survey."""
        self._write("survey", json.dumps(plain(survey)).encode())

    def result(self, part: Range) -> PartResult | None:
        """All of a part; None when it is yet to be fitted, or is damaged."""
        found = self._read(_name(part))
        try:
            return None if found is None else parsed_result(found, part)
        except CorruptError:
            return None

    def finish(self, part: Range, result: PartResult) -> None:
        """Keep a part."""
        self._write(_name(part), pack_sections(result_sections(part, result)))

    def _read(self, name: str) -> bytes | None:
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(f"{self.path / name}: cannot be read: {error.strerror}") from error

    def _write(self, name: str, data: bytes) -> None:
        with atomic_output(self.path / name, overwrite=True) as temporary:
            temporary.write_bytes(data)

    def _check(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        for name in new:
            if old.get(name) != new[name]:
                raise UsageError(
                    f"{self.path}: was begun with {name} {old.get(name)}, now it is {new[name]}; "
                    "go on with the same source and options, or delete that folder"
                )


def _name(part: Range) -> str:
    return f"part-{part.first:09d}"
