"""Vectors of partitioned pictures (clauses 7.10 and 8.12), made by ``partitioned_writer``."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import linc_pictures
import numpy as np
from linc_partitioned import Broken, Geometry, Settings
from partitioned_writer import SETTINGS, Frame, Rule, framed, header, number, records, with_settings

from lincodec.bitstream import segment as bitstream
from lincodec.bitstream.pictures import Pictures
from lincodec.container import LincArch
from lincodec.registry import Role
from lincodec.types import VideoInfo

#: name, clauses, what it shows, bytes; errors by keyword.
Make = Callable[..., Any]
Build = Callable[..., bytes]
#: changed(data, kind, offset, new): bytes of a section replaced, checks repaired.
Change = Callable[..., bytes]
Tensors = dict[tuple[Role, int], bitstream.Tensor]

SMALL = VideoInfo(width=48, height=40, fps=Fraction(25), n_frames=3)
ARCH = LincArch(block=3, overlap=4, n_components=2)
CHROMAS = {None: 0, (1, 1): 1, (1, 0): 2, (0, 0): 3}
DEBLOCKING, FILTER, OFFSETS, HIDING, PLAIN, COPY = 1, 2, 4, 8, 16, 32

#: Much detail: pictures that are neither flat nor saturated.
STRONG: dict[str, Rule] = {"greater_1": 50, "greater_2": 60, "remainder": 55, "coded_luma": 75}
COARSE = with_settings(step=(124, 116, 120))
WHOLE: dict[str, Rule] = {"split": 0}


def settings(tools: int = 0, **changes: Any) -> Settings:
    """Steps that give visible pictures, and tools."""
    return replace(COARSE, tools=tools, **changes)


def chain(count: int, rules: dict[str, Rule], made: Settings, **more: Any) -> list[Frame]:
    """A picture, and others each predicted from the one before."""
    first = Frame(0, settings=made, rules={**STRONG, **rules})
    rest = [
        Frame(n, (n - 1,), 1, n - 1, settings=made, rules=rules, **more) for n in range(1, count)
    ]
    return [first, *rest]


def pyramid(made: Settings, rules: dict[str, Rule], intra: dict[str, Rule] = STRONG) -> list[Frame]:
    """Three pictures: first, last, and the one between from both."""
    return [
        Frame(0, settings=made, rules=intra),
        Frame(2, (0,), 1, 0, True, made, rules),
        Frame(1, (0, 2), 2, 2, True, made, rules),
    ]


def geometry(video: VideoInfo) -> Geometry:
    """What 8.12 needs of a video."""
    chroma = CHROMAS[video.chroma_shift]
    return Geometry(video.width, video.height, chroma, video.bit_depth)


def digest_of(video: VideoInfo, stream: bytes, frames: int) -> bytes:
    """Of the decoded pictures; zeros where they cannot be decoded."""
    sha, kind = hashlib.sha256(), "u1" if video.bit_depth == 8 else "<u2"
    shape = geometry(video)
    shown: dict[int, Any] = {}
    try:
        for display, planes in linc_pictures.decode_pictures(
            stream, shape.width, shape.height, shape.chroma, shape.bits, frames
        ):
            shown[display] = planes
    except Broken:
        return bytes(16)
    for display in range(frames):
        for plane in shown[display]:
            sha.update(plane.astype(kind).tobytes())
    return sha.digest()[:16]


def code(
    video: VideoInfo, stream: bytes, count: int, first: int = 0, **more: Any
) -> bitstream.SegmentCode:
    """A segment of pictures; ``more``: digest, continues, motion, and other tensors."""
    digest = more.get("digest") or digest_of(video, stream, count)
    shape = (count, -(-video.height // 64), -(-video.width // 64))
    q = np.arange(2 * count, dtype=np.int64).reshape(2, count) % 7 - 3
    tensors: Tensors = {
        (Role.LATENT, 0): bitstream.Lattice(q, 0.25, np.zeros(2, np.int8)),
        (Role.PICTURES, 0): Pictures(shape, digest, stream),
        **more.get("tensors", {}),
    }
    return bitstream.SegmentCode(first, count, more.get("continues", False), tensors)


def file_of(build: Build, video: VideoInfo, stream: bytes, count: int, **more: Any) -> bytes:
    """A file of one segment of pictures."""
    return build(replace(video, n_frames=count), ARCH, [code(video, stream, count, **more)])


class Kit:
    """Makes files of pictures with the tools of make_vectors.py."""

    def __init__(self, vector: Make, build: Build) -> None:
        self.vector, self.build = vector, build

    def file(self, video: VideoInfo, frames: list[Frame], seed: int = 1) -> bytes:
        """One segment."""
        stream = framed(records(geometry(video), frames, seed))
        return file_of(self.build, video, stream, len(frames))

    def good(
        self,
        name: str,
        clauses: str,
        about: str,
        video: VideoInfo,
        frames: list[Frame],
        seed: int = 1,
    ) -> Any:
        """A good vector."""
        return self.vector(f"pictures-{name}", clauses, about, self.file(video, frames, seed))


# ---------------------------------------------------------------- good


def good(vector: Make, build: Build) -> Iterator[Any]:
    """Files of pictures that every reader decodes."""
    kit = Kit(vector, build)
    yield from good_kinds(kit)
    yield from good_intra(kit)
    yield from good_inter(kit)
    yield from good_residual(kit)
    yield from good_screens(kit)
    yield from good_filters(kit)
    yield from good_records(kit)
    yield from good_files(kit)
    yield from good_between(kit)


def good_between(kit: Kit) -> Iterator[Any]:
    """Pictures whose neighbours are searched for what lies between them."""
    moving: dict[str, Rule] = {"skip": 0, "intra": 0, "merge": 0, "residual": 20, "vector_zero": 95}
    yield kit.good(
        "between",
        "8.7.1 8.7.2 8.7.3 8.7.4",
        "three pictures of 70 x 50 from moved parts of one another, with exact pictures in between",
        replace(SMALL, width=70, height=50),
        chain(3, moving, settings()),
    )
    yield kit.good(
        "between-10bit",
        "8.7.1 8.7.4",
        "the same of two pictures of 33 x 47, 4:2:2, 10 bits",
        replace(SMALL, width=33, height=47, chroma_shift=(1, 0), bit_depth=10),
        chain(2, moving, settings()),
    )


def good_kinds(kit: Kit) -> Iterator[Any]:
    """Sizes, chroma formats and depths."""
    every = settings(15)
    yield kit.good(
        "one-sample",
        "7.10 8.12.2 8.12.12",
        "one picture of 1 x 1, 4:2:0",
        replace(SMALL, width=1, height=1),
        [Frame(0, settings=every, rules=STRONG)],
    )
    tiny = replace(SMALL, width=8, height=8)
    rules: dict[str, Rule] = {
        "last": 50,
        "significant": 15,
        "greater_1": 60,
        "intra": 0,
        "skip": 0,
        "merge": 0,
    }
    yield kit.good(
        "tiny",
        "8.12.3 8.12.5 8.12.6 8.12.7",
        "two pictures of 8 x 8, one leaf each, without loop filter",
        tiny,
        [
            Frame(0, settings=settings(), rules=rules),
            Frame(
                1,
                (0,),
                1,
                0,
                settings=settings(),
                rules={**rules, "vector_zero": 100, "residual": 100},
            ),
        ],
        seed=6,
    )
    kinds = (
        ("grey", None, 27, 19),
        ("420", (1, 1), 45, 71),
        ("422", (1, 0), 35, 41),
        ("444", (0, 0), 66, 18),
    )
    for name, shift, width, height in kinds:
        yield kit.good(
            name,
            "7.10 8.12.1 8.12.2 8.12.4 8.12.6",
            f"three pictures of {width} x {height}, {name}, all tools",
            replace(SMALL, width=width, height=height, chroma_shift=shift),
            pyramid(every, {"residual": 60}),
            seed=3,
        )
    for depth, shift in (
        (9, (1, 1)),
        (10, (1, 1)),
        (11, (0, 0)),
        (12, (1, 0)),
        (14, None),
        (16, (1, 1)),
    ):
        yield kit.good(
            f"{depth}bit",
            "8.12.2 8.12.8 8.12.10 8.12.12",
            f"three pictures of {depth} bits a sample",
            replace(SMALL, width=34, height=25, chroma_shift=shift, bit_depth=depth),
            pyramid(every, {"residual": 60}),
            seed=depth,
        )


def good_intra(kit: Kit) -> Iterator[Any]:
    """Prediction inside a picture."""
    for side, cut in (
        (8, {"split": 100}),
        (16, {"split": lambda s, n: 100 if s > 16 else 0}),
        (32, WHOLE),
    ):
        for split in (0, 100):
            yield kit.good(
                f"intra-{side}-{'split' if split else 'whole'}",
                "8.12.6 8.12.9",
                f"intra leaves of {side}, transforms of {side // 2 if split else side}, all modes",
                replace(SMALL, width=96, height=64, chroma_shift=(1, 1) if side > 8 else (0, 0)),
                [
                    Frame(
                        n,
                        source=n - 1 if n else None,
                        settings=settings(),
                        rules={
                            **STRONG,
                            **cut,
                            "transform_split": split,
                            "likely": 30,
                            "chroma_mode": 30,
                        },
                    )
                    for n in range(1 if side == 8 else 2 if side == 16 else 5)
                ],
                seed=side + split,
            )
    for name, shift in (("420", (1, 1)), ("422", (1, 0)), ("444", (0, 0))):
        yield kit.good(
            f"from-luma-{name}",
            "8.12.9",
            f"chroma from luma in {name}, with transforms of 4 to 32",
            replace(
                SMALL,
                width=72,
                height=72,
                chroma_shift=shift,
                bit_depth=8 if shift == (1, 1) else 12,
            ),
            [Frame(0, settings=settings(), rules={**STRONG, "chroma_mode": 100})],
            seed=7,
        )
    yield kit.good(
        "intra-flat",
        "8.12.9",
        "a picture without levels",
        SMALL,
        [Frame(0, settings=settings(), rules={"coded_luma": 0, "coded_u": 0, "coded_v": 0})],
    )


def good_inter(kit: Kit) -> Iterator[Any]:
    """Prediction from pictures."""
    yield kit.good(
        "skip",
        "8.12.6 8.12.8",
        "every leaf of the second picture is skipped; leaves of 64",
        replace(SMALL, width=130, height=70),
        chain(2, {"skip": 100, "split": 20}, settings()),
    )
    yield kit.good(
        "vectors",
        "8.12.6 8.12.8",
        "no merging, no residual: predictors, differences, all fractions",
        replace(SMALL, width=64, height=48),
        chain(3, {"skip": 0, "intra": 0, "merge": 0, "residual": 0, "vector_zero": 95}, settings()),
    )
    yield kit.good(
        "vectors-far",
        "8.12.6 8.12.8",
        "vectors far beyond the edges, differences up to 16383",
        SMALL,
        chain(
            2,
            {
                "skip": 0,
                "intra": 0,
                "merge": 0,
                "residual": 0,
                "vector_prefix": lambda axis, n: 93 if n < 13 else 0,
            },
            settings(),
        ),
    )
    for size in (1, 2, 3, 4, 5, 6):
        yield kit.good(
            f"merge-{size}",
            "8.12.3 8.12.6",
            f"merge lists of up to {size}",
            replace(SMALL, width=64, height=64),
            pyramid(
                settings(merge_size=size),
                {"skip": 40, "merge": 60, "intra": 5, "residual": 10, "vector_zero": 60},
            ),
            seed=size,
        )
    yield kit.good(
        "parts",
        "8.12.6",
        "leaves cut into halves, merging into one another's motion",
        replace(SMALL, width=64, height=64),
        pyramid(
            settings(),
            {
                "split": 30,
                "skip": 0,
                "intra": 0,
                "part": 100,
                "merge": 60,
                "residual": 10,
                "vector_zero": 70,
            },
        ),
    )
    yield kit.good(
        "temporal",
        "8.12.3 8.12.6",
        "motion from that of references at other distances, forwards and backwards",
        replace(SMALL, width=80, height=72),
        [
            Frame(0, settings=settings(), rules=STRONG),
            *(
                Frame(
                    display,
                    (a, b),
                    1,
                    0,
                    display not in (8,),
                    settings(),
                    {"residual": 5, "intra": 5, "both": 40},
                )
                for display, a, b in (
                    (8, 0, 0),
                    (4, 0, 8),
                    (2, 0, 4),
                    (6, 4, 8),
                    (1, 4, 2),
                    (3, 2, 8),
                    (5, 4, 4),
                    (7, 8, 6),
                )
            ),
        ],
        seed=5,
    )
    for temporal in (False, True):
        yield kit.good(
            f"same-reference{'-temporal' if temporal else ''}",
            "8.12.3 8.12.6 8.12.11",
            "both references are one picture" + (", and its motion is used" if temporal else ""),
            SMALL,
            [
                Frame(0, settings=settings(1), rules=STRONG),
                Frame(1, (0, 0), 1, 0, False, settings(1), {"both": 70, "residual": 20}),
                Frame(2, (1, 1), 1, 1, temporal, settings(1), {"both": 70, "residual": 20}),
            ],
        )
    yield kit.good(
        "averages",
        "8.12.8",
        "every part has both references",
        replace(SMALL, bit_depth=10, chroma_shift=(1, 0)),
        pyramid(settings(), {"skip": 0, "intra": 0, "merge": 10, "both": 100, "residual": 0}),
    )


def good_residual(kit: Kit) -> Iterator[Any]:
    """Levels, transforms and steps."""
    dense: dict[str, Rule] = {"significant": 60, "group": 70, "last": 80}
    for side, cut in (
        (8, {"split": 100}),
        (16, {"split": lambda s, n: 100 if s > 16 else 0}),
        (32, WHOLE),
    ):
        yield kit.good(
            f"levels-{side}",
            "8.12.7 8.12.10",
            f"many levels in transforms of {side}",
            replace(SMALL, width=128, height=32),
            [
                Frame(
                    0,
                    settings=with_settings(step=(82 + side, 80 + side, 84 + side)),
                    rules={**STRONG, **dense, **cut, "transform_split": 0},
                )
            ],
        )
    yield kit.good(
        "leaf-64",
        "8.12.6 8.12.10",
        "inter leaves of 64 with residual: transforms of 32 in luma, and in chroma of 4:4:4",
        replace(SMALL, width=128, height=128, chroma_shift=(0, 0)),
        chain(
            3,
            {
                "split": lambda side, n: 40 if side == 64 else 0,
                "skip": 0,
                "intra": 0,
                "merge": 100,
                "residual": 100,
            }
            | {
                "coded_u": 90,
                "coded_v": 90,
                "significant": 15,
                "last": 75,
                "group": 40,
                "remainder": 70,
            },
            settings(),
        ),
    )
    yield kit.good(
        "escapes",
        "8.12.7 8.12.10",
        "levels up to 16397, coefficients and samples clipped",
        replace(SMALL, width=16, height=16),
        [
            Frame(
                n,
                settings=with_settings(step=(20 + 60 * n, 175 * (n % 2), 100)),
                rules={
                    "greater_1": 95,
                    "greater_2": 95,
                    "remainder": 97,
                    "golomb": lambda k, m, n: 84 if n < 13 else 0,
                    "last": 70,
                },
            )
            for n in range(3)
        ],
        seed=7,
    )
    for index in (0, 175):
        yield kit.good(
            f"step-{index}",
            "8.12.10",
            f"step index {index} and offsets beyond it",
            SMALL,
            [
                Frame(
                    0,
                    settings=with_settings(step=(index,) * 3, tools=OFFSETS | DEBLOCKING),
                    rules=STRONG,
                )
            ],
        )
    yield kit.good(
        "step-offsets",
        "8.12.6 8.12.10 8.12.11",
        "offsets from -24 to 24, also where four leaves share one",
        replace(SMALL, width=64, height=64),
        [
            replace(frame, rules={**frame.rules, "offset_zero": 80, "offset_size": 50})
            for frame in chain(2, {"residual": 80}, settings(OFFSETS | DEBLOCKING))
        ],
        seed=4,
    )
    yield kit.good(
        "levels-large",
        "8.12.7 8.12.10",
        "large levels side by side, at small steps",
        replace(SMALL, width=64, height=64, bit_depth=10),
        [
            Frame(
                0,
                settings=with_settings(step=(70, 75, 80), tools=DEBLOCKING | HIDING),
                rules={
                    "significant": 55,
                    "last": 70,
                    "group": 60,
                    "greater_1": 80,
                    "greater_2": 85,
                    "remainder": 85,
                },
            )
        ],
    )
    yield kit.good(
        "hidden-signs",
        "8.12.7",
        "groups with and without a hidden sign",
        replace(SMALL, width=64, height=48),
        [
            replace(frame, rules={**frame.rules, "significant": 45, "last": 70})
            for frame in chain(2, {"residual": 80}, settings(HIDING))
        ],
    )


def good_screens(kit: Kit) -> Iterator[Any]:
    """Plain residuals and copies."""
    plain: dict[str, Rule] = {"plain": 70, "residual": 70}
    for name, shift, depth in (
        ("420", (1, 1), 8),
        ("422", (1, 0), 10),
        ("444", (0, 0), 12),
        ("grey", None, 16),
    ):
        yield kit.good(
            f"plain-{name}",
            "8.12.6 8.12.7 8.12.10",
            f"transforms of 4 to 32 that are plain and that are not, {depth} bits, {name}",
            replace(SMALL, width=72, height=64, chroma_shift=shift, bit_depth=depth),
            [
                Frame(0, settings=settings(PLAIN), rules={**STRONG, **plain, "split": 30}),
                Frame(1, (0,), 1, 0, False, settings(PLAIN | HIDING), {**plain, "split": 30}),
            ],
            seed=depth,
        )
        yield kit.good(
            f"copies-{name}",
            "8.12.6 8.12.9",
            f"leaves of 8 to 32 copied from units before, {depth} bits, {name}",
            replace(SMALL, width=150, height=136, chroma_shift=shift, bit_depth=depth),
            [
                Frame(
                    0,
                    settings=settings(COPY | DEBLOCKING),
                    rules={**STRONG, "copy": 70, "coded_luma": 50, "split": 60},
                )
            ],
            seed=depth,
        )
    for index in (0, 175):
        yield kit.good(
            f"plain-step-{index}",
            "8.12.10",
            f"plain residuals of step index {index}, 16 bits",
            replace(SMALL, bit_depth=16),
            [Frame(0, settings=with_settings(step=(index,) * 3, tools=PLAIN), rules=STRONG)],
        )
    yield kit.good(
        "copies-between",
        "8.12.6 8.12.9",
        "copies in pictures with references: beside motion, in merge lists and at temporal vectors",
        replace(SMALL, width=140, height=72),
        pyramid(settings(COPY), {"intra": 50, "copy": 60, "residual": 40}, {**STRONG, "copy": 50}),
    )
    yield kit.good(
        "every-tool",
        "8.12.3 8.12.6 8.12.11",
        "all tools, in leaves of all kinds",
        replace(SMALL, width=140, height=72, chroma_shift=(0, 0)),
        pyramid(settings(63), {"intra": 40, "copy": 50, "plain": 40, "residual": 60}),
        seed=9,
    )


def good_filters(kit: Kit) -> Iterator[Any]:
    """The loop filter."""
    quiet: dict[str, Rule] = {
        "significant": 10,
        "greater_1": 10,
        "residual": 40,
        "coded_luma": 40,
        "last": 15,
    }
    for offset in (-24, -4, 0, 24):
        yield kit.good(
            f"deblocking-{offset + 24}",
            "8.12.3 8.12.11",
            f"deblocking with an offset of {offset}",
            replace(SMALL, width=72, height=56, chroma_shift=(1, 1) if offset else (1, 0)),
            pyramid(
                settings(DEBLOCKING, deblock_offset=offset, step=(112, 108, 110)),
                quiet,
                {**quiet, "split": 70},
            ),
            seed=30 + offset,
        )
    for name, shift in (("420", (1, 1)), ("422", (1, 0)), ("444", (0, 0)), ("grey", None)):
        yield kit.good(
            f"filter-{name}",
            "8.12.6 8.12.11",
            f"Wiener filters in {name}, areas over the edges",
            replace(
                SMALL, width=70, height=50, chroma_shift=shift, bit_depth=12 if shift is None else 8
            ),
            chain(
                2, {"residual": 40, "golomb": 20}, settings(FILTER | (DEBLOCKING if shift else 0))
            ),
            seed=2,
        )
    three: dict[str, Rule] = {
        "skip": 100,
        "split": 20,
        "filter_set": 65,
        "raw": lambda n: 3 if n == 2 else -1,
    }
    yield kit.good(
        "filter-areas",
        "8.12.6 8.12.11",
        "Wiener filters of up to three sets a plane in many areas",
        replace(SMALL, width=200, height=136, chroma_shift=(0, 0)),
        [
            Frame(0, settings=settings(), rules={**STRONG, "split": 40}),
            *(Frame(n, (n - 1,), 1, None, False, settings(FILTER), three) for n in (1, 2)),
        ],
        seed=3,
    )
    yield kit.good(
        "filter-none",
        "8.12.6 8.12.11",
        "the tool without a set, and then taps of -123 to 123",
        SMALL,
        [
            Frame(
                0, settings=settings(FILTER), rules={**STRONG, "raw": lambda n: 0 if n == 2 else -1}
            ),
            Frame(
                1,
                (0,),
                1,
                0,
                settings=settings(FILTER),
                rules={"residual": 10, "golomb": 70, "filter_set": 70},
            ),
        ],
    )


def good_records(kit: Kit) -> Iterator[Any]:
    """Headers, contexts and the order of pictures."""
    tiny = replace(SMALL, width=24, height=16)
    some: dict[str, Rule] = {"residual": 20, "significant": 10}
    frames = [
        Frame(0, settings=settings(), rules=STRONG),
        Frame(16, (0, 0), 1, 0, True, settings(), some),
    ]
    spans, level = [(0, 16)], 2
    while spans[0][1] - spans[0][0] > 1:
        for a, b in spans:
            source = next((f.display for f in reversed(frames) if f.level == level), 16)
            frames.append(Frame((a + b) // 2, (a, b), level, source, True, settings(), some))
        spans = [half for a, b in spans for half in ((a, (a + b) // 2), ((a + b) // 2, b))]
        level += 1
    yield kit.good(
        "pyramid",
        "8.12.3",
        "17 pictures in a pyramid of 16, states from the last of the level",
        tiny,
        frames,
    )
    yield kit.good(
        "backwards",
        "8.12.3",
        "coding order is display order reversed",
        tiny,
        [
            Frame(
                7 - n,
                (8 - n,) if n else (),
                n,
                None,
                settings=settings(),
                rules=some if n else STRONG,
            )
            for n in range(8)
        ],
    )
    for limit in (0, 127):
        yield kit.good(
            f"count-limit-{limit}",
            "8.12.3 8.12.5",
            f"states of another record with counts of at most {limit}",
            tiny,
            chain(4, some, settings(count_limit=limit)),
        )
    yield kit.good(
        "states",
        "8.12.3 8.12.5",
        "states from any record, and initial ones again",
        tiny,
        [
            Frame(0, settings=settings(), rules=STRONG),
            *(
                Frame(n, (n - 1,), 1 + n % 2, source, settings=settings(), rules={"residual": 70})
                for n, source in ((1, 0), (2, 0), (3, None), (4, 1), (5, 3))
            ),
        ],
    )
    held = [Frame(31, settings=settings(), rules=some)]
    held += [Frame(n, (31,), settings=settings(), rules={"skip": 100}) for n in range(30, -1, -1)]
    yield kit.good(
        "held", "8.12.3", "32 records are held at once", replace(tiny, width=8, height=8), held
    )


def stream_of_three(video: VideoInfo) -> bytes:
    """Three pictures with detail."""
    return framed(records(geometry(video), pyramid(settings(15), {"residual": 50}), 9))


def good_files(kit: Kit) -> Iterator[Any]:
    """Pictures beside other things."""
    video = replace(SMALL, width=32, height=24)
    parts = [pyramid(settings(15), {"residual": 50}), chain(2, {"residual": 50}, settings(3))]
    streams = [framed(records(geometry(video), frames, 9)) for frames in parts]
    field = np.zeros((3, 2, 1, 2), np.int64)
    field[1:, 0] = 6
    motion = bitstream.Field(field, 0.5)
    codes = [
        code(video, streams[0], 3, tensors={(Role.MOTION, 0): motion}),
        code(video, streams[1], 2, 3, continues=True),
    ]
    yield kit.vector(
        "pictures-two-segments",
        "6.4 6.8 7.10 8.2 8.7",
        "two segments of pictures, the first with motion, the second continues it",
        kit.build(replace(video, n_frames=5), ARCH, codes),
    )
    q = np.zeros((2, 3, 4, 8, 8), np.int32)
    q[0, :, :, 0, 0], q[1, :, :, 1, 1] = 40, 9
    half = np.zeros((2, 3, 4, 4, 4), np.int32)
    channels = tuple(map(bitstream.Coefficients.of, (q, half, half)))
    spectral = bitstream.Spectral(channels, 16.0, 1.5, np.zeros((3, 3), np.int8))
    latents = bitstream.Lattice(np.array([[200, 190], [20, -20]]), 1 / 64, np.zeros(2, np.int8))
    smooth = bitstream.SegmentCode(
        0, 2, False, {(Role.SPECTRAL, 0): spectral, (Role.LATENT, 0): latents}
    )
    yield kit.vector(
        "pictures-and-spectral",
        "6.4 7.10 8.7",
        "a spectral segment and then one of pictures, which continues it",
        kit.build(
            replace(video, n_frames=5),
            ARCH,
            [smooth, code(video, streams[0], 3, 2, continues=True)],
        ),
    )


# ---------------------------------------------------------------- unsupported and bad


def unsupported(vector: Make, build: Build) -> Iterator[Any]:
    """Sound files that need a newer reader."""
    for bit in (64, 1 << 20):
        stream = framed(records_of_three(settings(3)))
        # the tools of the first record are the last byte before its stream
        part = records(geometry(SMALL), TINY, 1)
        head = bytes([*part[0][:8], *number(bit | 1)])
        stream = framed([head + part[0][9:], *part[1:]])
        yield vector(
            f"pictures-tool-{bit}",
            "8.12.3",
            f"tools {bit | 1}",
            file_of(build, SMALL, stream, len(TINY)),
        )


TINY = [
    Frame(0, settings=with_settings(tools=1), rules={"significant": 5}),
    Frame(1, (0,), 1, 0, True, with_settings(tools=1), {"skip": 60, "significant": 5}),
    Frame(2, (0, 1), 1, 1, True, with_settings(tools=1), {"skip": 60, "significant": 5}),
]


def records_of_three(made: Settings) -> list[bytes]:
    """Three small records."""
    return records(geometry(SMALL), [replace(frame, settings=made) for frame in TINY], 1)


def patched(part: bytes, at: int, new: bytes, cut: int = 1) -> bytes:
    """Some bytes of a record replaced."""
    return part[:at] + new + part[at + cut :]


def bad(vector: Make, build: Build, changed: Change) -> Iterator[Any]:
    """Files that break a rule of 7.10 or 8.12."""

    def refused(
        name: str, about: str, stream: bytes, count: int = 3, clauses: str = "8.12.3"
    ) -> Any:
        data = file_of(build, SMALL, stream, count)
        return vector(f"pictures-{name}", clauses, about, data, "corrupt")

    part = records(geometry(SMALL), TINY, 1)
    yield from bad_headers(refused, part)
    yield from bad_graph(refused, part)
    yield from bad_streams(refused, part)
    yield from bad_rules(refused)
    yield from bad_copies(vector, build)
    yield from bad_files(vector, build, changed, part)


def bad_headers(refused: Make, part: list[bytes]) -> Iterator[Any]:
    """Fields of records."""
    whole = framed(part)
    yield refused("cut", "the last record is a byte short", whole[:-1])
    yield refused("behind", "a byte behind the last record", whole + b"\0")
    yield refused("fewer", "three records for four frames", whole, 4)
    yield refused("more", "three records for two frames", whole, 2)
    yield refused("empty-record", "a record of no bytes", framed([part[0], b"", part[2]]))
    yield refused(
        "header-cut", "a record that ends in its settings", framed([part[0][:5], *part[1:]])
    )
    yield refused("length", "the length has five bytes", b"\x80\x80\x80\x80\x01" + whole)
    first = part[0]
    fields = (
        ("step-index", 2, 176, "a step index of 176"),
        ("step-v", 4, 255, "a step index of 255"),
        ("merge-none", 5, 0, "a merge list of none"),
        ("merge-long", 5, 7, "a merge list of 7"),
        ("count-limit", 6, 128, "count_limit 128"),
        ("deblock-high", 7, 50, "deblock_offset 25"),
        ("deblock-low", 7, 49, "deblock_offset -25"),
    )
    for name, at, value, about in fields:
        yield refused(name, about, framed([patched(first, at, bytes([value])), *part[1:]]))
    yield refused("display", "display 3 of three", framed([patched(first, 1, b"\3"), *part[1:]]))
    yield refused(
        "display-twice",
        "two pictures of display 0",
        framed([first, bytes([17, 0]) + first[2:], part[2]]),
    )
    repeated = bytes([first[0] | 8, first[1]]) + first[9:]
    yield refused("repeated", "the first record repeats settings", framed([repeated, *part[1:]]))
    yield refused(
        "temporal",
        "temporal without a reference",
        framed([bytes([first[0] | 128]) + first[1:], *part[1:]]),
    )


def bad_graph(refused: Make, part: list[bytes]) -> Iterator[Any]:
    """What records need of one another."""

    def second(*numbers: bytes, kind: int = 1, same: bool = False, source: bytes = b"\1") -> bytes:
        """The second record with other references and source."""
        head = bytes([1 | 16 * same | kind << 5]) + b"\1" + b"".join(numbers)
        head += b"" if same else source
        return framed([part[0], head + part[1][4:], part[2]])

    assert part[1][:4] == bytes(
        [1 | 1 << 5 | 128, 1, 2, 1]
    )  # kind 1, temporal; display 1, from 0, states of 0
    yield refused("reference-later", "a reference that comes later", second(b"\1"))
    yield refused("reference-self", "a picture that is its own reference", second(b"\0"))
    yield refused(
        "reference-self-even", "references at a distance of 0 on both sides", second(b"\0", kind=2)
    )
    yield refused("reference-before", "a reference before display 0", second(b"\4"))
    yield refused("reference-beyond", "a reference beyond the last display", second(b"\x09"))
    yield refused(
        "reference-second", "the second reference comes later", second(b"\2", b"\1", kind=3)
    )
    yield refused(
        "source-later", "states of a record that comes later", second(b"\2", source=b"\3")
    )
    yield refused("source-self", "states of the record itself", second(b"\2", source=b"\2"))
    yield refused("source-beyond", "states of display 9", second(b"\2", source=b"\x0a"))
    frames = [Frame(32, settings=settings())]
    frames += [Frame(n, (32,), settings=settings(), rules={"skip": 100}) for n in range(31, -1, -1)]
    yield refused(
        "held", "33 records are needed at once", framed(records(geometry(SMALL), frames, 1)), 33
    )


def bad_streams(refused: Make, part: list[bytes]) -> Iterator[Any]:
    """The coded part of a record."""

    def last(stream: bytes) -> bytes:
        """The three records with another stream in the last."""
        head = part[2][: len(part[2]) - len(body)]
        return framed([*part[:2], head + stream])

    size = len(header(TINY[2], {1: TINY[1]}))
    body = part[2][size:]
    clauses = "8.12.5"
    yield refused("stream-empty", "a stream of no bytes", last(b""), clauses=clauses)
    yield refused("stream-zero", "a stream that begins with 0", last(b"\0" + body), clauses=clauses)
    yield refused("stream-cut", "a stream without its last byte", last(body[:-1]), clauses=clauses)
    yield refused("stream-short", "the first byte of a stream", last(body[:1]), clauses=clauses)
    yield refused(
        "stream-behind", "a byte behind the last element", last(body + b"\0"), clauses=clauses
    )
    ended = [*TINY[:2], replace(TINY[2], state=2)]
    yield refused(
        "stream-end",
        "a stream that ends in state 2",
        framed(records(geometry(SMALL), ended, 1)),
        clauses=clauses,
    )


def bad_rules(refused: Make) -> Iterator[Any]:
    """Decisions that are out of range."""

    def broken(
        name: str, about: str, clauses: str, rules: dict[str, Rule], inter: bool, **made: Any
    ) -> Any:
        made_settings = with_settings(**made)
        target = {"is_broken": True, "rules": rules, "settings": made_settings}
        first = Frame(0, settings=made_settings, rules={"significant": 5})
        frames = (
            [first, Frame(1, (0,), 1, 0, **target)]
            if inter
            else [Frame(0, **target), Frame(1, settings=made_settings)]
        )
        return refused(name, about, framed(records(geometry(SMALL), frames, 1)), 2, clauses)

    every: dict[str, Rule] = {"split": 100}
    yield broken(
        "merge-index",
        "candidate 5 of a list of fewer",
        "8.12.6",
        {"skip": 100, "merge_index": 100},
        True,
    )
    far: dict[str, Rule] = {
        "skip": 0,
        "intra": 0,
        "merge": 0,
        "vector_zero": 100,
        "vector_prefix": 100,
    }
    ones = {"raw": lambda n: (1 << n) - 1}
    yield broken("vector", "a vector of -65535", "8.12.6", {**far, **ones}, True)
    offset: dict[str, Rule] = {"offset_zero": 100, "offset_size": 100, "golomb": 100}
    yield broken(
        "step-offset",
        "a step offset beyond 24",
        "8.12.6",
        {**every, **offset},
        False,
        tools=OFFSETS,
    )
    large: dict[str, Rule] = {
        "greater_1": 100,
        "greater_2": 100,
        "remainder": 100,
        "golomb": 100,
        "coded_luma": 100,
    }
    yield broken(
        "level",
        "a level above 32767",
        "8.12.7",
        {**every, **large, "coded_u": 0, "coded_v": 0},
        False,
    )


def bad_copies(vector: Make, build: Build) -> Iterator[Any]:
    """Copies from where nothing is known."""
    wide = replace(SMALL, width=136, height=136)
    made = with_settings(tools=COPY)
    rules: dict[str, Rule] = {"split": 0, "significant": 5, "coded_luma": 10}
    for name, about, place, moved in (
        ("left", "a copy from a column before the first", (0, 64), (-1, -64)),
        ("above", "a copy from a row above the first", (64, 0), (-64, -1)),
        ("right", "a copy from a column behind the last", (96, 64), (9, -64)),
        ("below", "a copy from a row below the last", (64, 128), (-64, 1)),
        ("own-unit", "a copy with its last column in its own unit", (96, 64), (-63, 0)),
        ("itself", "a copy of itself", (64, 64), (0, 0)),
        ("behind", "a copy with its last row in the unit to the right", (0, 96), (64, -63)),
        ("far", "a copy from 65535 samples to the left", (64, 64), (-65535, 0)),
    ):
        frame = Frame(0, settings=made, rules={**rules, **only_copy(place, moved)})
        stream = framed(records(geometry(wide), [frame], 1))
        data = file_of(build, wide, stream, 1)
        yield vector(f"pictures-copy-{name}", "8.12.6", about, data, "corrupt")


def only_copy(place: tuple[int, int], vector: tuple[int, int]) -> dict[str, Rule]:
    """One leaf is a copy from somewhere."""
    return {"copy_to": lambda x, y: vector if (x, y) == place else None}


def bad_files(vector: Make, build: Build, changed: Change, part: list[bytes]) -> Iterator[Any]:
    """The row of the tensor table, and the digest."""
    stream = framed(part)

    def refused(name: str, about: str, data: bytes, error: str = "corrupt", **more: Any) -> Any:
        return vector(f"pictures-{name}", "7.10", about, data, error, **more)

    wrong = bytes(15) + b"\1"
    yield refused(
        "digest",
        "digest of other pictures",
        file_of(build, SMALL, stream, 3, digest=wrong),
        "digest",
        only_verify=True,
    )
    base = file_of(build, SMALL, stream, 3)
    base = changed(base, b"HEAD", 48, struct.pack("<QQ", 1 << 20, 1 << 20))  # room in its bounds
    motion: Tensors = {(Role.MOTION, 0): bitstream.Field(np.zeros((3, 2, 1, 1), np.int64), 1.0)}
    moving = file_of(build, SMALL, stream, 3, tensors=motion)
    row = 16 + 28  # of the pictures, after the fixed part of SEGM and the row of the latents
    for name, at, new, about in (
        ("frames", 8, b"\4", "pictures of four frames in a segment of three"),
        ("rows", 12, b"\2", "two rows of units in 40 lines"),
        ("columns", 16, b"\2", "two columns of units in 48 samples"),
        ("layer", 1, b"\1", "pictures of layer 1"),
        ("bits", 3, b"\1", "one bit"),
        ("role", 0, b"\x18", "role motion in mode partitioned"),
        ("step", 24, struct.pack("<f", 1), "a is 1"),
    ):
        yield refused(name, about, changed(base, b"SEGM", row + at, new))
    field = changed(base, b"SEGM", row + 24, struct.pack("<f", 1))
    yield refused("mode", "role pictures in mode field", changed(field, b"SEGM", row + 2, b"\5"))
    yield refused(
        "beside-spectral",
        "a tensor of role spectral beside pictures",
        changed(moving, b"SEGM", 16, b"\1"),
    )
    short = changed(base, b"SEGM", row + 20, struct.pack("<I", 16))
    yield refused("short", "a payload of 16 bytes", changed(short, b"WGTS", 16, None))
    wide = changed(base, b"HEAD", 12, struct.pack("<I", 16385))
    yield refused(
        "side",
        "pictures of 16385 x 40",
        changed(wide, b"SEGM", row + 16, struct.pack("<I", 257)),
        "limit",
    )
    latents: Tensors = {(Role.LATENT, 0): bitstream.Constant((2, 3), 0.0)}
    many = file_of(build, SMALL, stream, 3, tensors=latents)
    count = struct.pack("<I", 65536)
    many = changed(many, b"HEAD", 48, struct.pack("<QQ", 1 << 20, 1 << 20))
    many = changed(many, b"HEAD", 20, count)
    for at in (4, 16 + 12, row + 8):
        many = changed(many, b"SEGM", at, count)
    yield refused("many", "65536 pictures", many, "limit")
    huge = replace(SMALL, width=16384, height=4096)
    held = [Frame(16)] + [Frame(n, (16,), settings=SETTINGS) for n in range(15, -1, -1)]
    last: dict[int, Frame] = {}
    parts = []
    for frame in held:
        parts.append(header(frame, last) + b"\1")
        last[frame.level] = frame
    data = file_of(build, huge, framed(parts), 17, digest=wrong)
    yield vector(
        "pictures-memory", "9", "17 pictures of 16384 x 4096 are needed at once", data, "limit"
    )
