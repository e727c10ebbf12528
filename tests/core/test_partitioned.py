"""Frames of partitioned segments in any order, by any number of threads, are the same."""

from __future__ import annotations

import zlib
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np
import pytest
from support.random_segments import RandomSegment, crcs, random_segment

from lincodec.core.partitioned import PartitionedDecoder
from lincodec.core.resample import Resampler, whole
from lincodec.errors import CorruptError, LimitError, UnsupportedError
from lincodec.registry import Chroma
from lincodec.types import Planes


def crc(planes: Planes) -> int:
    value = 0
    for plane in planes:
        value = zlib.crc32(plane.tobytes(), value)
    return value


SHAPES = [
    (72, 40, Chroma.YUV420, 8, 9),
    (65, 17, Chroma.YUV422, 10, 5),
    (7, 33, Chroma.YUV444, 12, 7),
    (1, 1, Chroma.YUV420, 8, 3),
    (130, 70, Chroma.GREY, 16, 4),
    (64, 64, Chroma.YUV420, 8, 1),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("threads", [1, 3])
def test_frames_are_those_of_the_core(
    shape: tuple[int, int, Chroma, int, int], threads: int, tmp_path: Path
) -> None:
    for seed in (1, 2, 3):
        segment = random_segment(seed, *shape)
        with segment.decoder(threads=threads) as decoder:
            found = list(decoder.frames())
        width, height, chroma, depth, frames = shape
        assert len(found) == frames
        assert found[0][0].shape == (height, width)
        assert len(found[0]) == (1 if chroma == Chroma.GREY else 3)
        assert found[0][0].dtype == (np.uint8 if depth == 8 else np.uint16)
        assert [crc(planes) for planes in found] == crcs(segment, tmp_path)


@pytest.mark.parametrize("scale", [Fraction(1, 2), Fraction(1, 4), Fraction(2, 3), Fraction(3)])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_frames_at_other_sizes(shape: tuple[int, int, Chroma, int, int], scale: Fraction) -> None:
    segment = random_segment(1, *shape)
    with segment.decoder() as decoder:
        native = list(decoder.frames())
        sizes = [plane.shape for plane in native[0]]
        areas = [whole((h, w), (ceil(h * scale), ceil(w * scale))) for h, w in sizes]
        resampler = Resampler(areas, shape[3])
        found = list(decoder.frames(resampler=resampler))
        (again,) = decoder.frames([1 % len(native)])
    assert crc(again) == crc(native[1 % len(native)])
    assert [crc(planes) for planes in found] == [crc(resampler.planes(p)) for p in native]


def test_frames_that_were_begun_at_another_size_begin_anew(segment: RandomSegment) -> None:
    with segment.decoder() as decoder:
        (native,) = decoder.frames([3])
        resampler = Resampler([whole(p.shape, (9, 7)) for p in native], segment.depth)
        decoder.begin([3, 5], resampler)
        assert [crc(planes) for planes in decoder.frames([3])] == [crc(native)]
        decoder.begin([5, 6], resampler)
        first, _ = decoder.frames([5, 6], resampler)
    assert [plane.shape for plane in first] == [(9, 7)] * len(native)


@pytest.fixture(scope="module")
def segment() -> RandomSegment:
    return random_segment(11, frames=24)


@pytest.fixture(scope="module")
def expected(segment: RandomSegment) -> list[int]:
    with segment.decoder() as decoder:
        return [crc(planes) for planes in decoder.frames()]


def test_single_frames_in_any_order(segment: RandomSegment, expected: list[int]) -> None:
    order = np.random.default_rng(5).permutation(len(expected)).tolist()
    with segment.decoder() as decoder:
        for display in [*order, 0, 0, 1, 23, 22]:
            assert crc(decoder.frame(display)) == expected[display]


def test_stretches(segment: RandomSegment, expected: list[int]) -> None:
    with segment.decoder() as decoder:
        for displays in (range(5), range(5, 9), [9, 12, 20], [2, 3], [23]):
            found = [crc(planes) for planes in decoder.frames(displays)]
            assert found == [expected[display] for display in displays]


@pytest.mark.parametrize("seed", [11, 12, 13, 14])
def test_all_after_one(seed: int) -> None:
    """A picture that is kept while its motion is parsed again is put out once."""
    segment = random_segment(seed, frames=13)
    with segment.decoder() as decoder:
        wanted = [crc(planes) for planes in decoder.frames()]
    for display in range(13):
        with segment.decoder() as decoder:
            assert crc(decoder.frame(display)) == wanted[display]
            assert [crc(planes) for planes in decoder.frames()] == wanted


def test_forward_nothing_is_reconstructed_twice(
    segment: RandomSegment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with segment.decoder() as decoder:
        core, made = decoder._segment, []
        real = core.reconstruct
        monkeypatch.setattr(core, "reconstruct", lambda at, w: (made.append(at), real(at, w)))
        for display in range(24):
            decoder.frame(display)
    assert sorted(made) == list(range(24))


def test_a_frame_takes_its_ancestors_only(
    segment: RandomSegment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with segment.decoder() as decoder:
        core, parsed = decoder._segment, []
        real = core.parse
        monkeypatch.setattr(core, "parse", lambda at, where: (parsed.append(at), real(at, where)))
        first = decoder.records[0]
        decoder.frame(first.display)
    assert parsed == [0]


def test_a_pass_can_be_left(segment: RandomSegment, expected: list[int]) -> None:
    with segment.decoder() as decoder:
        frames = decoder.frames()
        assert crc(next(frames)) == expected[0]
        frames.close()
        assert crc(decoder.frame(3)) == expected[3]
    with segment.decoder() as decoder:
        next(iter(decoder.frames()))


def test_passes_may_take_turns(segment: RandomSegment, expected: list[int]) -> None:
    with segment.decoder() as decoder:
        first, second = decoder.frames(), decoder.frames(range(4, 24))
        found: list[list[int]] = [[], []]
        for _ in range(9):
            found[0].append(crc(next(first)))
            found[1].append(crc(next(second)))
            assert crc(decoder.frame(17)) == expected[17]
        del second
        found[0] += [crc(planes) for planes in first]
    assert found[0] == expected
    assert found[1] == expected[4:13]


def test_broken_bytes_are_corrupt(segment: RandomSegment) -> None:
    data = bytearray(segment.payload)
    rng = np.random.default_rng(3)
    caught = 0
    for _ in range(60):
        broken = bytearray(data)
        broken[rng.integers(len(broken))] ^= 1 << int(rng.integers(8))
        shape = (segment.width, segment.height, segment.chroma, segment.depth, segment.frames)
        try:
            with PartitionedDecoder(bytes(broken), *shape) as decoder:
                assert len(list(decoder.frames())) == segment.frames
        except (CorruptError, UnsupportedError):
            caught += 1
    assert caught > 20


def test_a_truncated_payload_is_corrupt(segment: RandomSegment) -> None:
    shape = (segment.width, segment.height, segment.chroma, segment.depth)
    for payload, frames in (
        (segment.payload[:-1], 24),
        (segment.payload, 23),
        (segment.payload, 25),
        (b"", 1),
        (b"", 65535),
    ):
        with pytest.raises(CorruptError):
            PartitionedDecoder(payload, *shape, frames)


def test_sides_have_a_limit() -> None:
    with pytest.raises(LimitError):
        PartitionedDecoder(b"\x03\x00\x00\x00", 16385, 8, Chroma.GREY, 8, 1)


def test_no_more_than_so_many_pictures_are_kept() -> None:
    segment = random_segment(4, 8, 8, Chroma.GREY, 8, 120)
    with pytest.raises(CorruptError, match="needed at once; expected 32 at most"):
        segment.decoder()
