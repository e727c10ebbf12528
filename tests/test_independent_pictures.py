"""The independent reader and the core on random partitioned segments, sound and broken."""

from __future__ import annotations

import random
from collections import Counter
from types import ModuleType

import numpy as np
import pytest
from support.random_segments import RandomSegment, random_segment

from lincodec.core.partitioned import PartitionedDecoder
from lincodec.errors import CorruptError, LincError, UnsupportedError
from lincodec.registry import Chroma
from lincodec.types import Planes

KINDS: dict[type[LincError], str] = {CorruptError: "corrupt", UnsupportedError: "unsupported"}

SHAPES = [
    (1, 1, Chroma.YUV420, 8, 3),
    (8, 8, Chroma.GREY, 8, 9),
    (27, 19, Chroma.GREY, 12, 3),
    (45, 33, Chroma.YUV420, 8, 5),
    (66, 18, Chroma.YUV420, 10, 4),
    (35, 41, Chroma.YUV422, 12, 3),
    (71, 26, Chroma.YUV444, 16, 3),
    (130, 5, Chroma.YUV422, 9, 2),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_random_segments(shape: tuple[int, int, Chroma, int, int], reader: ModuleType) -> None:
    for seed in (21, 22):
        segment = random_segment(seed, *shape)
        theirs = decoded(reader, segment, segment.payload)
        assert isinstance(theirs, list)
        with segment.decoder() as decoder:
            assert_equal(list(decoder.frames()), theirs)


def test_broken_segments(reader: ModuleType) -> None:
    """Both refuse the same ones, with the same class of error, or see the same pictures."""
    segments = [
        random_segment(31, 24, 16, Chroma.YUV420, 8, 3),
        random_segment(32, 8, 40, Chroma.YUV444, 10, 4),
        random_segment(33, 17, 9, Chroma.GREY, 8, 6),
    ]
    rng, outcomes = random.Random(7), Counter[str]()
    for _ in range(240):
        segment = rng.choice(segments)
        payload = changed(segment.payload, rng)
        theirs = decoded(reader, segment, payload)
        ours = ours_of(segment, payload)
        if isinstance(theirs, str) or isinstance(ours, str):
            assert ours == theirs
        else:
            assert_equal(ours, theirs)
        outcomes[theirs if isinstance(theirs, str) else "decoded"] += 1
    assert min(outcomes[kind] for kind in ("corrupt", "unsupported", "decoded")) > 0, outcomes


def changed(payload: bytes, rng: random.Random) -> bytes:
    """A few bits flipped, mostly near the front; or some bytes cut off or put in."""
    data, kind = bytearray(payload), rng.random()
    if kind < 0.1:
        return bytes(data[: rng.randrange(len(data))])
    if kind < 0.2:
        data.insert(rng.randrange(len(data)), rng.randrange(256))
        return bytes(data)
    for _ in range(rng.choice([1, 1, 2, 4])):
        at = int(len(data) * rng.random() ** rng.choice([1, 6]))
        data[at] ^= 1 << rng.randrange(8)
    return bytes(data)


def ours_of(segment: RandomSegment, payload: bytes) -> list[Planes] | str:
    """Pictures in display order, or the class of error, from the core."""
    shape = (segment.width, segment.height, segment.chroma, segment.depth, segment.frames)
    try:
        with PartitionedDecoder(payload, *shape) as decoder:
            return list(decoder.frames())
    except (CorruptError, UnsupportedError) as error:
        return KINDS[type(error)]


def decoded(reader: ModuleType, segment: RandomSegment, payload: bytes) -> list[Planes] | str:
    """Pictures in display order, or the class of error."""
    shape = (segment.width, segment.height, int(segment.chroma), segment.depth, segment.frames)
    try:
        found = dict(reader.linc_pictures.decode_pictures(payload, *shape))
    except reader.linc_partitioned.Broken as broken:
        return str(broken.kind)
    return [found[display] for display in range(segment.frames)]


def assert_equal(ours: list[Planes], theirs: list[Planes]) -> None:
    """Every sample of every plane."""
    for planes, others in zip(ours, theirs, strict=True):
        for plane, other in zip(planes, others, strict=True):
            np.testing.assert_array_equal(plane, other)
