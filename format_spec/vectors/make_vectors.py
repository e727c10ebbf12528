"""Make the vectors and their manifest from the descriptions in this file.

    python format_spec/vectors/make_vectors.py            write what changed
    python format_spec/vectors/make_vectors.py --check    exit 1 when anything would change

Every vector is one ``yield`` below: name, clauses, what it shows, and how its bytes come about.
The name begins with its class: good files must decode, unsupported and bad files must be refused.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "reference")]

import linc_read  # noqa: E402  (the other reader states what is expected)
import mixing_writer  # noqa: E402
import partitioned_vectors  # noqa: E402

from lincodec.bitstream import segment as bitstream  # noqa: E402
from lincodec.bitstream.embedding import Head as EmbeddingHead  # noqa: E402
from lincodec.container import (  # noqa: E402
    AlignmentData,
    GridLevel,
    Head,
    LatentInrArch,
    LincArch,
    LincWriter,
    Quality,
    pack_audio,
    pack_beside,
    pack_metadata,
    pack_times,
    pack_track,
)
from lincodec.entropy.coefficients import Coefficients  # noqa: E402
from lincodec.model.latent_inr.network import tensor_sizes  # noqa: E402
from lincodec.registry import Role  # noqa: E402
from lincodec.types import (  # noqa: E402
    AudioPacket,
    AudioTrack,
    Beside,
    Chapter,
    ColorInfo,
    Display,
    Times,
    Track,
    VideoInfo,
)

Sections = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Vector:
    """One file and what is expected of a reader."""

    name: str
    clauses: str
    """Clauses it exercises, separated by spaces."""
    about: str
    data: bytes
    error: str | None = None
    """Error class (clause 10), None for good files."""
    only_verify: bool = False
    """The error is in what playing does not need: playing works, checking fails."""
    only_render: bool = False
    """The error shows when a segment is to be rendered, not when it is decoded."""

    @property
    def file(self) -> str:
        return f"{self.name.split('-')[0]}/{self.name}.linc"


# ---------------------------------------------------------------- parts of good files

VIDEO = VideoInfo(width=16, height=16, fps=Fraction(25), n_frames=2)
ARCH = LincArch(block=3, overlap=4, n_components=2)
#: With a network that three latents drive, beside pictures.
ENHANCED = LincArch(3, 4, 3, 2, 2, 5, 3, 3)


def noise(count: int, seed: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Integers 0..32767 by the linear congruential generator of ANSI C."""
    state, out = seed, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % (1 << 31)
        out.append(state >> 16)
    return np.array(out, dtype=np.int64)


