"""Finished segments and parts as sections, for the journal, for files and for other processes.

Sections are framed as in a .linc file (spec clause 4.2). How a part is cut comes first, then each
segment as its SEGM, WGTS and LATS and what was measured of it, then what the part as a whole says.
"""

from __future__ import annotations

import dataclasses
import io
import json
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from lincodec import registry
from lincodec.container import SegmentHeader, pack_section
from lincodec.container.sections import FRAME_CRC, FRAME_HEADER, section_crc
from lincodec.encoder.engine import SegmentPlan
from lincodec.encoder.measure import Figures
from lincodec.encoder.parts import Packed, PartResult, Piece
from lincodec.encoder.segments import Range
from lincodec.errors import LincError
from lincodec.limits import Limits

_CUT, _FIGURES, _PART = b"CUTS", b"FIGS", b"PART"
#: What a record that was damaged, or made by somebody else, raises when it is taken.
DAMAGE = (
    ArithmeticError, AttributeError, LincError, LookupError, RecursionError, TypeError, ValueError,
    struct.error, zlib.error,
)  # fmt: skip
_MOST_FRAMES = 1 << 32
#: Bytes of decoded integers of a segment at most.
_MOST_DIGESTED = 1 << 30
_SEGMENT = (registry.SEGM, registry.WGTS, registry.LATS)

Section = tuple[bytes, bytes]


class Records:
    """What sections say, put together as they are taken.

    Attributes:
        segments: by first frame and number of frames.
    """

    def __init__(self) -> None:
        self.segments: dict[tuple[int, int], Packed] = {}
        self._cuts: dict[tuple[int, int], list[SegmentPlan]] = {}
        self._figures: dict[tuple[int, int], Figures] = {}
        self._parts: dict[tuple[int, int], PartResult] = {}
        self._pending: list[bytes] = []

    def take(self, kind: bytes, payload: bytes) -> bool:
        """Take the next section; False while it is a beginning that needs others."""
        if kind == _CUT:
            whole, plans = _parse_cut(payload)
            self._cuts[_key(whole)] = plans
        elif kind == _FIGURES:
            part, figures = _parse_figures(payload)
            self._figures[_key(part)] = figures
        elif kind == _PART:
            part, result = _parse_part(payload)
            self._parts[_key(part)] = result
        else:
            self._pending.append(payload)
            if kind != registry.LATS:
                return False
            self._keep()
        return True

    def _keep(self) -> None:
        payloads, self._pending = self._pending, []
        with suppress(LincError, ValueError):  # one that cannot be read is fitted again
            table, weights, latents = payloads
            header = SegmentHeader.parse(table, Limits.unlimited())
            key = header.first_frame, header.n_frames
            self.segments[key] = (header, weights, latents)
            self._figures.pop(key, None)

    def segment(self, part: Range) -> Packed | None:
        """Header, WGTS and LATS of a segment; None when it is not there."""
        found = self.segments.get(_key(part))
        return None if found is None or found[0].continues != part.continues else found

    def figures(self, part: Range) -> Figures | None:
        """What was measured of a segment."""
        return self._figures.get(_key(part))

    def cut(self, part: Range) -> list[SegmentPlan] | None:
        """The segments that a part was cut into."""
        return self._cuts.get(_key(part))

    def result(self, part: Range) -> PartResult | None:
        """All of a part that was finished as a whole."""
        result, plans = self._parts.get(_key(part)), self.cut(part)
        if result is None or plans is None:
            return None
        pieces = []
        for plan in plans:
            packed, figures = self.segment(plan.part), self.figures(plan.part)
            if packed is None or figures is None:
                return None
            pieces.append(Piece(plan, packed, figures))
        return dataclasses.replace(result, pieces=tuple(pieces))


def _key(part: Range) -> tuple[int, int]:
    return part.first, part.count


def cut_section(part: Range, plans: list[SegmentPlan]) -> Section:
    """How a part is cut."""
    rows = [
        [p.part.first, p.part.count, p.part.continues, p.partitioned]
        for p in [SegmentPlan(part), *plans]
    ]
    return _CUT, json.dumps(rows).encode()


def segment_sections(packed: Packed) -> tuple[Section, Section, Section]:
    """A segment."""
    header, weights, latents = packed
    segm, wgts, lats = _SEGMENT
    return (segm, header.pack()), (wgts, weights), (lats, latents)


