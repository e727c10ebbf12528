"""Names and numbers of the .linc format; written by format_spec/generate.py."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final

SPEC_VERSION: Final = "0.21.0"
VERSION_WRITTEN: Final = 1
VERSION_READ: Final = 1
SIGNATURE: Final = bytes.fromhex("894C4E430D0A1A0A")
MAX_SECTION_LENGTH: Final = 2147483647
UNKNOWN_COUNT: Final = 4294967295

MAX_NDIM: Final = 4
MAX_DIM: Final = 16777215
MAX_BITS: Final = 16
UNIT: Final = 64
MAX_PICTURE_SIDE: Final = 16384
MAX_PICTURES: Final = 65535
MAX_KEPT: Final = 32

HEAD: Final = b"HEAD"
ARCH: Final = b"ARCH"
TIME: Final = b"TIME"
SEGM: Final = b"SEGM"
WGTS: Final = b"WGTS"
LATS: Final = b"LATS"
AUDI: Final = b"aUDi"
TRKS: Final = b"tRKS"
SRCE: Final = b"sRCE"
DGST: Final = b"dGST"
QLTY: Final = b"qLTY"
ALGN: Final = b"aLGN"
META: Final = b"mETa"
INDX: Final = b"iNDX"
DONE: Final = b"DONE"

#: Every section type this version knows.
KNOWN_SECTIONS: Final = frozenset(
    {
        HEAD,
        ARCH,
        TIME,
        SEGM,
        WGTS,
        LATS,
        AUDI,
        TRKS,
        SRCE,
        DGST,
        QLTY,
        ALGN,
        META,
        INDX,
        DONE,
    }
)

#: Types that may stand at most once in a file.
SINGLE_SECTIONS: Final = frozenset(
    {
        HEAD,
        ARCH,
        TIME,
        AUDI,
        SRCE,
        DGST,
        QLTY,
        META,
        INDX,
        DONE,
    }
)

HEAD_LENGTH: Final = 64
DGST_LENGTH: Final = 32
DONE_LENGTH: Final = 52

LIMIT_SIDE: Final = 32768
LIMIT_AREA: Final = 268435456
LIMIT_FRAMES: Final = 2592000
LIMIT_PARAMS: Final = 536870912
LIMIT_SYMBOLS: Final = 536870912
LIMIT_TENSORS: Final = 4096
LIMIT_SECTIONS: Final = 262144
LIMIT_METADATA: Final = 65536
LIMIT_ANCILLARY: Final = 16777216
LIMIT_PAYLOAD: Final = 268435456
LIMIT_AUDIO: Final = 268435456
LIMIT_EXPANSION: Final = 16384
LIMIT_WORK: Final = 17592186044416
LIMIT_PICTURES: Final = 1073741824
LIMIT_PACKETS: Final = 16777216


class ArchId(IntEnum):
    """Which decoder function a file uses (clause 6.2)."""

    LATENT_INR = 1
    LINC = 2


class Sigma(IntEnum):
    """What P Q goes through (clause 6.2.1)."""

    SIGMOID = 0
    TANH = 1
    LINEAR = 2


class Role(IntEnum):
    """What a tensor is for (clause 6.4)."""

    SPECTRAL = 1
    LATENT = 2
    NET_WEIGHT = 3
    NET_BIAS = 4
    HYPER_WEIGHT = 5
    HYPER_BIAS = 6
    HEAD_WEIGHT = 7
    HEAD_BIAS = 8
    ENCODING = 16
    BASE_WEIGHT = 17
    BASE_BIAS = 18
    PATCH_WEIGHT = 19
    PATCH_BIAS = 20
    MOTION = 24
    PICTURES = 26


class Mode(IntEnum):
    """How a tensor is stored (clause 7)."""

    RAW = 0
    CONST = 1
    MINMAX = 2
    LATTICE = 3
    SPECTRAL = 4
    FIELD = 5
    PARTITIONED = 6


class Chroma(IntEnum):
    """How chroma planes are subsampled (clause 6.1)."""

    GREY = 0
    YUV420 = 1
    YUV422 = 2
    YUV444 = 3


class HeadFlag(IntFlag):
    """Compatible flag bits of HEAD (clause 6.1)."""

    MIRRORED = 1


class SegmentFlag(IntFlag):
    """Flag bits of SEGM (clause 6.4)."""

    CONTINUES = 1


#: Architecture name and the newest version this package knows, by id.
ARCHES: Final = {
    1: ("latent-inr", 1),
    2: ("linc", 3),
}