def spectral(
    video: VideoInfo, arch: LincArch, planes: int, seed: int, gain: int = 1
) -> bitstream.Spectral:
    """Mostly zeros, larger at low frequencies and in the first component."""
    channels = []
    for index, shape in enumerate(bitstream.channel_shapes(arch, video.plane_sizes, planes)):
        full = (planes, shape.rows, shape.columns, shape.height, shape.width)
        value = noise(int(np.prod(full)), seed + index).reshape(full)
        k, v, u = (np.arange(n) for n in (full[0], full[3], full[4]))
        reach = (1 + k)[:, None, None] * (1 + v[:, None] + u)[None]
        kept = value % 97 < np.maximum(2, 96 // reach**2)[:, None, None]
        first = np.where(reach == 1, 1, 0)[:, None, None] * (value // 97 % 31 - 15)
        level = value // 97 % 7 - 3 + first
        channels.append(np.where(kept, gain * level, 0).astype(np.int32))
    centroids = np.array([[-12, -5, 0]] * len(channels), np.int8)
    return bitstream.Spectral(tuple(map(Coefficients.of, channels)), 16.0, 1.5, centroids)


def latents(frames: int, planes: int, seed: int) -> bitstream.Lattice:
    """The first entry large and steady, the others around zero."""
    q = noise(frames * planes, seed).reshape(planes, frames) % 41 - 20
    q[0] += 200
    return bitstream.Lattice(q, 1 / 256, np.zeros(planes, np.int8))


def network(
    video: VideoInfo, arch: LincArch, seed: int
) -> dict[tuple[Role, int], bitstream.Tensor]:
    """Small weights in several modes."""
    samples = sum(
        (arch.net_stride * h // video.height) * (arch.net_stride * w // video.width)
        for h, w in video.plane_sizes
    )
    wide, layers = arch.net_channels, arch.net_layers

    def lattice(*dims: int) -> bitstream.Lattice:
        q = noise(int(np.prod(dims)), seed + len(tensors)).reshape(dims) % 31 - 15
        rows = dims[0] if len(dims) > 1 else 1
        exponents = (np.arange(rows) % 3 - 7).astype(np.int8)
        return bitstream.Lattice(q, 1.0, exponents)

    tensors: dict[tuple[Role, int], bitstream.Tensor] = {}
    for layer in range(layers):
        inputs = wide if layer else samples
        tensors[Role.NET_WEIGHT, layer] = lattice(wide, inputs, 3, 3)
        tensors[Role.NET_BIAS, layer] = lattice(wide)
    tensors[Role.HYPER_WEIGHT, 0] = lattice(arch.net_hidden, arch.net_latents)
    tensors[Role.HYPER_BIAS, 0] = bitstream.Constant((arch.net_hidden,), 0.125)
    tensors[Role.HYPER_WEIGHT, 1] = lattice(2 * wide * layers, arch.net_hidden)
    bias = (noise(2 * wide * layers, seed) % 9 - 4).astype(np.float32) / np.float32(16)
    tensors[Role.HYPER_BIAS, 1] = bitstream.Raw(bias)
    codes = noise(samples * wide, seed + 9).reshape(samples, wide) % 32
    tensors[Role.HEAD_WEIGHT, 0] = bitstream.MinMax(codes, 5, np.float32(-0.25), np.float32(0.5**6))
    tensors[Role.HEAD_BIAS, 0] = lattice(samples)
    return tensors


def inr(video: VideoInfo, arch: LatentInrArch, first: int, frames: int) -> bitstream.SegmentCode:
    """A segment of latent-inr: everything raw but the hypernetworks, which have 8 bits."""
    tensors: dict[tuple[Role, int], bitstream.Tensor] = {}
    sizes = {**tensor_sizes(arch), (Role.LATENT, 0): (arch.latent_dim, frames)}
    for index, (key, size) in enumerate(sizes.items()):
        q = noise(int(np.prod(size)), 500 + 10 * first + index).reshape(size)
        if key[0] in (Role.HYPER_WEIGHT, Role.HYPER_BIAS):
            tensors[key] = bitstream.MinMax(q % 256, 8, np.float32(-1), np.float32(2**-7))
            continue
        value = (q % 257 - 128).astype(np.float32) / np.float32(128)
        if (key[0] == Role.BASE_BIAS and key[1] == arch.layers - 1) or key[0] == Role.PATCH_BIAS:
            value = value / 4 + np.float32(0.5)
        tensors[key] = bitstream.Raw(value)
    return bitstream.SegmentCode(first, frames, first > 0, tensors)


def segment(
    video: VideoInfo, arch: LincArch, first: int, frames: int, planes: int = 2, **more: Any
) -> bitstream.SegmentCode:
    """A segment whose numbers follow from its first frame."""
    tensors: dict[tuple[Role, int], bitstream.Tensor] = {
        (Role.SPECTRAL, 0): spectral(video, arch, planes, 100 + first, more.get("gain", 1)),
        (Role.LATENT, 0): more.get("latent") or latents(frames, planes, 200 + first),
        **more.get("tensors", {}),
    }
    return bitstream.SegmentCode(first, frames, more.get("continues", False), tensors)


def build(
    video: VideoInfo = VIDEO,
    arch: Any = ARCH,
    segments: list[bitstream.SegmentCode] | None = None,
    *,
    before: Sections = [],  # noqa: B006  (never changed)
    after: Sections = [],  # noqa: B006
    index: bool = True,
    digest: bool = True,
    counts: bool = True,
) -> bytes:
    """A whole file; dGST is computed from the integers that go in."""
    frames = video.n_frames or 2
    codes = segments or [segment(video, arch, 0, frames)]
    packed = [bitstream.pack_segment(code) for code in codes]
    head = Head.from_video(
        video,
        n_frames=frames if counts else None,
        n_segments=len(codes) if counts else None,
        max_params=max(header.params for header, _, _ in packed),
        max_symbols=max(header.symbols for header, _, _ in packed),
    )
    out = io.BytesIO()
    writer = LincWriter(out)
    for kind, payload in [(b"HEAD", head.pack()), (b"ARCH", arch.pack()), *before]:
        writer.add(kind, payload)
    for header, wgts, lats in packed:
        writer.add_segment(header, wgts, lats)
    integers = hashlib.sha256(b"".join(bitstream.digest_bytes(code) for code in codes))
    rest = [(b"dGST", integers.digest())] if digest else []
    order = [b"aUDi", b"tRKS", b"sRCE", b"dGST", b"qLTY", b"aLGN", b"mETa"]
    known = sorted((s for s in [*after, *rest] if s[0] in order), key=lambda s: order.index(s[0]))
    for kind, payload in [*known, *(s for s in after if s[0] not in order)]:
        writer.add(kind, payload)
    writer.finish(index=index)
    return out.getvalue()


# ---------------------------------------------------------------- taking files apart


def split(data: bytes) -> Sections:
    """The sections of a sound file."""
    at, sections = 8, []
    while at < len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        sections.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return sections


def join(sections: Sections) -> bytes:
    """Frames with correct CRCs and a correct DONE around any payloads."""
    out, index = bytearray(linc_read.SIGNATURE), 0
    for kind, payload in sections:
        if kind == b"iNDX":
            index = len(out)
        if kind == b"DONE":
            digest = hashlib.sha256(out).digest()
            payload = struct.pack("<QQI32s", len(out) + 64, index, len(sections), digest)
        frame = struct.pack("<4sI", kind, len(payload)) + payload
        out += frame + struct.pack("<I", zlib.crc32(frame))
    return bytes(out)


def changed(data: bytes, kind: bytes, offset: int, new: bytes | None, nth: int = 0) -> bytes:
    """Bytes of one payload replaced, None: cut off; CRCs and DONE repaired, iNDX left out."""
    sections = [section for section in split(data) if section[0] != b"iNDX"]
    at = [i for i, (other, _) in enumerate(sections) if other == kind][nth]
    payload = bytearray(sections[at][1])
    payload[offset : len(payload) if new is None else offset + len(new)] = new or b""
    sections[at] = (kind, bytes(payload))
    return join(sections)


def payload_changed(data: bytes, kind: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """One payload mapped; CRCs and DONE repaired."""
    return join([(k, change(p) if k == kind else p) for k, p in split(data)])


def moved(data: bytes, order: str) -> bytes:
    """The sections named, in this order."""
    payloads = dict(split(data))
    return join([(kind.encode(), payloads[kind.encode()]) for kind in order.split()])


def damaged(data: bytes, at: int) -> bytes:
    """One bit flipped, nothing repaired."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def done_changed(data: bytes, offset: int) -> bytes:
    """One bit of DONE flipped, its CRC repaired."""
    frame = bytearray(data[-64:-4])
    frame[8 + offset] ^= 1
    return data[:-64] + bytes(frame) + struct.pack("<I", zlib.crc32(frame))


# ---------------------------------------------------------------- good

TIMES = Times(Fraction(1, 1000), (0, 40, 80, 150, 230), 80)
TRACKS = (
    Track(
        "pcm_u8", Fraction(1, 8000), 8000, "mono", 64000, b"",
        tuple(AudioPacket(8 * i, 8 * i, 8, bytes([128] * 8)) for i in range(2)),
        tags={"language": "fra", "title": "Fran\u00e7ais"},
    ),
    Track(
        "subrip", Fraction(1, 1000), 0, "", 0, b"", (AudioPacket(-40, -40, 900, b"Hello."),),
        kind="subtitle", tags={"language": "eng", "title": "plain"},
        dispositions=("default", "hearing_impaired"),
    ),
)  # fmt: skip
BESIDE = Beside(
    tags={"title": "v\u00f6ctor", "date": "2026-01-01"},
    audio={"language": "eng"},
    dispositions=("default",),
    chapters=(Chapter(Fraction(0), Fraction(1, 25), {"title": "one"}),),
    attachments=("font.ttf",),
    display=Display(
        (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329, 0.0001, 1000.0), (1000, 400),
        (0, 65536, 0, 0, 0, 0, 0, 0, 0), (1, 0),
    ),
)  # fmt: skip
AUDIO = AudioTrack(
    codec="pcm_s16le",
    time_base=Fraction(1, 8000),
    sample_rate=8000,
    layout="mono",
    bit_rate=128000,
    extradata=b"",
    packets=tuple(
        AudioPacket(8 * i, 8 * i, 8, bytes(range(16 * i, 16 * i + 16))) for i in range(3)
    ),
)


def good() -> Iterator[Vector]:
    """Files that every reader decodes."""

    def vector(name: str, clauses: str, about: str, data: bytes) -> Vector:
        return Vector(f"good-{name}", clauses, about, data)

    one = replace(VIDEO, n_frames=1)
    yield vector(
        "minimal",
        "4.1 4.2 6.1 6.2.2 6.4 6.5 6.6 6.12 7.4 7.5.1 7.5.2",
        "one frame, one component, grey, no optional section",
        build(
            replace(one, width=8, height=8, chroma_shift=None),
            LincArch(3, 0, 1),
            [
                segment(
                    replace(one, width=8, height=8, chroma_shift=None), LincArch(3, 0, 1), 0, 1, 1
                )
            ],
            index=False,
            digest=False,
        ),
    )
    yield vector("one-frame", "6.1 6.8 6.11 8.6", "a single 4:2:0 frame", build(one))
    yield vector("two-frames", "6.6 8.1 8.3", "two frames of one segment, lapped windows", build())
    five = replace(VIDEO, n_frames=5)
    three_two = [segment(five, ARCH, 0, 3), segment(five, ARCH, 3, 2, continues=True)]
    yield vector(
        "two-segments",
        "4.4 6.4 8.7",
        "frames 0 to 2 and 3 to 4, no cut between",
        build(five, ARCH, three_two),
    )
    cut = [segment(five, ARCH, 0, 3), segment(five, ARCH, 3, 2, planes=1)]
    yield vector(
        "scene-cut",
        "6.4 8.7",
        "two segments with a cut and 2 and 1 components",
        build(five, ARCH, cut),
    )
    yield vector(
        "vfr",
        "6.3",
        "five frames at uneven times",
        build(five, before=[(b"TIME", pack_times(TIMES))]),
    )
    yield vector("no-index", "6.11", "iNDX is optional", build(five, ARCH, three_two, index=False))
    yield vector(
        "unknown-counts",
        "6.1 6.11",
        "n_frames and n_segments are 2^32 - 1, as a writer to a pipe has it",
        build(five, ARCH, three_two, counts=False),
    )
    yield vector("no-digest", "6.8", "dGST is optional", build(digest=False))
    for name, shift in (("grey", None), ("422", (1, 0)), ("444", (0, 0))):
        video = replace(VIDEO, chroma_shift=shift)
        yield vector(name, "6.1 7.5.6 7.5.7", f"chroma format {name}", build(video))
    odd = replace(VIDEO, width=19, height=13)
    yield vector("odd-size", "6.1 7.5.4 8.4", "19 x 13: blocks reach over the edges", build(odd))
    row = replace(VIDEO, width=21, height=1)
    yield vector("one-row", "7.5 8.3", "21 x 1: chroma is not smaller vertically", build(row))
    hdr = replace(VIDEO, bit_depth=10, color=ColorInfo(9, 16, 9), fps=Fraction(60000, 1001))
    yield vector(
        "10bit-bt2020", "6.1", "10 bits, BT.2020, PQ, 60000/1001 frames a second", build(hdr)
    )
    turned = replace(VIDEO, sar=Fraction(4, 3), rotation=90, color=ColorInfo(1, 1, 1, True))
    yield vector("rotated", "6.1", "a quarter turn, sample aspect 4:3, full range", build(turned))
    mirrored = replace(VIDEO, rotation=90, mirrored=True)
    yield vector("mirrored", "6.1", "a quarter turn, then left and right", build(mirrored))
    large = LincArch(6, 32, 3)
    yield vector(
        "block-64",
        "6.2.2 7.5.5 7.5.6 7.8",
        "blocks of 64, larger than the picture",
        build(VIDEO, large),
    )
    yield vector(
        "block-16",
        "6.2.2 7.5 8.8",
        "40 x 24 in blocks of 16 with overlap 8",
        build(replace(VIDEO, width=40, height=24), LincArch(4, 8, 2)),
    )
    raw = bitstream.Raw(np.array([[1.0, -0.25], [0.5, 0.0]], np.float32))
    yield vector("raw-latents", "7.1", "latents as binary32", build(segments=[latent_segment(raw)]))
    constant = bitstream.Constant((2, 2), 0.75)
    yield vector(
        "const-latents",
        "7.2",
        "a constant tensor has no payload",
        build(segments=[latent_segment(constant)]),
    )
    for stride, video in ((4, replace(VIDEO, width=22, height=13)), (2, VIDEO)):
        arch = LincArch(3, 4, 2, 2, stride, 5, 2, 3)
        parts = network(replace(video, width=16, height=16), arch, 300)
        code = segment(video, arch, 0, 2, tensors=parts)
        yield vector(
            f"network-{stride}",
            "6.2.2 8.5",
            f"a network of two layers, cells of {stride}, its tensors in all plain modes",
            build(video, arch, [code]),
        )
    two = [
        segment(five, arch, 0, 3, tensors=network(VIDEO, arch, 400)),
        segment(five, arch, 3, 2, planes=1, continues=True),
    ]
    yield vector(
        "network-one-of-two", "8.5", "the second segment has no network", build(five, arch, two)
    )
    huge = segment(VIDEO, ARCH, 0, 2, gain=3500)
    yield vector("escapes", "7.5.3 7.5.5", "spectral integers up to 63000", build(segments=[huge]))
    eight = replace(VIDEO, n_frames=8)
    time = np.arange(8)
    rows = np.array([200 + 5 * time, time**2 - 9, noise(8, 3) % 9 - 4, 90 + 0 * time])
    orders = bitstream.Lattice(rows, 1.0, np.array([-8, -5, -3, 0], np.int8))
    wide = segment(eight, replace(ARCH, n_components=4), 0, 8, planes=4, latent=orders)
    yield vector(
        "latent-orders",
        "7.4 7.6 7.7 8.2",
        "rows of latents as values, differences and second differences, steps 2^-8 to 1",
        build(eight, replace(ARCH, n_components=4), [wide]),
    )
    for bits in (1, 8, 12):
        codes = noise(4, 7).reshape(2, 2) % (1 << bits)
        tensor = bitstream.MinMax(codes, bits, np.float32(-0.5), np.float32(1 / (1 << bits)))
        yield vector(
            f"minmax-{bits}",
            "7.3",
            f"latents of {bits} bits between two ends",
            build(segments=[latent_segment(tensor)]),
        )
    yield from good_inr(vector)
    yield from good_motion(vector)
    yield from partitioned_vectors.good(vector, build)
    yield vector(
        "pictures-enhanced",
        "6.4 6.13 8.2 8.5 8.7 8.9 8.12",
        "a network beside pictures, one latent short of what drives it; the first segment has none",
        build(
            replace(VIDEO, width=32, height=24, n_frames=6),
            ENHANCED,
            enhanced(),
            after=[(b"aLGN", alignment(1, entries=(2, 2)).pack())],
        ),
    )
    yield from good_ancillary(vector)


def enhanced() -> list[bitstream.SegmentCode]:
    """Two segments of pictures, the second with a network."""
    video = replace(VIDEO, width=32, height=24)
    stream = partitioned_vectors.stream_of_three(video)
    parts = network(video, ENHANCED, 500)
    return [
        partitioned_vectors.code(video, stream, 3),
        partitioned_vectors.code(video, stream, 3, 3, continues=True, tensors=parts),
    ]


LEVELS = (GridLevel(2.0, 3, 16, False), GridLevel(6.375, 8, 32, True))
INR = LatentInrArch(0, 3, 6, 4, 2, 2, 0, 2, 5, 1, 0, 0, 2, LEVELS)


def good_inr(vector: Callable[[str, str, str, bytes], Vector]) -> Iterator[Vector]:
    """Files of architecture latent-inr."""
    small = replace(VIDEO, width=11, height=7)
    four = replace(small, n_frames=4)
    codes = [inr(four, INR, 0, 3), inr(four, INR, 3, 1)]
    yield vector(
        "inr-hash",
        "6.2.1 8.7 8.10.1 8.10.2 8.10.3 8.10.4 8.10.6",
        "latent-inr: a dense and a hashed level, layer 1 modulated, two segments",
        build(four, INR, codes),
    )
    fourier = replace(INR, encoding=1, frequencies=5, features=0, levels=(), modulated=5, sigma=1)
    grey = replace(small, chroma_shift=None, bit_depth=10)
    yield vector(
        "inr-fourier",
        "6.2.1 8.10.2 8.10.3 8.10.6",
        "latent-inr: Fourier features, layers 0 and 2 modulated through tanh, grey, 10 bits",
        build(grey, fourier, [inr(grey, fourier, 0, 2)]),
    )
    patches = replace(INR, patch=4, kernel=3, hyper_layers=3)
    wide = replace(small, color=ColorInfo(9, 16, 9, True), chroma_shift=(1, 0))
    yield vector(
        "inr-patch",
        "8.10.1 8.10.5 8.10.6",
        "latent-inr: patches of 4 over the edges, BT.2020 in full range, 4:2:2",
        build(wide, patches, [inr(wide, patches, 0, 2)]),
    )
    full = replace(INR, rank=0, sigma=2, hyper_layers=1)
    yield vector(
        "inr-full-rank",
        "8.10.3",
        "latent-inr: rank 0, no activation, hypernetworks of one layer",
        build(small, full, [inr(small, full, 0, 2)]),
    )


def good_motion(vector: Callable[[str, str, str, bytes], Vector]) -> Iterator[Vector]:
    """Displacements, which frames in between followed once."""
    five = replace(VIDEO, n_frames=5)

    def moving(first: int, frames: int, rows: int, columns: int, **more: Any) -> Any:
        return segment(five, ARCH, first, frames, tensors=motion(frames, rows, columns), **more)

    yield vector(
        "motion",
        "7.9 8.7",
        "displacements on a grid of 2 x 3 cells, also between two segments",
        build(five, ARCH, [moving(0, 3, 2, 3), moving(3, 2, 3, 2, continues=True)]),
    )
    yield vector(
        "motion-cut",
        "6.4 8.7",
        "no picture between two shots, although the second has motion of its first frame",
        build(five, ARCH, [moving(0, 3, 1, 1), moving(3, 2, 4, 4)]),
    )
    yield vector(
        "motion-one-of-two",
        "8.7",
        "motion in the first segment only; the second continues it",
        build(five, ARCH, [moving(0, 3, 2, 2), segment(five, ARCH, 3, 2, continues=True)]),
    )
    odd = replace(VIDEO, width=19, height=13, chroma_shift=(1, 0))
    far = segment(odd, ARCH, 0, 2, tensors=motion(2, 4, 5, gain=40))
    yield vector(
        "motion-far",
        "7.9 8.7",
        "19 x 13 in 4:2:2, displacements that leave the picture, residuals above 14",
        build(odd, ARCH, [far]),
    )


def motion(
    frames: int, rows: int, columns: int, gain: int = 1
) -> dict[tuple[Role, int], bitstream.Tensor]:
    """Displacements of a few half samples, times ``gain``; none for frame 2."""
    q = noise(frames * 2 * rows * columns, 50 + rows).reshape(frames, 2, rows, columns)
    q = gain * (q % 9 - 4)
    q[2:3] = 0
    return {(Role.MOTION, 0): bitstream.Field(q, 0.5)}


def latent_segment(latent: bitstream.Tensor) -> bitstream.SegmentCode:
    """Two frames with given latents."""
    return segment(VIDEO, ARCH, 0, 2, latent=latent)


def alignment(rank: int, entries: tuple[int, ...] = (2,)) -> AlignmentData:
    """An embedding of four numbers, its heads from the generator; one for each of ``entries``."""

    def lattice(count: int, width: int, seed: int) -> bitstream.Lattice:
        q = noise(count * width, seed).reshape(count, width) % 31 - 15
        return bitstream.Lattice(q, 1.0, (np.arange(count) % 3 - 5).astype(np.int8))

    heads = tuple(
        EmbeddingHead(
            lattice(rank + 1, 4, 60 + index), lattice(rank, size, 70 + index) if rank else None
        ).data
        for index, size in enumerate(entries)
    )
    name = f"make-vectors-{rank}"
    revision = hashlib.sha256(name.encode()).digest()
    return AlignmentData(name, revision, "none", 4, 2.5, 0.0, 0.75, None, heads)


def good_ancillary(vector: Callable[[str, str, str, bytes], Vector]) -> Iterator[Vector]:
    """Sections beside the picture."""
    tags = (b"mETa", pack_metadata({"title": "vöctor", "encoder": "make_vectors"}))
    audio = (b"aUDi", pack_audio(AUDIO))
    quality = (b"qLTY", Quality(30.5, 31.5, 0.875, 0.25, 2.0, (30.5,), "cpu").pack())
    yield vector("audio", "6.7", "three packets of PCM", build(after=[audio]))
    yield vector("tags", "6.10", "two tags, one with a letter beyond ASCII", build(after=[tags]))
    yield vector("quality", "6.9", "measured quality of one segment", build(after=[quality]))
    further = [(b"tRKS", pack_track(track)) for track in TRACKS]
    source = (b"sRCE", pack_beside(BESIDE))
    yield vector("tracks", "6.14", "a second language and subtitles", build(after=further))
    yield vector("source", "6.15", "tags, chapters, display data", build(after=[source]))
    unknown = (b"sRCE", b'{"shape_of_the_cat":[1,2],"tags":{}}')
    yield vector("source-unknown", "6.15", "a key that nobody knows", build(after=[unknown]))
    aligned = [(b"aLGN", alignment(rank).pack()) for rank in (0, 1)]
    yield vector(
        "everything",
        "3 4.4 4.6",
        "every section, canonical order",
        build(
            replace(VIDEO, n_frames=5),
            before=[(b"TIME", pack_times(TIMES))],
            after=[audio, *further, source, tags, quality, aligned[1]],
        ),
    )
    yield vector("aligned", "6.13 8.9", "a head of one component", build(after=aligned[1:]))
    yield vector("aligned-twice", "6.13", "two models, the first by its mean", build(after=aligned))
    five = replace(VIDEO, n_frames=5)
    cut = [segment(five, ARCH, 0, 3), segment(five, ARCH, 3, 2, planes=1)]
    heads = alignment(2, entries=(2, 1))
    yield vector(
        "aligned-segments",
        "6.13 8.9",
        "heads of two components for segments of 2 and 1 latent entries",
        build(five, ARCH, cut, after=[(b"aLGN", heads.pack())]),
    )
    yield vector(
        "early-audio", "4.4", "aUDi and mETa before the segments", build(before=[audio, tags])
    )
    yield vector(
        "private-ancillary",
        "4.3",
        "an unknown private section is skipped",
        build(after=[(b"xyZa", b"hello")]),
    )
    yield vector(
        "compat-flag",
        "4.5",
        "an unknown compatible flag is ignored",
        changed(build(), b"HEAD", 8, b"\x80"),
    )


# ---------------------------------------------------------------- unsupported


def unsupported() -> Iterator[Vector]:
    """Sound files that need a newer reader."""
    base = build()

    def vector(name: str, clauses: str, about: str, data: bytes) -> Vector:
        return Vector(f"unsupported-{name}", clauses, about, data, "unsupported")

    newer = struct.pack("<HH", 2, 2)
    yield vector("version-needed", "4.5", "needs format 2", changed(base, b"HEAD", 0, newer))
    yield vector("incompat-flag", "4.5", "bit 31 of incompat", changed(base, b"HEAD", 7, b"\x80"))
    for kind, name in (
        (b"XTRA", "critical-type"),
        (b"XtRA", "private-critical"),
        (b"xtra", "reserved-letter"),
    ):
        sections = split(base)
        data = join([*sections[:2], (kind, b"?"), *sections[2:]])
        yield vector(name, "4.3", f"a section {kind.decode()} after ARCH", data)
    yield vector("arch-id", "6.2", "architecture 99", changed(base, b"ARCH", 0, b"\x63"))
    yield vector("arch-version", "6.2", "version 4 of linc", changed(base, b"ARCH", 2, b"\x04"))
    yield vector("arch-draft", "6.2", "version 2 of linc", changed(base, b"ARCH", 2, b"\x02"))
    yield vector(
        "arch-reserved", "6.2.2", "reserved field of ARCH", changed(base, b"ARCH", 16, b"\x01")
    )
    yield vector("chroma", "6.1", "chroma format 4", changed(base, b"HEAD", 46, b"\x04"))
    yield vector(
        "head-reserved", "6.1", "reserved byte of HEAD", changed(base, b"HEAD", 47, b"\x01")
    )
    yield vector(
        "segment-flag", "6.4", "bit 1 of the segment flags", changed(base, b"SEGM", 8, b"\x02")
    )
    yield vector("tensor-role", "6.4", "role 200", changed(base, b"SEGM", 16, b"\xc8"))
    levels = build(VIDEO, INR, [inr(VIDEO, INR, 0, 2)])
    for name, offset, about in (("sigma", 16, "sigma 9"), ("encoding", 4, "encoding 9")):
        data = changed(levels, b"ARCH", offset, b"\x09")
        yield vector(f"inr-{name}", "6.2.1", f"latent-inr: {about}", data)
    yield vector("tensor-mode", "7", "mode 200", changed(base, b"SEGM", 18, b"\xc8"))
    yield from partitioned_vectors.unsupported(vector, build)
    aligned = build(after=[(b"aLGN", alignment(1).pack())])
    at = 1 + len("make-vectors-1") + 32 + 1 + len("none")
    for name, offset in (("aligned-kind", 2), ("aligned-reserved", 3)):
        data = changed(aligned, b"aLGN", at + offset, b"\x02")
        yield replace(
            vector(name, "6.13", "a kind or field of a later version", data), only_verify=True
        )


# ---------------------------------------------------------------- bad


def bad() -> Iterator[Vector]:
    """Files that break the format."""

    def vector(
        name: str, clauses: str, about: str, data: bytes, error: str = "corrupt", **more: Any
    ) -> Vector:
        return Vector(f"bad-{name}", clauses, about, data, error, **more)

    base = build()
    yield vector("empty", "4.1", "no bytes at all", b"", "truncated")
    yield vector("magic-crlf", "4.1", "CR LF became LF", base.replace(b"\r\n", b"\n"))
    yield vector("magic-7bit", "4.1", "top bits cleared", bytes(byte & 127 for byte in base))
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    yield vector("magic-lfs-pointer", "4.1", "a Git LFS pointer", pointer)
    yield vector("text", "4.1", "plain text", b"hello, world\n" * 20)
    yield vector("crc-head", "4.2", "a bit of HEAD", damaged(base, 20), "checksum")
    yield vector(
        "crc-weights", "4.2", "a bit of WGTS", damaged(base, base.index(b"WGTS") + 9), "checksum"
    )
    yield vector(
        "crc-latents", "4.2", "a bit of LATS", damaged(base, base.index(b"LATS") + 8), "checksum"
    )
    yield vector(
        "sha256", "6.12", "the hash in DONE", done_changed(base, 20), "checksum", only_verify=True
    )
    yield vector("done-length", "6.12", "total_length one off", done_changed(base, 0))
    yield vector(
        "done-index-offset", "6.12", "index_offset one off", done_changed(base, 8), only_verify=True
    )
    yield vector(
        "done-sections", "6.12", "n_sections one off", done_changed(base, 16), only_verify=True
    )
    at = base.index(b"WGTS")
    yield vector("truncated-in-frame", "6.12", "ends inside WGTS", base[: at + 20], "truncated")
    yield vector("truncated-between", "6.12", "ends after SEGM", base[:at], "truncated")
    yield vector("no-done", "6.12", "everything but DONE", base[:-64], "truncated")
    yield vector("trailing-byte", "4.4", "a byte after DONE", base + b"\0")
    yield vector("twice", "4.4", "the same file twice", base + base)
    length = base[: at + 4] + b"\xff\xff\xff\xff" + base[at + 8 :]
    yield vector("length-overflow", "4.2", "section length 2^32 - 1", length)
    yield vector("type", "4.2", "a section type with a digit", base[:at] + b"WGT5" + base[at + 4 :])
    yield from bad_order(vector, base)
    yield from bad_head(vector, base)
    yield from bad_segments(vector, base)
    yield from bad_numbers(vector, base)
    yield from bad_sizes(vector)
    yield from partitioned_vectors.bad(vector, build, changed)
    first, second = enhanced()
    tensors = {key: t for key, t in second.tensors.items() if key[0] != Role.HEAD_BIAS}
    yield vector(
        "pictures-enhanced-partly",
        "8.5",
        "a network beside pictures that lacks its last bias",
        build(
            replace(VIDEO, width=32, height=24, n_frames=6),
            ENHANCED,
            [first, replace(second, tensors=tensors)],
        ),
        only_render=True,
    )
    yield from bad_ancillary(vector)


def bad_order(vector: Callable[..., Vector], base: bytes) -> Iterator[Vector]:
    """Sections out of place."""
    rest = "SEGM WGTS LATS dGST DONE"
    for name, order in (
        ("order-no-head", f"ARCH {rest}"),
        ("order-arch-first", f"ARCH HEAD {rest}"),
        ("order-no-arch", f"HEAD {rest}"),
        ("order-duplicate-head", f"HEAD HEAD ARCH {rest}"),
        ("order-weights-before-segm", "HEAD ARCH WGTS SEGM LATS DONE"),
        ("order-latents-before-weights", "HEAD ARCH SEGM LATS WGTS DONE"),
        ("order-no-latents", "HEAD ARCH SEGM WGTS DONE"),
        ("order-digest-in-segment", "HEAD ARCH SEGM dGST WGTS LATS DONE"),
        ("order-digest-first", "HEAD ARCH dGST SEGM WGTS LATS DONE"),
        ("order-index-not-last", "HEAD ARCH SEGM WGTS LATS iNDX dGST DONE"),
        ("order-no-segment", "HEAD ARCH DONE"),
    ):
        yield vector(name, "4.4", order, moved(base, order))


def bad_head(vector: Callable[..., Vector], base: bytes) -> Iterator[Vector]:
    """Fields of HEAD and ARCH."""
    for name, offset, new, about in (
        ("version-order", 0, b"\0\0", "version 0 written, 1 needed"),
        ("width-zero", 12, bytes(4), "width 0"),
        ("frames-zero", 20, bytes(4), "no frames"),
        ("frames-fewer", 20, b"\x01", "one frame declared, two present"),
        ("segments-more", 24, b"\x02", "two segments declared, one present"),
        ("fps-zero", 28, bytes(4), "0 frames a second"),
        ("fps-terms", 28, struct.pack("<II", 50, 2), "50/2 is not in lowest terms"),
        ("sar-zero", 38, b"\0\0", "sample aspect 1/0"),
        ("depth-7", 40, b"\x07", "7 bits a sample"),
        ("range-2", 44, b"\x02", "full_range 2"),
        ("rotation-4", 45, b"\x04", "four quarter turns"),
        ("bounds", 48, struct.pack("<QQ", 8, 9), "max_symbols exceeds max_params"),
    ):
        yield vector(f"head-{name}", "6.1", about, changed(base, b"HEAD", offset, new))
    yield vector(
        "head-long", "4.2", "HEAD of 65 bytes", payload_changed(base, b"HEAD", lambda p: p + b"\0")
    )
    yield vector("arch-block", "6.2.2", "blocks of 4", changed(base, b"ARCH", 4, b"\x02"))
    yield vector(
        "arch-overlap", "6.2.2", "overlap beyond half a block", changed(base, b"ARCH", 5, b"\x05")
    )
    yield vector(
        "arch-net", "6.2.2", "network fields without a network", changed(base, b"ARCH", 10, b"\x01")
    )
    grid = LatentInrArch(
        0, 2, 64, 8, 4, 1, 0, 1, 16, 1, 0, 0, 2, (GridLevel(15.0, 16, 256, False),)
    )
    dense = payload_changed(base, b"ARCH", lambda _: grid.pack())
    yield vector(
        "arch-level",
        "6.2.1",
        "a dense level with too few entries",
        changed(dense, b"ARCH", 36, b"\1\0\0\0"),
    )
    big = struct.pack("<I", 1 << 16)
    yield vector("limit-side", "9", "65536 samples a row", changed(base, b"HEAD", 12, big), "limit")
    area = struct.pack("<II", 32768, 32768)
    yield vector("limit-area", "9", "32768 x 32768", changed(base, b"HEAD", 12, area), "limit")
    frames = struct.pack("<I", 1 << 31)
    yield vector("limit-frames", "9", "2^31 frames", changed(base, b"HEAD", 20, frames), "limit")
    unknown = changed(base, b"HEAD", 20, b"\xff" * 8)
    yield vector(
        "limit-frames-unknown",
        "9",
        "2^24 frames in a segment, HEAD declares none",
        changed(unknown, b"SEGM", 4, struct.pack("<I", 1 << 24)),
        "limit",
    )
    bomb = struct.pack("<QQ", 1 << 62, 1 << 62)
    yield vector("limit-params", "9", "2^62 parameters", changed(base, b"HEAD", 48, bomb), "limit")


def bad_segments(vector: Callable[..., Vector], base: bytes) -> Iterator[Vector]:
    """Fields of SEGM; offsets count from the start of its payload, the spectral tensor is first."""
    video = replace(VIDEO, n_frames=4)
    two = build(video, ARCH, [segment(video, ARCH, 0, 2), segment(video, ARCH, 2, 2)])
    for name, new, about in (
        ("gap", b"\x03", "starts at frame 3"),
        ("overlap", b"\x01", "starts at 1"),
    ):
        yield vector(
            f"segment-{name}",
            "6.4",
            f"second segment {about}, not 2",
            changed(two, b"SEGM", 0, new, 1),
        )
    yield vector(
        "segment-continues",
        "6.4",
        "the first segment continues",
        changed(base, b"SEGM", 8, b"\x01"),
    )
    yield vector("segment-empty", "6.4", "no frames", changed(base, b"SEGM", 4, bytes(4)))
    yield vector(
        "segment-tensors", "6.4", "one tensor less than rows", changed(base, b"SEGM", 12, b"\x01")
    )
    yield vector(
        "segment-role-twice",
        "6.4",
        "two spectral tensors",
        changed(base, b"SEGM", 16 + 36, b"\x01"),
    )
    for name, offset, new, about in (
        ("ndim-0", 20, b"\0", "no dimensions"),
        ("ndim-5", 20, b"\x05", "five dimensions"),
        ("dim-0", 24, bytes(4), "a dimension of 0"),
        ("bits", 19, b"\x08", "bits with mode spectral"),
        ("step-nan", 44, struct.pack("<f", float("nan")), "the step is NaN"),
        ("step-zero", 44, bytes(4), "the step is 0"),
        ("ratio-negative", 48, struct.pack("<f", -1), "a negative chroma ratio"),
        ("payload-length", 40, b"\0\0", "payload length does not match WGTS"),
    ):
        clauses = "6.4 6.5 7" if name == "payload-length" else "6.4 7"
        yield vector(f"tensor-{name}", clauses, about, changed(base, b"SEGM", offset, new))
    short = payload_changed(base, b"LATS", lambda p: p[:-1])
    yield vector("latents-short", "6.6", "LATS a byte shorter than its tensors", short)
    many = struct.pack("<H", 4097)
    yield vector("limit-tensors", "9", "4097 tensors", changed(base, b"SEGM", 12, many), "limit")
    bomb = struct.pack("<4I", *[(1 << 24) - 1] * 4)
    yield vector("symbol-bomb", "9", "2^96 symbols", changed(base, b"SEGM", 24, bomb), "limit")
    yield vector(
        "limit-expansion",
        "9",
        "a constant tensor of 2^27 elements in a few hundred bytes",
        expansion(),
        "limit",
    )
    yield vector(
        "limit-work",
        "9.1",
        "a network of 32 layers and 65535 channels",
        build(VIDEO, LincArch(3, 4, 2, 32, 2, 65535, 2, 3)),
        "limit",
    )
    above = struct.pack("<I", 1 << 20)
    yield vector(
        "above-bounds",
        "6.1 6.4",
        "more symbols than HEAD allows",
        changed(base, b"SEGM", 24, above),
    )


def expansion() -> bytes:
    """A constant tensor, third in the table, whose dims are then made enormous."""
    constant = {(Role.NET_WEIGHT, 0): bitstream.Constant((1, 1), 1.0)}
    data = build(segments=[segment(VIDEO, ARCH, 0, 2, tensors=constant)])
    data = changed(data, b"HEAD", 48, struct.pack("<Q", 1 << 28))
    return changed(data, b"SEGM", 16 + 36 + 28 + 8, struct.pack("<II", 1 << 14, 1 << 13))


def bad_numbers(vector: Callable[..., Vector], base: bytes) -> Iterator[Vector]:
    """Payloads that entropy decoding refuses; the structure is sound."""
    raw = bitstream.Raw(np.array([[1.0, 0.5], [0.25, 0.0]], np.float32))
    sound = build(segments=[latent_segment(raw)])
    nan = struct.pack("<f", float("nan"))
    yield vector("raw-nan", "7.1", "a latent is NaN", changed(sound, b"LATS", 4, nan))
    minmax = bitstream.MinMax(np.array([[0, 1], [1, 0]]), 1, np.float32(0), np.float32(1))
    sound = build(segments=[latent_segment(minmax)])
    last = len(dict(split(sound))[b"LATS"]) - 4
    yield vector(
        "ans-last-word-zero",
        "7.3",
        "the last rANS word is 0",
        changed(sound, b"LATS", last, bytes(4)),
    )
    for name, clause, offset, number in (
        ("spectral", "7.5", 16 + 28, 3e38),
        ("ratio", "7.5", 16 + 32, 3e38),
        ("lattice", "7.4", 16 + 36 + 20, 3e38),
    ):
        yield vector(
            f"{name}-overflow",
            clause,
            "a value beyond binary32",
            changed(base, b"SEGM", offset, struct.pack("<f", number)),
        )
    far = struct.pack("<ff", 3e38, 3e38)
    yield vector(
        "minmax-overflow",
        "7.3",
        "a value beyond binary32",
        changed(sound, b"SEGM", 16 + 36 + 20, far),
    )
    yield from bad_fields(vector)
    constant = build(segments=[latent_segment(bitstream.Constant((2, 2), 0.75))])
    one = changed(constant, b"SEGM", 16 + 36 + 16, b"\x01")
    yield vector(
        "const-payload",
        "7.2",
        "a constant tensor with a byte of payload",
        payload_changed(one, b"LATS", lambda _: b"\0"),
    )
    yield from bad_blocks(vector, base)
    yield from bad_streams(vector, base)
    wrong = b"\x01" + bytes(31)
    yield vector(
        "digest",
        "6.8",
        "dGST of other integers",
        changed(base, b"dGST", 0, wrong),
        "digest",
        only_verify=True,
    )


def bad_fields(vector: Callable[..., Vector]) -> Iterator[Vector]:
    """Fields that entropy decoding refuses; WGTS ends with the field's payload."""

    def field(q: Any, step: float = 0.5) -> bytes:
        tensors = {(Role.MOTION, 0): bitstream.Field(np.array(q, np.int64), step)}
        return build(segments=[segment(VIDEO, ARCH, 0, 2, tensors=tensors)])

    sound = field(np.zeros((2, 2, 1, 1)))
    empty = len(dict(split(sound))[b"WGTS"]) - 10 - 8  # no words, no bypass bytes
    yield vector(
        "field-table", "7.9", "a table that does not exist", changed(sound, b"WGTS", empty, b"\xff")
    )
    large = np.full((2, 2, 1, 1), 1 << 15)
    yield vector("field-large", "7.9", "an integer of 2^15", field(large))
    flat = bitstream.Lattice(np.zeros((2, 2, 1), np.int64), 0.5, np.zeros(2, np.int8))
    three = build(segments=[segment(VIDEO, ARCH, 0, 2, tensors={(Role.MOTION, 0): flat})])
    three = changed(three, b"SEGM", 16 + 36 + 28 + 2, b"\x05")
    yield vector("field-ndim", "7.9", "a field of three dimensions", three)


def bad_sizes(vector: Callable[..., Vector]) -> Iterator[Vector]:
    """Latents and motion of other sizes than the segment has; their tensors are sound."""
    fields = {"motion-frames": (3, 2, 1, 1), "motion-components": (2, 4, 1, 1)}
    for name, dims in fields.items():
        field = {(Role.MOTION, 0): bitstream.Field(np.zeros(dims, np.int64), 0.5)}
        data = build(segments=[segment(VIDEO, ARCH, 0, 2, tensors=field)])
        about = f"motion of dims {dims} in a segment of two frames"
        yield vector(name, "8.7", about, data, only_render=True)
    for name, clauses, planes, frames in (
        ("frames", "8.2", 2, 3),
        ("frames-fewer", "8.2", 2, 1),
        ("entries", "8.2", 1, 2),
    ):
        data = build(segments=[latent_segment(latents(frames, planes, 7))])
        about = f"latents of dims ({planes}, {frames}), two components and frames"
        yield vector(f"latents-{name}", clauses, about, data, only_render=True)
    many = segment(VIDEO, ARCH, 0, 2, planes=3)
    data = build(segments=[many])
    yield vector(
        "latents-many", "6.2.2 8.2", "three components, two in ARCH", data, only_render=True
    )


def bad_blocks(vector: Callable[..., Vector], base: bytes) -> Iterator[Vector]:
    """The integer block of the latents, which begins after the heads of two rows."""
    rows = dict(split(base))[b"LATS"]
    words = struct.unpack_from("<I", rows, 4)[0]
    bits = 8 + 4 * words + 4

    def replaced(payload: bytes) -> bytes:
        length = struct.pack("<I", len(payload))
        return changed(payload_changed(base, b"LATS", lambda _: payload), b"SEGM", 68, length)

    for name, clauses, about, payload in (
        (
            "ans-leftover",
            "7.6",
            "a word that no symbol needs",
            rows[:4] + struct.pack("<II", words + 1, 1) + rows[8:],
        ),
        (
            "ans-word",
            "7.6",
            "a bit of the last word",
            rows[: bits - 6] + bytes([rows[bits - 6] ^ 1]) + rows[bits - 5 :],
        ),
        ("block-words", "7.7", "more words than the payload has", rows[:4] + b"\xff" + rows[5:]),
        (
            "block-bytes",
            "7.7",
            "a byte of signs too many",
            rows[: bits - 4] + struct.pack("<I", len(rows) - bits + 1) + rows[bits:] + b"\0",
        ),
        (
            "block-padding",
            "7.7",
            "a bit after the last sign",
            rows[:-1] + bytes([rows[-1] | 0x80]),
        ),
    ):
        yield vector(name, clauses, about, replaced(payload))
    frequencies = bitstream.MinMax(np.array([[0, 1], [1, 0]]), 1, np.float32(0), np.float32(1))
    sound = build(segments=[latent_segment(frequencies)])
    first = dict(split(sound))[b"LATS"][0]
    yield vector(
        "frequency-sum",
        "7.3",
        "frequencies that sum to 2^24 + 1",
        changed(sound, b"LATS", 0, bytes([first ^ 1])),
    )
    still = changed(base, b"SEGM", 16 + 36 + 24, struct.pack("<f", -0.0))
    yield vector("negative-zero", "4.6", "b of a lattice tensor is -0", still)


def bad_streams(vector: Callable[..., Vector], base: bytes) -> Iterator[Vector]:
    """The stream of the spectral tensor, which begins after the centroids."""
    weights = dict(split(base))[b"WGTS"]
    centroids, stream = weights[:9], weights[9:]
    shapes = [
        (2, shape.rows, shape.columns, shape.height, shape.width)
        for shape in bitstream.channel_shapes(ARCH, VIDEO.plane_sizes, 2)
    ]

    def rule(ones: str, below: int | None = None) -> bytes:
        """Every decision of some kinds is 1, or the first ones; all others are 0."""
        kinds = ones.split(", ")
        return mixing_writer.written(
            shapes, lambda kind, count: int(kind in kinds and (below is None or count < below))
        )

    for name, clauses, about, changed_stream in (
        ("stream-none", "7.5.2", "no stream: its state is 0", b""),
        ("stream-zero", "7.5.2", "the state is 0 at the start", bytes(4)),
        ("stream-short", "7.5.2", "the last byte is missing", stream[:-1]),
        ("stream-long", "7.5.2", "a byte that no decision needs", stream + b"\1"),
        (
            "stream-bit",
            "7.5.2",
            "a bit of the last byte: the last state is not 1",
            stream[:-1] + bytes([stream[-1] ^ 1]),
        ),
        (
            "first-exponent",
            "7.5.3",
            "the exponent of a first coefficient is above 18",
            rule("first"),
        ),
        (
            "first-coefficient",
            "7.5.3",
            "a first coefficient of 2^18 - 2",
            rule("first, first bit, plain", 17),
        ),
        (
            "magnitude",
            "7.5.5",
            "a magnitude of 65549",
            rule("some, class, zero, step, escape, plain"),
        ),
    ):
        payload = centroids + changed_stream
        length = struct.pack("<I", len(payload))
        data = payload_changed(base, b"WGTS", lambda _, payload=payload: payload)
        yield vector(name, clauses, about, changed(data, b"SEGM", 40, length))


def bad_ancillary(vector: Callable[..., Vector]) -> Iterator[Vector]:
    """Ancillary sections that break their rules."""
    five = replace(VIDEO, n_frames=5)
    timed = build(five, before=[(b"TIME", pack_times(TIMES))])
    yield vector(
        "time-short",
        "6.3",
        "times of four frames",
        payload_changed(
            timed, b"TIME", lambda _: pack_times(Times(TIMES.time_base, TIMES.pts[:4], 1))
        ),
    )
    yield vector("time-still", "6.3", "two frames at one time", changed(timed, b"TIME", 13, b"\0"))
    for name, text, about in (
        ("duplicate-key", b'{"a":"1","a":"2"}', "a key twice"),
        ("number", b'{"a":1}', "a value that is no string"),
        ("array", b"[]", "not an object"),
        ("utf8", b'{"a":"\xff"}', "not UTF-8"),
    ):
        yield vector(
            f"json-{name}", "6.10", about, build(after=[(b"mETa", text)]), only_verify=True
        )
    long = build(after=[(b"mETa", b'{"a":"' + b"x" * 70000 + b'"}')])
    yield vector("json-long", "9", "70 000 bytes of tags", long, "limit", only_verify=True)
    sound = build(five, ARCH, [segment(five, ARCH, 0, 3), segment(five, ARCH, 3, 2)])

    def swap(payload: bytes) -> bytes:
        return payload[28:] + payload[:28]

    yield vector(
        "index-backwards",
        "6.11",
        "entries swapped",
        payload_changed(sound, b"iNDX", swap),
        only_verify=True,
    )
    far = payload_changed(sound, b"iNDX", lambda p: p[:15] + b"\x7f" + p[16:])
    yield vector("index-out-of-file", "6.11", "an offset beyond the file", far, only_verify=True)
    audio = build(after=[(b"aUDi", pack_audio(AUDIO))])
    yield vector(
        "audio-short",
        "6.7",
        "a byte less than the packets",
        payload_changed(audio, b"aUDi", lambda p: p[:-1]),
        only_verify=True,
    )
    yield from bad_alignments(vector)
    yield from bad_beside(vector)
    many = b"\x81\x80\x80\x08"
    yield vector(
        "limit-packets",
        "9",
        "2^24 + 1 packets",
        payload_changed(audio, b"aUDi", lambda p: p[:36] + many + p[37:]),
        "limit",
        only_verify=True,
    )
    yield vector(
        "varint-long",
        "4.6",
        "a varint of two bytes where one is enough",
        payload_changed(audio, b"aUDi", lambda p: p[:36] + b"\x83\0" + p[37:]),
        only_verify=True,
    )
    quality = Quality(30.5, segments=(30.5, 30.5)).pack()
    yield vector(
        "quality-count",
        "6.9",
        "two values for one segment",
        build(after=[(b"qLTY", quality)]),
        only_verify=True,
    )
    yield vector(
        "digest-length",
        "6.8",
        "dGST of 31 bytes",
        payload_changed(build(), b"dGST", lambda p: p[:31]),
        only_verify=True,
    )


def bad_beside(vector: Callable[..., Vector]) -> Iterator[Vector]:
    """Fields of tRKS and sRCE."""
    sound = build(after=[(b"tRKS", pack_track(TRACKS[1]))])
    for name, what, change in (
        ("track-kind", "kind 2", lambda p: b"\2" + p[1:]),
        ("track-rate", "subtitles with a sample rate", lambda p: p[:5] + b"\1" + p[6:]),
        ("track-short", "a byte less than the packets", lambda p: p[:-1]),
        ("track-tags", "tags out of order", lambda p: p.replace(b"language", b"zanguage")),
    ):
        data = payload_changed(sound, b"tRKS", change)
        yield vector(name, "6.14", what, data, only_verify=True)
    for name, what, text in (
        ("source-list", "a list", b"[]"),
        ("source-tag", "a tag that is a number", b'{"tags":{"a":1}}'),
        ("source-chapter", "a chapter that ends before it starts", b'{"chapters":[[2,1,{}]]}'),
        ("source-light", "three light levels", b'{"light":[1,2,3]}'),
        ("source-nan", "a number that is none", b'{"light":[1,NaN]}'),
    ):
        data = build(after=[(b"sRCE", text)])
        yield vector(name, "6.15", what, data, only_verify=True)


def bad_alignments(vector: Callable[..., Vector]) -> Iterator[Vector]:
    """Fields of aLGN; offsets count from its end of the texts: 1 + 14, 32, 1 + 4 bytes."""
    payload = alignment(1).pack()
    sound = build(after=[(b"aLGN", payload)])
    at = 1 + len("make-vectors-1") + 32 + 1 + len("none")
    for name, offset, new, about in (
        ("dimension", 0, bytes(2), "embeddings of no numbers"),
        ("latents", 2, b"\x01", "latents of architecture linc as embeddings"),
        ("cosine", 12, struct.pack("<f", 1.5), "a cosine of 1.5"),
        ("weight", 8, struct.pack("<f", float("nan")), "the weight is NaN"),
        ("rank", 16, b"\x02", "rank 2, a mix of one row"),
        ("rank-none", 16, b"\x00", "rank 0 with a mix"),
        ("order", 16 + 3 + 2, b"\xc0", "a row of order 3"),
    ):
        yield vector(
            f"aligned-{name}",
            "6.13",
            about,
            changed(sound, b"aLGN", at + offset, new),
            only_verify=True,
        )
    yield vector(
        "aligned-short",
        "6.13",
        "a byte less than the heads",
        payload_changed(sound, b"aLGN", lambda p: p[:-1]),
        only_verify=True,
    )
    twice = build(after=[(b"aLGN", payload)] * 2)
    yield vector("aligned-same", "6.13", "the same model twice", twice, only_verify=True)
    sections = split(sound)
    first = [s for s in sections if s[0] == b"aLGN"] + [s for s in sections if s[0] == b"SEGM"]
    rest = [s for s in sections if s not in first and s[0] != b"iNDX"]
    yield vector(
        "order-aligned-first", "4.4", "aLGN before the segment", join(rest[:2] + first + rest[2:])
    )


# ---------------------------------------------------------------- manifest


def entry(vector: Vector) -> dict[str, Any]:
    """What the manifest says of one vector; good files are described by the other reader."""
    base: dict[str, Any] = {
        "file": vector.file,
        "sha256": hashlib.sha256(vector.data).hexdigest(),
        "clauses": vector.clauses.split(),
        "about": vector.about,
    }
    if vector.error is None:
        return {**base, "expect": linc_read.describe(linc_read.read(vector.data))}
    only = {"only_verify": vector.only_verify, "only_render": vector.only_render}
    return {**base, "expect": {"error": vector.error, **only}}


def readme(vectors: list[Vector]) -> str:
    """The page that says what each file is for, and which clauses have one."""
    lines = [
        "# Test vectors",
        "",
        "Made by `make_vectors.py`, which holds their descriptions; this page too. CC0 1.0.",
        "",
        "* `good/`: a reader decodes them to the digest in `manifest.json`, and renders the last",
        "  frame to the codes there (hexadecimal, plane by plane) within clause 8.8. Segments of",
        "  pictures have the digests of clause 7.10 there instead, in order: all codes are exact.",
        "* `unsupported/`: sound files that need a newer reader.",
        "* `bad/`: files that break a rule. *Check only*: what is wrong is not needed for playing,",
        "  so a player may go on; a reader that checks the file refuses it. *Render only*: what is",
        "  wrong shows when the segment is to be rendered, so a check of integers alone passes.",
        "",
        "| file | clauses | what it is | a reader says |",
        "| --- | --- | --- | --- |",
    ]
    for vector in vectors:
        says = vector.error or "good"
        says += " (check only)" if vector.only_verify else ""
        says += " (render only)" if vector.only_render else ""
        clauses = vector.clauses.replace(" ", ", ")
        lines.append(f"| {vector.name} | {clauses} | {vector.about} | {says} |")
    clauses_named = {clause for vector in vectors for clause in vector.clauses.split()}
    lines += ["", "## By clause", "", "| clause | vectors |", "| --- | --- |"]
    for clause in sorted(clauses_named, key=lambda text: [int(part) for part in text.split(".")]):
        names = [vector.name for vector in vectors if clause in vector.clauses.split()]
        lines.append(f"| {clause} | {', '.join(names)} |")
    return "\n".join([*lines, ""])


def main() -> int:
    """Write the vectors, or with ``--check`` compare them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 on difference")
    check = parser.parse_args().check
    vectors = [*good(), *unsupported(), *bad()]
    assert len({vector.name for vector in vectors}) == len(vectors), "two vectors of one name"
    manifest = {"about": "see ../linc-1.0.md clause 11", "vectors": [entry(v) for v in vectors]}
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    files = {HERE / vector.file: vector.data for vector in vectors}
    files[HERE / "manifest.json"] = text.encode()
    files[HERE / "README.md"] = readme(vectors).encode()
    stale = [p for p, data in files.items() if not p.exists() or p.read_bytes() != data]
    extra = [p for p in HERE.glob("*/*.linc") if p not in files]
    for path in stale + extra:
        print(f"{'stale' if check else 'written' if path in files else 'removed'}: {path.name}")
        if not check and path in files:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(files[path])
        elif not check:
            path.unlink()
    print(f"{len(vectors)} vectors, {sum(map(len, files.values()))} bytes")
    return 1 if check and (stale or extra) else 0


if __name__ == "__main__":
    sys.exit(main())
