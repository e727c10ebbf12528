"""tRKS: a further stream, sound or subtitles, its packets unchanged (spec clause 6.14)."""

from __future__ import annotations

import struct

from lincodec.container.audio import pack_packets, parse_packets
from lincodec.container.cursor import Cursor, pack_text, pack_varint, require
from lincodec.container.times import pack_time_base, parse_time_base
from lincodec.limits import Limits
from lincodec.types import Track

_KINDS = ("audio", "subtitle")
#: kind, dispositions, sample_rate, bit_rate  # spec 6.14
_FIXED = struct.Struct("<BIIQ")
#: Names of the bits of dispositions.  # spec 6.14
DISPOSITIONS = (
    "default", "dub", "original", "comment", "lyrics", "karaoke", "forced", "hearing_impaired",
    "visual_impaired", "clean_effects", "captions", "descriptions", "non_diegetic", "dependent",
)  # fmt: skip
_TEXT = 1 << 16


def pack_track(track: Track) -> bytes:
    """The tRKS payload.

    Raises:
        CorruptError: a field is out of range.
    """
    require(track.kind in _KINDS, f"tRKS: kind is {track.kind}")
    flags = sum(1 << bit for bit, name in enumerate(DISPOSITIONS) if name in track.dispositions)
    rate = track.sample_rate if track.kind == "audio" else 0
    require(0 <= rate < 1 << 32, f"tRKS: sample rate is {rate}")
    out = [_FIXED.pack(_KINDS.index(track.kind), flags, rate, max(0, track.bit_rate))]
    out += [pack_text(track.codec), pack_text(track.layout), pack_time_base(track.time_base)]
    out += [pack_varint(len(track.tags))]
    for key in sorted(track.tags):
        out += [_pack_long(key), _pack_long(track.tags[key])]
    out += [pack_varint(len(track.extradata)), track.extradata, *pack_packets(track.packets)]
    return b"".join(out)


def parse_track(payload: bytes, limits: Limits) -> Track:
    """Decode and check a tRKS payload.

    Raises:
        CorruptError: a field breaks a rule.
        LimitError: more packets than ``limits`` allow.
    """
    cursor = Cursor(payload, "tRKS")
    kind, flags, sample_rate, bit_rate = cursor.unpack(_FIXED)
    require(kind < len(_KINDS), f"tRKS: kind is {kind}")
    codec, layout = cursor.text(), cursor.text()
    require(codec != "", "tRKS: the codec has no name")
    require((sample_rate > 0) == (kind == 0), f"tRKS: sample rate is {sample_rate}")
    time_base = parse_time_base(cursor, "tRKS")
    tags: dict[str, str] = {}
    for _ in range(cursor.varint()):
        key, value = _long(cursor), _long(cursor)
        require(not tags or key > max(tags), "tRKS: tags are not in order")
        tags[key] = value
    extradata = cursor.take(cursor.varint())
    packets = parse_packets(cursor, limits, "tRKS")
    names = tuple(name for bit, name in enumerate(DISPOSITIONS) if flags >> bit & 1)
    return Track(
        codec, time_base, sample_rate, layout, bit_rate, extradata, packets,
        kind=_KINDS[kind], tags=tags, dispositions=names,
    )  # fmt: skip


def _pack_long(text: str) -> bytes:
    data = text.encode("utf-8", errors="replace")
    require(len(data) < _TEXT, f"tRKS: a tag of {len(data)} bytes")
    return pack_varint(len(data)) + data


def _long(cursor: Cursor) -> str:
    data = cursor.take(cursor.varint())
    require(len(data) < _TEXT, f"tRKS: a tag of {len(data)} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        require(False, "tRKS: text is not UTF-8")
        raise
