"""Payloads: the expected bytes, round trips, and every refusal."""

from __future__ import annotations

import dataclasses
import struct
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lincodec import registry
from lincodec.container import (
    GridLevel,
    Head,
    LatentInrArch,
    LincArch,
    Quality,
    SegmentHeader,
    TensorEntry,
    pack_audio,
    pack_metadata,
    pack_times,
    parse_arch,
    parse_audio,
    parse_metadata,
    parse_times,
)
from lincodec.container.cursor import Cursor, pack_signed, pack_text, pack_varint
from lincodec.container.trailer import Done, SegmentEntry, pack_index, parse_index
from lincodec.errors import CorruptError, LimitError, UnsupportedError
from lincodec.limits import Limits
from lincodec.registry import Mode, Role
from lincodec.types import AudioPacket, AudioTrack, ColorInfo, Times, VideoInfo

LIMITS = Limits()
HEAD = Head(
    width=1280,
    height=720,
    fps=Fraction(30000, 1001),
    n_frames=132,
    n_segments=4,
    max_params=1000,
    max_symbols=900,
    sar=Fraction(4, 3),
    rotation=270,
    bit_depth=10,
    chroma_shift=(1, 0),
    color=ColorInfo(9, 16, 9, full_range=True),
    mirrored=True,
    compat=0x80000000,
)


def test_head_bytes() -> None:
    assert HEAD.pack() == bytes.fromhex(
        "0100 0100 00000000 01000080"
        "00050000 d0020000 84000000 04000000"
        "30750000 e9030000 0400 0300"
        "0a 09 10 09 01 03 02 00"
        "e803000000000000 8403000000000000"
    )
    assert Head.parse(HEAD.pack(), LIMITS) == HEAD


def test_head_unknown_counts_are_all_ones() -> None:
    head = dataclasses.replace(HEAD, n_frames=None, n_segments=None)
    assert head.pack()[20:28] == b"\xff" * 8
    assert Head.parse(head.pack(), LIMITS) == head


@pytest.mark.parametrize("shift", [None, (1, 1), (1, 0), (0, 0)])
def test_head_of_a_video_and_back(shift: tuple[int, int] | None) -> None:
    info = VideoInfo(
        width=641,
        height=361,
        fps=Fraction(25),
        n_frames=7,
        sar=Fraction(16, 11),
        rotation=90,
        bit_depth=12,
        chroma_shift=shift,
        color=ColorInfo(1, 1, 1),
    )
    head = Head.from_video(info, n_frames=7, n_segments=1, max_params=5, max_symbols=0)
    assert Head.parse(head.pack(), LIMITS).video_info() == info


def test_head_approximates_ratios_that_do_not_fit() -> None:
    info = VideoInfo(8, 8, Fraction(10**12 + 1, 10**11), sar=Fraction(1, 10**9))
    head = Head.from_video(info, n_frames=1, n_segments=1, max_params=0, max_symbols=0)
    assert abs(head.fps - 10) < Fraction(1, 10**8)
    assert head.sar == Fraction(1, 65535)
    assert Head.parse(head.pack(), LIMITS) == head


@pytest.mark.parametrize(
    ("offset", "replacement", "error"),
    [
        (2, b"\x02\x00", UnsupportedError),  # version needed
        (2, b"\x00\x00", CorruptError),
        (0, b"\x00\x00", CorruptError),  # written before needed
        (4, b"\x01", UnsupportedError),  # incompatible flag
        (12, struct.pack("<I", 0), CorruptError),  # width
        (12, struct.pack("<I", 0xFFFFFFFF), CorruptError),
        (12, struct.pack("<I", 32769), LimitError),
        (12, struct.pack("<II", 32768, 32768), LimitError),  # area
        (20, struct.pack("<I", 0), CorruptError),  # no frames
        (20, struct.pack("<I", 3_000_000), LimitError),
        (20, struct.pack("<I", 3), CorruptError),  # fewer frames than segments
        (28, struct.pack("<I", 0), CorruptError),  # fps 0/1001
        (28, struct.pack("<II", 60000, 2002), CorruptError),  # not lowest terms
        (36, struct.pack("<HH", 1, 0), CorruptError),  # sar 1/0
        (40, b"\x07", CorruptError),  # bit depth
        (40, b"\x11", CorruptError),
        (44, b"\x02", CorruptError),  # full range
        (45, b"\x04", CorruptError),  # rotation
        (46, b"\x04", UnsupportedError),  # chroma
        (47, b"\x01", UnsupportedError),  # reserved
        (48, struct.pack("<Q", 1 << 62), LimitError),
        (56, struct.pack("<Q", 1001), CorruptError),  # more symbols than params
    ],
)
def test_head_refusals(offset: int, replacement: bytes, error: type[Exception]) -> None:
    data = bytearray(HEAD.pack())
    data[offset : offset + len(replacement)] = replacement
    with pytest.raises(error):
        Head.parse(bytes(data), LIMITS)