def figures_section(part: Range, figures: Figures) -> Section:
    """What was measured of a segment."""
    row = dataclasses.asdict(figures)
    digest = row.pop("digest")
    row["part"] = dataclasses.astuple(part)
    return _FIGURES, json.dumps(row).encode() + b"\n" + zlib.compress(digest, 1)


def _parse_figures(payload: bytes) -> tuple[Range, Figures]:
    line, _, digest = payload.partition(b"\n")
    row = json.loads(line)
    errors, yuv = _numbers(row["errors"]), _numbers(row["yuv"])
    similar = row["similar"]
    if similar is not None:
        (similar,) = _numbers([similar])
    inflated = zlib.decompressobj()
    digested = inflated.decompress(digest, _MOST_DIGESTED)
    if not inflated.eof:
        raise ValueError("a digest that does not end")
    return _range(row["part"]), Figures(digested, errors, yuv, similar)


def _parse_cut(payload: bytes) -> tuple[Range, list[SegmentPlan]]:
    """A part, and the segments that it was cut into one after the other."""
    whole, *plans = [SegmentPlan(_range(row), how) for *row, how in json.loads(payload)]
    frame = whole.part.first
    for plan in plans:
        if plan.part.first != frame or plan.partitioned not in (None, False, True):
            raise ValueError("segments that do not follow one another")
        frame += plan.part.count
    if frame != whole.part.first + whole.part.count:
        raise ValueError("segments that are not the part")
    return whole.part, plans


def _range(row: Sequence[Any]) -> Range:
    """A range of frames as it was written."""
    first, count, continues = row
    if type(first) is not int or type(count) is not int or type(continues) is not bool:
        raise TypeError("a range is two integers and a flag")
    if not (0 <= first < _MOST_FRAMES and 0 < count < _MOST_FRAMES):
        raise ValueError("a range of no video")
    return Range(first, count, continues)


def _numbers(values: Sequence[Any]) -> tuple[float, ...]:
    found = tuple(float(value) for value in values)
    if not all(math.isfinite(value) for value in found):
        raise ValueError("a figure that is no number")
    return found


def part_section(part: Range, result: PartResult) -> Section:
    """What a part says beside its segments."""
    row = {
        "part": dataclasses.astuple(part),
        "software": result.software,
        "cut_short": result.cut_short,
        "warnings": result.warnings,
        "vectors": [found.shape for found in result.vectors],
    }
    numbers = b"".join(found.astype("<f4").tobytes() for found in result.vectors)
    return _PART, json.dumps(row).encode() + b"\n" + numbers


def _parse_part(payload: bytes) -> tuple[Range, PartResult]:
    line, _, numbers = payload.partition(b"\n")
    row = json.loads(line)
    vectors, at = [], 0
    for shape in row["vectors"]:
        found = np.frombuffer(numbers, "<f4", shape[0] * shape[1], at).reshape(shape)
        vectors.append(found.astype(np.float32))
        at += found.nbytes
    warnings = tuple(row["warnings"])
    if not isinstance(row["software"], str) or not all(isinstance(w, str) for w in warnings):
        raise TypeError("text is expected")
    return _range(row["part"]), PartResult(
        (), row["software"], tuple(vectors), row["cut_short"], warnings
    )


def result_sections(part: Range, result: PartResult) -> Iterator[Section]:
    """All sections of a finished part."""
    yield cut_section(part, [piece.plan for piece in result.pieces])
    for piece in result.pieces:
        yield from segment_sections(piece.packed)
        yield figures_section(piece.plan.part, piece.figures)
    yield part_section(part, result)


def pack_sections(sections: Iterator[Section]) -> bytes:
    """Sections with their frames."""
    return b"".join(pack_section(kind, payload) for kind, payload in sections)


def parse_sections(data: bytes, at: int = 0) -> Iterator[tuple[bytes, bytes, int]]:
    """(type, payload, end) of every section up to the first that is not whole."""
    stream = io.BytesIO(data)
    stream.seek(at)
    while len(header := stream.read(FRAME_HEADER.size)) == FRAME_HEADER.size:
        kind, length = FRAME_HEADER.unpack(header)
        payload, crc = stream.read(length), stream.read(FRAME_CRC.size)
        if crc != FRAME_CRC.pack(section_crc(header, payload)):
            return
        yield kind, payload, stream.tell()
