"""sRCE: what the source held beside its streams, as one JSON object (spec clause 6.15)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NoReturn

from lincodec.container.cursor import require
from lincodec.container.tracks import DISPOSITIONS
from lincodec.errors import CorruptError
from lincodec.types import Beside, Chapter, Display

#: Chapters count in nanoseconds.
_TICKS = 10**9
_LARGEST = 1 << 62


def pack_beside(beside: Beside) -> bytes:
    """The sRCE payload; ``beside.tracks`` are sections of their own. Empty: there is nothing."""
    display = beside.display
    fields: dict[str, Any] = {
        "tags": dict(beside.tags),
        "video": dict(beside.video),
        "audio": dict(beside.audio),
        "dispositions": [name for name in DISPOSITIONS if name in beside.dispositions],
        "chapters": [
            [round(each.start * _TICKS), round(each.end * _TICKS), dict(each.tags)]
            for each in beside.chapters
        ],
        "attachments": list(beside.attachments),
        "mastering": list(display.mastering or ()),
        "light": list(display.light or ()),
        "spherical": list(display.spherical or ()),
        "stereo": list(display.stereo or ()),
    }
    said = {key: value for key, value in fields.items() if value}
    if not said:
        return b""
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", errors="replace")


def parse_beside(payload: bytes) -> Beside:
    """Decode and check an sRCE payload; keys that are not known are passed over.

    Raises:
        CorruptError: it is not such an object.
    """
    try:
        found = json.loads(payload.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise CorruptError(f"sRCE: not a JSON object: {error}") from error
    require(isinstance(found, dict), "sRCE: not a JSON object")
    mastering = _numbers(found, "mastering", (10,))
    light = _integers(found, "light", (2,))
    stereo = _integers(found, "stereo", (2,))
    names = _texts(found.get("dispositions", []), "dispositions")
    return Beside(
        tags=_tags(found.get("tags", {})),
        video=_tags(found.get("video", {})),
        audio=_tags(found.get("audio", {})),
        dispositions=tuple(name for name in names if name in DISPOSITIONS),
        chapters=tuple(_chapter(row) for row in _list(found.get("chapters", []), "chapters")),
        attachments=_texts(found.get("attachments", []), "attachments"),
        display=Display(
            mastering=mastering or None,
            light=(light[0], light[1]) if light else None,
            spherical=_integers(found, "spherical", (9,)) or None,
            stereo=(stereo[0], stereo[1]) if stereo else None,
        ),
    )


def _list(value: Any, what: str) -> list[Any]:
    require(isinstance(value, list), f"sRCE: {what} is not a list")
    found: list[Any] = value
    return found


def _texts(value: Any, what: str) -> tuple[str, ...]:
    texts = _list(value, what)
    require(all(isinstance(text, str) for text in texts), f"sRCE: {what} has what is no text")
    return tuple(texts)


def _tags(value: Any) -> Mapping[str, str]:
    require(isinstance(value, dict), "sRCE: tags are not an object")
    require(all(isinstance(text, str) for text in value.values()), "sRCE: a tag is not a string")
    return dict(value)


def _numbers(found: Mapping[str, Any], key: str, sizes: Sequence[int]) -> tuple[float, ...]:
    values = _list(found.get(key, []), key)
    good = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    require(good and len(values) in (0, *sizes), f"sRCE: {key} is not {sizes[0]} numbers")
    small = all(abs(v) < _LARGEST and math.isfinite(v) for v in values)
    require(small, f"sRCE: {key} has a number out of range")
    return tuple(float(v) for v in values)


def _integers(found: Mapping[str, Any], key: str, sizes: Sequence[int]) -> tuple[int, ...]:
    values = _numbers(found, key, sizes)
    require(all(v == int(v) for v in values), f"sRCE: {key} has a fraction")
    return tuple(int(v) for v in found.get(key, []))


def _chapter(row: Any) -> Chapter:
    require(isinstance(row, list) and len(row) == 3, "sRCE: a chapter is not start, end and tags")
    start, end = _integers({"chapter": row[:2]}, "chapter", (2,))
    require(start <= end, "sRCE: a chapter ends before it starts")
    return Chapter(Fraction(start, _TICKS), Fraction(end, _TICKS), _tags(row[2]))


def _refuse(text: str) -> NoReturn:
    raise CorruptError(f"sRCE: {text} is not JSON")