@pytest.mark.parametrize("length", [0, 11, 63, 65])
def test_head_has_one_length(length: int) -> None:
    with pytest.raises(CorruptError, match="64"):
        Head.parse(HEAD.pack().ljust(65, b"\0")[:length], LIMITS)


LINC = LincArch(4, 8, 33, 4, 2, 24, 16, 32)
GRID = LatentInrArch(
    encoding=0,
    layers=6,
    hidden=512,
    latent_dim=512,
    rank=50,
    modulated=0b011110,
    sigma=0,
    hyper_layers=2,
    hyper_hidden=128,
    patch=1,
    kernel=0,
    frequencies=0,
    features=2,
    levels=(GridLevel(15.0, 16, 256, False), GridLevel(63.5, 65, 4096, True)),
)
FOURIER = dataclasses.replace(GRID, encoding=1, features=0, frequencies=300, levels=())
PATCHES = dataclasses.replace(GRID, sigma=2, patch=8, kernel=3, rank=0)


def test_arch_bytes() -> None:
    assert LINC.pack() == bytes.fromhex("0200 0300 04 08 2100 04 02 1800 1000 2000 00000000")
    assert GRID.pack() == bytes.fromhex(
        "0100 0100 00 06 0002 0002 3200 1e000000 00 02 8000 01 00 0000 02 02 0000"
        "00007041 10000000 00010000 00"
        "00007e42 41000000 00100000 01"
    )


@pytest.mark.parametrize("arch", [LINC, LincArch(6, 0, 1), GRID, FOURIER, PATCHES])
def test_arch_round_trip(arch: LincArch | LatentInrArch) -> None:
    assert parse_arch(arch.pack()) == arch


@pytest.mark.parametrize(
    ("arch", "offset", "replacement", "error"),
    [
        (LINC, 0, b"\x03", UnsupportedError),  # architecture
        (LINC, 2, b"\x04", UnsupportedError),  # version
        (LINC, 2, b"\x01", UnsupportedError),  # of a draft
        (LINC, 2, b"\x02", UnsupportedError),  # of a later one
        (LINC, 2, b"\x00", CorruptError),
        (LINC, 4, b"\x02", CorruptError),  # block
        (LINC, 4, b"\x07", CorruptError),
        (LINC, 5, b"\x09", CorruptError),  # overlap
        (LINC, 6, b"\0\0", CorruptError),  # no latents
        (LINC, 8, b"\0", CorruptError),  # network fields without a network
        (LINC, 8, b"\x21", CorruptError),  # layers
        (LINC, 9, b"\x03", CorruptError),  # stride
        (LINC, 10, b"\0\0", CorruptError),  # channels
        (LINC, 12, b"\x22", CorruptError),  # more net latents than latents
        (LINC, 16, b"\x01", UnsupportedError),  # reserved
        (GRID, 4, b"\x02", UnsupportedError),  # encoding
        (GRID, 4, b"\x01", CorruptError),  # Fourier with levels
        (GRID, 5, b"\0", CorruptError),  # no layers
        (GRID, 12, b"\x40", CorruptError),  # modulates a layer that is not there
        (GRID, 16, b"\x03", UnsupportedError),  # sigma
        (GRID, 17, b"\x41", CorruptError),  # more than 256 layers of hypernetworks
        (GRID, 20, b"\x02", CorruptError),  # patches without a kernel
        (GRID, 21, b"\x03", CorruptError),  # a kernel without patches
        (PATCHES, 21, b"\x02", CorruptError),  # an even kernel
        (GRID, 25, b"\x01", CorruptError),  # level count and length disagree
        (GRID, 25, b"\xff", CorruptError),
        (GRID, 26, b"\x01", UnsupportedError),  # reserved
        (GRID, 28, b"\0\0\xc0\x7f", CorruptError),  # NaN scale
        (GRID, 32, b"\x11", CorruptError),  # dense grid does not fit
        (GRID, 40, b"\x02", CorruptError),  # hashed
    ],
)
def test_arch_refusals(
    arch: LincArch | LatentInrArch, offset: int, replacement: bytes, error: type[Exception]
) -> None:
    data = bytearray(arch.pack())
    data[offset : offset + len(replacement)] = replacement
    with pytest.raises(error):
        parse_arch(bytes(data))


