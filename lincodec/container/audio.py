"""aUDi: one audio stream, its packets unchanged (spec clause 6.7)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from lincodec.container.cursor import Cursor, pack_signed, pack_text, pack_varint, require
from lincodec.container.times import pack_time_base, parse_time_base
from lincodec.limits import Limits
from lincodec.types import AudioPacket, AudioTrack

#: sample_rate, bit_rate  # spec 6.7
_RATES = struct.Struct("<IQ")


def pack_audio(track: AudioTrack) -> bytes:
    """The aUDi payload.

    Raises:
        CorruptError: a field is out of range.
    """
    require(1 <= track.sample_rate < 1 << 32, f"aUDi: sample rate is {track.sample_rate}")
    out = [pack_text(track.codec), pack_text(track.layout), pack_time_base(track.time_base)]
    out += [_RATES.pack(track.sample_rate, max(0, track.bit_rate))]
    out += [pack_varint(len(track.extradata)), track.extradata, *pack_packets(track.packets)]
    return b"".join(out)


def pack_packets(packets: Sequence[AudioPacket]) -> list[bytes]:
    """Number, table and bytes of packets."""
    out, expected = [pack_varint(len(packets))], 0
    for packet in packets:
        out += [
            pack_varint(len(packet.data) << 1 | (not packet.is_keyframe)),
            pack_signed(packet.dts - expected),
            pack_signed(packet.pts - packet.dts),
            pack_varint(packet.duration),
        ]
        expected = packet.dts + packet.duration
    return [*out, *(packet.data for packet in packets)]


def parse_audio(payload: bytes, limits: Limits) -> AudioTrack:
    """Decode and check an aUDi payload.

    Raises:
        CorruptError: a field breaks a rule.
        LimitError: more packets than ``limits`` allow.
    """
    cursor = Cursor(payload, "aUDi")
    codec, layout = cursor.text(), cursor.text()
    require(codec != "", "aUDi: the codec has no name")
    time_base = parse_time_base(cursor, "aUDi")
    sample_rate, bit_rate = cursor.unpack(_RATES)
    require(sample_rate >= 1, "aUDi: sample rate is 0")
    extradata = cursor.take(cursor.varint())
    packets = parse_packets(cursor, limits, "aUDi")
    return AudioTrack(codec, time_base, sample_rate, layout, bit_rate, extradata, packets)


def parse_packets(cursor: Cursor, limits: Limits, what: str) -> tuple[AudioPacket, ...]:
    """Packets up to the end of a payload.

    Raises:
        CorruptError: a field breaks a rule, or bytes follow.
        LimitError: more packets than ``limits`` allow.
    """
    rows = _parse_packet_table(cursor, limits, what)
    require(
        sum(size >> 1 for size, *_ in rows) == cursor.remaining,
        f"{what}: the packet table does not account for the {cursor.remaining} bytes that follow",
    )
    return tuple(
        AudioPacket(pts, dts, duration, cursor.take(size >> 1), is_keyframe=not size & 1)
        for size, dts, pts, duration in rows
    )


def _parse_packet_table(
    cursor: Cursor, limits: Limits, what: str
) -> list[tuple[int, int, int, int]]:
    """Rows of (2 * size + not a keyframe, dts, pts, duration)."""
    count = limits.check("packets", cursor.varint(), what)
    rows, expected = [], 0
    for _ in range(count):
        size = cursor.varint()
        dts = expected + cursor.signed()
        pts = dts + cursor.signed()
        duration = cursor.varint()
        rows.append((size, dts, pts, duration))
        expected = dts + duration
        require(abs(expected) < 1 << 62 and abs(pts) < 1 << 62, f"{what}: a time is out of range")
    return rows
