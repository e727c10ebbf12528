"""mETa: tags as one flat JSON object of strings (spec clause 6.10)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from lincodec.container.cursor import require
from lincodec.errors import CorruptError


def pack_metadata(tags: Mapping[str, str]) -> bytes:
    """The mETa payload: keys in code point order, no spaces, UTF-8."""
    text = json.dumps(dict(tags), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CorruptError("mETa: a tag is not valid Unicode") from error


def parse_metadata(payload: bytes) -> dict[str, str]:
    """Decode and check a mETa payload.

    Raises:
        CorruptError: not a flat JSON object of strings with distinct keys.
    """
    try:
        tags = json.loads(
            payload.decode("utf-8"),
            object_pairs_hook=_distinct,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError) as error:
        raise CorruptError(f"mETa: not a JSON object: {error}") from error
    require(isinstance(tags, dict), "mETa: not a JSON object")
    for key, value in tags.items():
        require(isinstance(value, str), f"mETa: tag {key!r} is not a string")
    return dict(tags)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tags = dict(pairs)
    require(len(tags) == len(pairs), "mETa: a key stands twice")
    return tags


def _refuse(text: str) -> NoReturn:
    raise CorruptError(f"mETa: {text} is not JSON")