SEGM = SegmentHeader(
    first_frame=33,
    n_frames=30,
    continues=True,
    tensors=(
        TensorEntry(Role.SPECTRAL, 0, Mode.SPECTRAL, (12, 5, 64), 1234, 0, 16.0, 1.5),
        TensorEntry(Role.LATENT, 0, Mode.LATTICE, (30, 12), 400, 0, 0.25),
        TensorEntry(Role.NET_WEIGHT, 0, Mode.MINMAX, (24, 16), 300, 8, -1.0, 0.0078125),
        TensorEntry(Role.NET_WEIGHT, 1, Mode.RAW, (2, 2), 16, 32),
        TensorEntry(Role.NET_BIAS, 0, Mode.CONST, (24,), 0, 0, -0.0),
    ),
)


def test_segment_bytes() -> None:
    one = SegmentHeader(33, 30, SEGM.tensors[2:3], continues=True)
    assert one.pack() == bytes.fromhex(
        "21000000 1e000000 01 00 0000 0100 0000"
        "03 00 02 08 02 00 0000 18000000 10000000 2c010000 000080bf 0000003c"
    )


def test_segment_round_trip_and_sums() -> None:
    assert SegmentHeader.parse(SEGM.pack(), LIMITS) == SEGM
    assert SEGM.packed_length == len(SEGM.pack())
    assert (SEGM.weights_length, SEGM.latents_length) == (1550, 400)
    assert (SEGM.params, SEGM.symbols) == (3840 + 360 + 384 + 4 + 24, 3840 + 360 + 384)


def test_segment_splits_payloads_in_table_order() -> None:
    wgts, lats = bytes(i % 251 for i in range(1550)), b"L" * 400
    parts = SEGM.split(wgts, lats)
    assert parts == (wgts[:1234], lats, wgts[1234:1534], wgts[1534:], b"")
    for damaged in ((wgts[:-1], lats), (wgts, lats + b"x")):
        with pytest.raises(CorruptError, match="tensor table"):
            SEGM.split(*damaged)


def tensor(**changes: Any) -> TensorEntry:
    return dataclasses.replace(SEGM.tensors[0], **changes)


@pytest.mark.parametrize(
    "bad",
    [
        tensor(dims=()),
        tensor(dims=(1, 1, 1, 1, 1)),
        tensor(dims=(0,)),
        tensor(dims=(1 << 24,)),
        tensor(bits=1),
        tensor(a=0.0),
        tensor(a=-1.0),
        tensor(a=float("nan")),
        tensor(a=float("inf")),
        tensor(a=0.1),
        tensor(b=0.0),
        tensor(payload_length=4 * 3840 + (1 << 20) + 1),
        tensor(mode=Mode.LATTICE),
        tensor(mode=Mode.CONST),
        tensor(mode=Mode.RAW, bits=32, a=0.0, b=0.0),
        tensor(mode=Mode.RAW, bits=32, a=0.0, b=-0.0, payload_length=4 * 3840),
        tensor(mode=Mode.MINMAX, bits=0),
        tensor(mode=Mode.MINMAX, bits=17),
        tensor(mode=Mode.MINMAX, bits=8, b=0.0),
    ],
)
def test_tensor_refusals(bad: TensorEntry) -> None:
    with pytest.raises(CorruptError):
        bad.pack()


@pytest.mark.parametrize(
    ("offset", "replacement", "error"),
    [
        (4, struct.pack("<I", 0), CorruptError),  # no frames
        (0, struct.pack("<II", 0xFFFFFFFE, 9), CorruptError),  # frame range
        (0, struct.pack("<I", 0), CorruptError),  # first segment continues
        (8, b"\x03", UnsupportedError),  # flag
        (9, b"\x01", UnsupportedError),  # reserved
        (10, b"\x01", UnsupportedError),
        (14, b"\x01", UnsupportedError),
        (12, b"\x00", CorruptError),  # tensor count
        (12, b"\x04", CorruptError),
        (12, b"\x06", CorruptError),
        (12, b"\xff\xff", LimitError),
        (16, b"\x09", UnsupportedError),  # role
        (18, b"\xc8", UnsupportedError),  # mode
        (20, b"\x00", CorruptError),  # ndim
        (20, b"\x05", CorruptError),
        (21, b"\x01", UnsupportedError),  # reserved
        (24, struct.pack("<3I", 1 << 23, 1 << 23, 1 << 23), LimitError),  # bomb
        (16, b"\x04", CorruptError),  # order of roles
    ],
)
def test_segment_refusals(offset: int, replacement: bytes, error: type[Exception]) -> None:
    data = bytearray(SEGM.pack())
    data[offset : offset + len(replacement)] = replacement
    with pytest.raises(error):
        SegmentHeader.parse(bytes(data), LIMITS)


def test_times_bytes() -> None:
    times = Times(Fraction(1, 1000), (0, 40, 80, 130), 300)
    data = pack_times(times)
    assert data == bytes.fromhex("01000000 e8030000 00 ac02 02 0228 0132")
    assert parse_times(data, 4) == times


@given(
    st.lists(st.integers(1, 1 << 20), max_size=30),
    st.integers(-(1 << 40), 1 << 40),
    st.integers(1, 1 << 40),
)
def test_times_round_trip(deltas: list[int], first: int, last: int) -> None:
    pts = [first]
    for delta in deltas:
        pts.append(pts[-1] + delta)
    times = Times(Fraction(1001, 30000), tuple(pts), last)
    assert parse_times(pack_times(times), len(pts)) == times


@pytest.mark.parametrize(
    ("data", "n_frames"),
    [
        ("01000000 e8030000 00 01 01 0228", 4),  # three frames for four
        ("01000000 e8030000 00 01 01 0428", 4),  # five
        ("01000000 e8030000 00 01 02 0128 0128", 3),  # runs not merged
        ("01000000 e8030000 00 01 01 0100", 2),  # difference of zero
        ("01000000 e8030000 00 01 01 00 28", 1),  # empty run
        ("01000000 e8030000 00 00 00", 1),  # last duration
        ("02000000 e8030000 00 01 00", 1),  # not lowest terms
        ("00000000 01000000 00 01 00", 1),
        ("01000000 e8030000 00 01 00 00", 1),  # bytes follow
        ("01000000 e8030000 00 8100 00", 1),  # not the shortest integer
        ("01000000 e8030000 00 01 01 ffffffffffffffff7f 01", 4),  # bomb
        ("01000000 e8030000 00 01 01 01 ffffffffffffffff7f", 2),  # overflow
        ("01000000 e8030000 00 01", 1),
    ],
)
def test_times_refusals(data: str, n_frames: int) -> None:
    with pytest.raises(CorruptError):
        parse_times(bytes.fromhex(data), n_frames)


def test_times_must_increase() -> None:
    with pytest.raises(CorruptError, match="increase"):
        pack_times(Times(Fraction(1, 25), (0, 2, 1), 1))


AUDIO = AudioTrack(
    codec="aac",
    time_base=Fraction(1, 48000),
    sample_rate=48000,
    layout="5.1",
    bit_rate=256000,
    extradata=b"\x12\x34",
    packets=(
        AudioPacket(-1024, -1024, 1024, b"xyz"),
        AudioPacket(0, 0, 1024, b"pq", is_keyframe=False),
    ),
)


def test_audio_bytes() -> None:
    assert pack_audio(AUDIO) == bytes.fromhex(
        "03 616163 03 352e31 01000000 80bb0000 80bb0000 00e8030000000000"
        "02 1234 02"
        "06 ff0f 00 8008"
        "05 00 00 8008"
        "78797a 7071"
    )
    assert parse_audio(pack_audio(AUDIO), LIMITS) == AUDIO


@given(
    st.lists(
        st.builds(
            AudioPacket,
            st.integers(-(1 << 40), 1 << 40),
            st.integers(-(1 << 40), 1 << 40),
            st.integers(0, 1 << 30),
            st.binary(max_size=20),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_audio_round_trip(packets: list[AudioPacket]) -> None:
    track = dataclasses.replace(AUDIO, packets=tuple(packets))
    assert parse_audio(pack_audio(track), LIMITS) == track


def test_audio_refusals() -> None:
    data = pack_audio(AUDIO)
    for length in range(len(data)):
        with pytest.raises(CorruptError):
            parse_audio(data[:length], LIMITS)
    with pytest.raises(CorruptError):
        parse_audio(data + b"x", LIMITS)
    with pytest.raises(LimitError, match="packets"):
        parse_audio(data, Limits(packets=1))
    with pytest.raises(CorruptError):
        parse_audio(b"\x02\xff\xfe" + data[4:], LIMITS)  # codec is not UTF-8


QUALITY = Quality(31.5, 32.25, 0.9375, 0.25, 2.0, (31.0, 32.0), "cpu torch")


def test_quality_bytes() -> None:
    data = QUALITY.pack()
    assert data == bytes.fromhex(
        "0000fc41 00000142 0000703f 0000803e 00000040 02000000 0000f841 00000042"
        "09 63707520746f726368"
    )
    assert Quality.parse(data, 2) == QUALITY


def test_quality_refusals() -> None:
    with pytest.raises(CorruptError, match="segments"):
        Quality.parse(QUALITY.pack(), 3)
    for bad in (float("nan"), float("inf"), -1.0, -0.0):
        with pytest.raises(CorruptError):
            dataclasses.replace(QUALITY, ms_ssim=bad).pack()
    with pytest.raises(CorruptError):
        Quality.parse(QUALITY.pack() + b"x", 2)


def test_metadata_bytes() -> None:
    data = pack_metadata({"b": "Ü", "a": '1"'})
    assert data == '{"a":"1\\"","b":"Ü"}'.encode()
    assert parse_metadata(data) == {"a": '1"', "b": "Ü"}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"1",
        b'{"a":1}',
        b'{"a":{}}',
        b'{"a":"1","a":"2"}',
        b'{"a":NaN}',
        b'{"a":"\xff"}',
        b"[" * 60000,
        b'{"a":"1"} x',
    ],
)
def test_metadata_refusals(text: bytes) -> None:
    with pytest.raises(CorruptError):
        parse_metadata(text)


ENTRIES = (SegmentEntry(0, 3, 200, 100), SegmentEntry(3, 2, 320, 50, continues=True))


def test_index_bytes() -> None:
    data = pack_index(ENTRIES)
    assert data == bytes.fromhex(
        "00000000 03000000 c800000000000000 6400000000000000 00000000"
        "03000000 02000000 4001000000000000 3200000000000000 01000000"
    )
    assert parse_index(data, 370) == ENTRIES


@pytest.mark.parametrize(
    ("entries", "end"),
    [
        (ENTRIES, 369),  # reaches into iNDX
        (ENTRIES[::-1], 1000),  # backwards
        ((ENTRIES[0], ENTRIES[0]), 1000),  # twice
        ((ENTRIES[0], SegmentEntry(4, 2, 320, 50)), 1000),  # a gap in frames
        ((ENTRIES[0], SegmentEntry(3, 2, 299, 50)), 1000),  # overlapping bytes
        ((SegmentEntry(0, 0, 200, 100),), 1000),  # no frames
        ((SegmentEntry(0, 1, 200, 35),), 1000),  # shorter than three frames
        ((SegmentEntry(0, 1, 7, 100),), 1000),  # inside the signature
        ((), 1000),
    ],
)
def test_index_refusals(entries: tuple[SegmentEntry, ...], end: int) -> None:
    with pytest.raises(CorruptError, match="iNDX"):
        parse_index(pack_index(entries), end)


def test_done_bytes() -> None:
    done = Done(0x1234, 0x1000, 11, bytes(range(32)))
    data = done.pack()
    assert data == bytes.fromhex("3412000000000000 0010000000000000 0b000000") + bytes(range(32))
    assert Done.parse(data) == done
    with pytest.raises(CorruptError):
        Done.parse(data + b"\0")


@pytest.mark.parametrize(
    ("value", "data"),
    [(0, "00"), (127, "7f"), (128, "8001"), (300, "ac02"), ((1 << 63) - 1, "ffffffffffffffff7f")],
)
def test_varint_bytes(value: int, data: str) -> None:
    assert pack_varint(value).hex() == data
    assert Cursor(bytes.fromhex(data), "x").varint() == value


@pytest.mark.parametrize("data", ["", "80", "8000", "ffffffffffffffffff01", "ff" * 9])
def test_varint_refusals(data: str) -> None:
    with pytest.raises(CorruptError):
        Cursor(bytes.fromhex(data), "x").varint()


@given(st.integers(-(1 << 62), (1 << 62) - 1))
def test_signed_round_trip(value: int) -> None:
    assert Cursor(pack_signed(value), "x").signed() == value


def test_signed_order() -> None:
    assert b"".join(pack_signed(v) for v in (0, -1, 1, -2, 2)) == bytes(range(5))


def test_long_text_is_cut_between_characters() -> None:
    data = pack_text("é" * 200)
    assert data[0] == 254
    assert Cursor(data, "x").text() == "é" * 127


def test_registry_names_follow_the_letter_rule() -> None:
    critical = {kind for kind in registry.KNOWN_SECTIONS if kind[:1].isupper()}
    assert critical == {b"HEAD", b"ARCH", b"TIME", b"SEGM", b"WGTS", b"LATS", b"DONE"}
    assert all(kind[2:3].isupper() for kind in registry.KNOWN_SECTIONS)
