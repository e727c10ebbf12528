"""A second reader of .linc files, written from linc-1.0.md and sharing no code with lincodec.

    python linc_read.py FILE              check everything, print the structure and the digest
    python linc_read.py FILE --frame 3    also render frame 3 and print the mean of each plane

It needs Python 3.11 and numpy. It is slow and meant to be read beside the specification:
headings are its clauses. Exit codes are those of clause 10. CC0 1.0.
"""

from __future__ import annotations

import argparse
import bisect
import hashlib
import itertools
import json
import math
import struct
import sys
import zlib
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import linc_between
import linc_mixing
import linc_partitioned
import linc_pictures
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# ---------------------------------------------------------------- clause 10: errors

EXIT = {"corrupt": 4, "truncated": 4, "checksum": 4, "unsupported": 5, "digest": 7, "limit": 8}


class Refused(Exception):
    """The file is refused; ``kind`` is an error class of clause 10."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


def refuse(message: str, kind: str = "corrupt") -> NoReturn:
    raise Refused(kind, message)


def need(condition: object, message: str, kind: str = "corrupt") -> None:
    if not condition:
        refuse(message, kind)


def words(text: str) -> list[str]:
    return text.split()


# ---------------------------------------------------------------- clause 9: limits

LIMITS = {
    "side": 1 << 15,
    "area": 1 << 28,
    "frames": 2_592_000,
    "params": 1 << 29,
    "symbols": 1 << 29,
    "tensors": 4096,
    "sections": 1 << 18,
    "metadata": 1 << 16,
    "ancillary": 1 << 24,
    "payload": 1 << 28,
    "audio": 1 << 28,
    "expansion": 1 << 14,
    "work": 1 << 44,
    "pictures": 1 << 30,
    "packets": 1 << 24,
}


def within(name: str, value: int) -> None:
    need(value <= LIMITS[name], f"{value} {name}, limit {LIMITS[name]}", "limit")


# ---------------------------------------------------------------- clause 4.6: numbers and text


class Fields:
    """Reads the fields of one payload in turn."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def bytes(self, count: int) -> bytes:
        need(self.at + count <= len(self.data), "payload ends inside a field")
        self.at += count
        return self.data[self.at - count : self.at]

    def get(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack("<" + layout, self.bytes(struct.calcsize("<" + layout)))

    def varint(self) -> int:
        value = 0
        for shift in range(0, 63, 7):
            (byte,) = self.get("B")
            value += (byte % 128) << shift
            if byte < 128:
                need(byte or not shift, "varint is not in its shortest form")
                return value
        refuse("varint is too long")

    def svarint(self) -> int:
        value = self.varint()
        return value // 2 if value % 2 == 0 else -(value + 1) // 2

    def text8(self) -> str:
        try:
            return self.bytes(self.get("B")[0]).decode("utf-8")
        except UnicodeDecodeError:
            refuse("text is not UTF-8")

    def ratio(self, layout: str = "II") -> tuple[int, int]:
        top, bottom = self.get(layout)
        need(top and bottom and math.gcd(top, bottom) == 1, f"ratio {top}/{bottom}")
        return top, bottom

    def f32(self, *, negative_zero: bool = False) -> float:
        (value,) = self.get("f")
        need(math.isfinite(value), "number is not finite")
        need(value or negative_zero or math.copysign(1, value) > 0, "number is -0")
        return float(value)

    def end(self) -> None:
        need(self.at == len(self.data), "bytes follow the last field")


# ---------------------------------------------------------------- clause 6: payloads


@dataclass
class Tensor:
    """A row of the tensor table and the stored bytes."""

    role: int
    layer: int
    mode: int
    bits: int
    dims: tuple[int, ...]
    length: int
    a: float
    b: float
    payload: bytes = b""
    numbers: list[Ints] = field(default_factory=list)

    @property
    def size(self) -> int:
        return math.prod(self.dims)


@dataclass
class Segment:
    """A range of frames and its tensors."""

    first: int
    frames: int
    continues: bool
    offset: int
    tensors: list[Tensor]
    length: int = 0
    pictures: list[list[Ints]] = field(default_factory=list)
    """Codes of all frames, where the segment has pictures and they were decoded."""


@dataclass
class Alignment:
    """An embedding model and how its embeddings follow from the latents (clause 6.13)."""

    model: str
    revision: bytes
    dimension: int
    first: int | None
    heads: list[tuple[int, bytes, bytes]]


@dataclass
class File:
    """Everything in a file."""

    size: int = 0
    head: dict[str, Any] = field(default_factory=dict)
    arch: dict[str, Any] = field(default_factory=dict)
    segments: list[Segment] = field(default_factory=list)
    sections: list[tuple[str, int, int]] = field(default_factory=list)
    parts: dict[str, bytes] = field(default_factory=dict)
    alignments: list[Alignment] = field(default_factory=list)
    times: list[int] | None = None
    digest: bytes = b""

    @property
    def frames(self) -> int:
        return self.segments[-1].first + self.segments[-1].frames


HEAD_FIELDS = words(
    "written needed incompat compat width height frames segments fps_n fps_d sar_n sar_d depth "
    "primaries transfer matrix full_range rotation chroma reserved max_params max_symbols"
)
UNKNOWN = (1 << 32) - 1


def parse_head(data: bytes) -> dict[str, Any]:
    """Clause 6.1."""
    need(len(data) >= 12, "HEAD is too short")
    written, needed, incompat = struct.unpack_from("<HHI", data)
    need(needed <= 1, f"needs format {needed}", "unsupported")
    need(incompat == 0, "unknown incompatible flag", "unsupported")
    need(1 <= needed <= written, "versions")
    need(len(data) == 64, "HEAD is not 64 bytes")
    fields = struct.unpack("<HHIIIIIIIIHHBBBBBBBBQQ", data)
    head = dict(zip(HEAD_FIELDS, fields, strict=True))
    need(head["chroma"] <= 3 and not head["reserved"], "chroma or reserved", "unsupported")
    need(0 < head["width"] < UNKNOWN and 0 < head["height"] < UNKNOWN, "picture size")
    need(head["frames"] and head["segments"], "no frames or segments")
    for top, bottom in (("fps_n", "fps_d"), ("sar_n", "sar_d")):
        need(head[top] and math.gcd(head[top], head[bottom]) == 1 and head[bottom], f"ratio {top}")
    need(8 <= head["depth"] <= 16, "bit depth")
    need(head["full_range"] <= 1 and head["rotation"] <= 3, "range or rotation")
    need(head["max_symbols"] <= head["max_params"], "max_symbols exceeds max_params")
    if UNKNOWN not in (head["frames"], head["segments"]):
        need(head["segments"] <= head["frames"], "more segments than frames")
    within("side", max(head["width"], head["height"]))
    within("area", head["width"] * head["height"])
    within("frames", 0 if head["frames"] == UNKNOWN else head["frames"])
    within("params", head["max_params"])
    within("symbols", head["max_symbols"])
    return head


def parse_arch(data: bytes) -> dict[str, Any]:
    """Clause 6.2."""
    fields = Fields(data)
    arch_id, version = fields.get("HH")
    need(arch_id in (1, 2), f"architecture {arch_id}", "unsupported")
    need(version >= 1, "architecture version 0")
    need(version == {1: 1, 2: 3}[arch_id], f"architecture version {version}", "unsupported")
    if arch_id == 1:
        return parse_latent_inr(fields)
    names = words("block overlap components layers stride channels latents hidden")
    *values, reserved = fields.get("BBHBBHHHI")
    fields.end()
    need(not reserved, "reserved field of ARCH", "unsupported")
    arch = {"id": 2, **dict(zip(names, values, strict=True))}
    need(3 <= arch["block"] <= 6 and arch["overlap"] <= 1 << arch["block"] - 1, "block or overlap")
    need(arch["components"], "no latent entries")
    if arch["layers"] == 0:
        need(not any(values[4:]), "network fields without a network")
    else:
        need(arch["layers"] <= 32 and arch["stride"] in (2, 4), "network layers or stride")
        need(arch["channels"] and arch["latents"] <= arch["components"], "network widths")
    return arch


INR_FIELDS = words(
    "encoding layers hidden latent rank modulated sigma hyper_layers hyper_hidden patch kernel "
    "frequencies features n_levels reserved"
)


def parse_latent_inr(fields: Fields) -> dict[str, Any]:
    """Clause 6.2.1."""
    arch = {"id": 1, **dict(zip(INR_FIELDS, fields.get("BBHHHIBBHBBHBBH"), strict=True))}
    need(not arch["reserved"], "reserved field of ARCH", "unsupported")
    levels = [(fields.f32(), *fields.get("IIB")) for _ in range(arch["n_levels"])]
    fields.end()
    need(arch["encoding"] <= 1 and arch["sigma"] <= 2, "encoding or sigma", "unsupported")
    for name in ("layers", "hidden", "latent", "hyper_layers", "hyper_hidden", "patch"):
        need(arch[name], f"{name} is 0")
    need(arch["layers"] <= 32 and arch["modulated"] >> arch["layers"] == 0, "layers")
    hypernets = arch["modulated"].bit_count() * arch["hyper_layers"]
    need(hypernets <= 256, "layers of hypernetworks")
    need(arch["kernel"] % 2 if arch["patch"] > 1 else not arch["kernel"], "kernel")
    grid = arch["encoding"] == 0
    need((len(levels) > 0) == grid and (arch["features"] > 0) == grid, "grid fields")
    need((arch["frequencies"] > 0) == (not grid), "Fourier fields")
    for scale, resolution, entries, hashed in levels:
        need(scale > 0 and resolution and 0 < entries < 1 << 24 and hashed <= 1, "level")
        need(hashed or resolution * resolution <= entries, "dense level does not fit")
    return {**arch, "levels": levels}


def work(head: dict[str, Any], arch: dict[str, Any]) -> int:
    """Clause 9.1."""

    def pieces(side: int) -> int:
        return math.ceil(head["width"] / side) * math.ceil(head["height"] / side)

    if arch["id"] == 1:
        block = 3 * (arch["kernel"] * arch["patch"]) ** 2
        return int(
            pieces(arch["patch"]) * arch["hidden"] * (arch["layers"] * arch["hidden"] + block)
        )
    if not arch["layers"]:
        return 0
    s, wide = arch["stride"], arch["channels"]
    chroma = {0: 0, 1: (s // 2) ** 2, 2: s * (s // 2), 3: s * s}[head["chroma"]]
    samples = s * s + 2 * chroma
    return int(pieces(s) * wide * (10 * samples + 9 * wide * (arch["layers"] - 1)))


def parse_times(data: bytes, frames: int) -> list[int]:
    """Clause 6.3."""
    fields = Fields(data)
    fields.ratio()
    times, previous = [fields.svarint()], 0
    need(fields.varint() >= 1, "last duration")
    for _ in range(fields.varint()):
        count, delta = fields.varint(), fields.varint()
        need(count and delta and delta != previous, "run of times")
        need(len(times) + count <= frames, "more times than frames")
        need(times[-1] + count * delta < 1 << 62, "times too large")
        times += [times[-1] + delta * (i + 1) for i in range(count)]
        previous = delta
    fields.end()
    need(len(times) == frames, "fewer times than frames")
    return times


#: bits, uses a, uses b  of each mode (clause 7)
MODES = {
    0: (range(32, 33), False, False),
    1: (range(1), True, False),
    2: (range(1, 17), True, True),
    3: (range(1), True, False),
    4: (range(1), True, True),
    5: (range(1), True, False),
    6: (range(1), False, False),
}
ROLES = {1: "spectral", 2: "latent", 3: "net_weight", 4: "net_bias", 5: "hyper_weight"}
ROLES |= {6: "hyper_bias", 7: "head_weight", 8: "head_bias", 16: "encoding", 17: "base_weight"}
ROLES |= {18: "base_bias", 19: "patch_weight", 20: "patch_bias", 24: "motion", 26: "pictures"}


def parse_tensor(fields: Fields) -> Tensor:
    """Clause 6.4, one row of the table."""
    role, layer, mode, bits, ndim, reserved1, reserved2 = fields.get("BBBBBBH")
    need(not reserved1 and not reserved2, "reserved field of SEGM", "unsupported")
    need(role in ROLES, f"role {role}", "unsupported")
    need(mode in MODES, f"mode {mode}", "unsupported")
    need(1 <= ndim <= 4, "number of dimensions")
    dims = fields.get(f"{ndim}I")
    need(all(0 < dim < 1 << 24 for dim in dims), "dimension")
    (length,) = fields.get("I")
    const = mode == 1
    tensor = Tensor(role, layer, mode, bits, dims, length, 0.0, 0.0)
    tensor.a, tensor.b = fields.f32(negative_zero=const), fields.f32()
    allowed, uses_a, uses_b = MODES[mode]
    need(bits in allowed, "bits do not suit the mode")
    need(uses_a or tensor.a == 0, "a is not 0")
    need(tensor.b > 0 if uses_b else tensor.b == 0, "b does not suit the mode")
    need(mode not in (3, 4, 5) or tensor.a > 0, "step")
    longest = (1 << 16 if mode == 6 else 4) * tensor.size + (1 << 20)
    need(length <= longest, "payload too long for its elements")
    need((role == 26) == (mode == 6), "pictures in another mode, or another role in theirs")
    need(mode != 6 or (ndim == 3 and length > 16 and layer == 0), "row of the pictures")
    need(mode != 0 or length == 4 * tensor.size, "raw payload length")
    need(mode != 1 or length == 0, "constant with a payload")
    return tensor


def parse_segment(data: bytes, offset: int, head: dict[str, Any]) -> Segment:
    """Clause 6.4."""
    fields = Fields(data)
    first, frames, flags, reserved1, reserved2, n_tensors, reserved3 = fields.get("IIBBHHH")
    reserved = flags > 1 or reserved1 or reserved2 or reserved3
    need(not reserved, "flag or reserved field of SEGM", "unsupported")
    within("tensors", n_tensors)
    tensors = [parse_tensor(fields) for _ in range(n_tensors)]
    fields.end()
    need(frames and tensors, "segment without frames or tensors")
    keys = [(tensor.role, tensor.layer) for tensor in tensors]
    need(keys == sorted(set(keys)), "order of tensors")
    params = sum(tensor.size for tensor in tensors)
    symbols = sum(tensor.size for tensor in tensors if tensor.mode >= 2)
    within("params", params)
    within("symbols", symbols)
    need(params <= head["max_params"] and symbols <= head["max_symbols"], "bounds of HEAD")
    segment = Segment(first, frames, flags == 1, offset, tensors)
    check_pictures(segment, head)
    return segment


def check_pictures(segment: Segment, head: dict[str, Any]) -> None:
    """Clause 7.10."""
    tensor = pictures_of(segment)
    if tensor is None:
        return
    beside = {2, 3, 4, 5, 6, 7, 8, 24, 26}
    need({t.role for t in segment.tensors} <= beside, "pictures beside something else")
    need(segment.frames <= 65535, "number of pictures, above 7.10", "limit")
    need(max(head["width"], head["height"]) <= 16384, "side above that of 7.10", "limit")
    units = (-(-head["height"] // 64), -(-head["width"] // 64))
    need(tensor.dims == (segment.frames, *units), "dimensions of the pictures")


def pictures_of(segment: Segment) -> Tensor | None:
    """The tensor of role pictures."""
    return one(segment, 26)


def parse_audio(data: bytes) -> int:
    """Clause 6.7; the number of packets."""
    fields = Fields(data)
    need(fields.text8() != "", "audio codec without a name")
    fields.text8()
    fields.ratio()
    rate, _ = fields.get("IQ")
    need(rate, "sample rate")
    return parse_packets(fields, data)


def parse_track(data: bytes) -> int:
    """Clause 6.14; the number of packets."""
    fields = Fields(data)
    kind, _, rate, _ = fields.get("BIIQ")
    need(kind <= 1, "kind of track")
    need(fields.text8() != "", "codec without a name")
    fields.text8()
    need((rate > 0) == (kind == 0), "sample rate")
    fields.ratio()
    last = None
    for _ in range(fields.varint()):
        key, _ = long_text(fields), long_text(fields)
        need(last is None or key > last, "tags in order")
        last = key
    return parse_packets(fields, data)


def long_text(fields: Fields) -> str:
    """A text of clause 6.14."""
    length = fields.varint()
    need(length < 1 << 16, "length of a tag")
    try:
        return fields.bytes(length).decode()
    except UnicodeDecodeError:
        return refuse("text is not UTF-8")


def parse_source(data: bytes) -> dict[str, Any]:
    """Clause 6.15."""
    try:
        found = json.loads(data.decode(), parse_constant=lambda text: refuse(f"{text} in sRCE"))
    except (ValueError, RecursionError):
        refuse("sRCE is not JSON")
    need(isinstance(found, dict), "sRCE is not an object")
    for key in ("tags", "video", "audio"):
        need(is_tags(found.get(key, {})), f"{key} of sRCE")
    for key in ("dispositions", "attachments"):
        texts = found.get(key, [])
        need(isinstance(texts, list) and all(isinstance(t, str) for t in texts), f"{key} of sRCE")
    for key, count, whole in (
        ("mastering", 10, False), ("light", 2, True), ("spherical", 9, True), ("stereo", 2, True),
    ):  # fmt: skip
        need(is_numbers(found.get(key, []), count, whole), f"{key} of sRCE")
    chapters = found.get("chapters", [])
    need(isinstance(chapters, list), "chapters of sRCE")
    for row in chapters:
        need(isinstance(row, list) and len(row) == 3 and is_tags(row[2]), "a chapter of sRCE")
        need(is_numbers(row[:2], 2, True) and row[0] <= row[1], "a chapter of sRCE")
    return dict(found)


def is_tags(value: Any) -> bool:
    """An object of strings."""
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def is_numbers(value: Any, count: int, whole: bool) -> bool:
    """Nothing, or so many finite numbers below 2^62."""
    return (
        isinstance(value, list)
        and len(value) in (0, count)
        and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value)
        and all(math.isfinite(v) and abs(v) < 1 << 62 and (not whole or v == int(v)) for v in value)
    )


def parse_packets(fields: Fields, data: bytes) -> int:
    """Set-up, table and bytes of packets (clause 6.7); their number."""
    fields.bytes(fields.varint())
    count = fields.varint()
    within("packets", count)
    sizes, expected = 0, 0
    for _ in range(count):
        sizes += fields.varint() // 2
        dts = expected + fields.svarint()
        pts = dts + fields.svarint()
        expected = dts + fields.varint()
        need(abs(expected) < 1 << 62 and abs(pts) < 1 << 62, "audio time out of range")
    need(sizes == len(data) - fields.at, "audio packets do not account for the payload")
    return count


def parse_quality(data: bytes, segments: int) -> None:
    """Clause 6.9."""
    fields = Fields(data)
    values = [fields.f32() for _ in range(5)]
    (count,) = fields.get("I")
    need(count in (0, segments), "number of segment qualities")
    values += [fields.f32() for _ in range(count)]
    fields.text8()
    fields.end()
    need(min(values) >= 0, "negative quality")


def parse_alignment(data: bytes, file: File) -> Alignment:
    """Clause 6.13."""
    fields = Fields(data)
    model, revision, _ = fields.text8(), fields.bytes(32), fields.text8()
    need(model, "embedding model without a name")
    dimension, kind, reserved = fields.get("HBB")
    need(kind <= 1 and not reserved, "kind or reserved field of aLGN", "unsupported")
    scale, weight, cosine = (fields.f32() for _ in range(3))
    need(dimension and scale >= 0 and weight >= 0 and abs(cosine) <= 1, "number of aLGN")
    first, heads = None, []
    if kind == 1:
        (first,) = fields.get("H")
        need(file.arch["id"] == 1, "aligned latents in architecture linc")
        need(first + dimension <= file.arch["latent"], "embedding reaches beyond the latent")
    for _ in file.segments if kind == 0 else []:
        rank, n_basis, n_mix = fields.varint(), fields.varint(), fields.varint()
        need(rank <= 64 and (n_mix > 0) == (rank > 0), "rank of a head")
        heads.append((rank, fields.bytes(n_basis), fields.bytes(n_mix)))
    fields.end()
    return Alignment(model, revision, dimension, first, heads)


def parse_tags(data: bytes) -> dict[str, str]:
    """Clause 6.10."""

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len(dict(pairs)) == len(pairs), "a key of mETa stands twice")
        return dict(pairs)

    def constant(text: str) -> NoReturn:
        refuse(f"{text} in mETa")

    try:
        tags = json.loads(data.decode(), object_pairs_hook=distinct, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        refuse(f"mETa: {error}")
    need(isinstance(tags, dict), "mETa is not an object")
    need(all(isinstance(value, str) for value in tags.values()), "a tag is not a string")
    return dict(tags)


# ---------------------------------------------------------------- clause 4: file structure

SIGNATURE = bytes.fromhex("89 4C 4E 43 0D 0A 1A 0A")
KNOWN = words("HEAD ARCH TIME SEGM WGTS LATS aUDi tRKS sRCE dGST qLTY aLGN mETa iNDX DONE")
MANY = ("SEGM", "WGTS", "LATS", "aLGN", "tRKS")
#: What must come next, and what may come only after (clause 4.4).
NEXT = {"": "HEAD", "HEAD": "ARCH", "SEGM": "WGTS", "WGTS": "LATS", "iNDX": "DONE"}
AFTER = {"ARCH": "HEAD", "TIME": "ARCH", "WGTS": "SEGM", "LATS": "WGTS"}
ENDING = ("dGST", "qLTY", "aLGN", "iNDX", "DONE")


def read(data: bytes) -> File:
    """Check the structure of a whole file (clauses 4 to 6)."""
    if not data.startswith(SIGNATURE):
        refuse("signature", "truncated" if SIGNATURE.startswith(data) else "corrupt")
    complete = is_complete(data)
    file, at, previous = File(len(data)), len(SIGNATURE), ""
    while previous != "DONE":
        kind, payload = read_section(data, at, complete)
        check_order(kind, previous, file)
        file.sections.append((kind, at, len(payload)))
        within("sections", len(file.sections))
        take(file, kind, payload, at)
        previous, at = kind, at + 12 + len(payload)
    need(at == len(data), f"{len(data) - at} bytes follow DONE")
    finish(file, data)
    return file


def is_complete(data: bytes) -> bool:
    """Whether the last 64 bytes are a sound DONE."""
    tail = data[-64:]
    return tail[:8] == b"DONE\x34\0\0\0" and zlib.crc32(tail[:-4]) == int.from_bytes(
        tail[-4:], "little"
    )


def read_section(data: bytes, at: int, complete: bool) -> tuple[str, bytes]:
    """Clauses 4.2 and 4.3."""
    short = "corrupt" if complete else "truncated"
    need(at + 8 <= len(data), f"file ends at byte {len(data)}", short)
    kind, length = struct.unpack_from("<4sI", data, at)
    need(kind.isalpha() and kind.isascii(), f"byte {at}: no section type")
    need(length < 1 << 31, f"byte {at}: section length")
    need(at + 12 + length <= len(data), f"file ends inside {kind.decode()} at byte {at}", short)
    name = kind.decode()
    longest = {"HEAD": 1 << 12, "ARCH": 1 << 16, "TIME": 1 << 26, "DONE": 1 << 12}
    need(length <= longest.get(name, length), f"byte {at}: {name} is too long")
    own = {"mETa": "metadata", "aUDi": "audio", "tRKS": "audio"}
    own |= {"WGTS": "payload", "LATS": "payload"}
    if name in own or name[0].islower():
        within(own.get(name, "ancillary"), length)
    (crc,) = struct.unpack_from("<I", data, at + 8 + length)
    need(zlib.crc32(data[at : at + 8 + length]) == crc, f"byte {at}: CRC of {name}", "checksum")
    if name not in KNOWN:
        need(name[2].isupper(), f"reserved letter case of {name}", "unsupported")
        need(name[0].islower(), f"unknown critical section {name}", "unsupported")
    return name, data[at + 8 : at + 8 + length]


def check_order(kind: str, previous: str, file: File) -> None:
    """Clause 4.4."""
    need(NEXT.get(previous, kind) == kind, f"{kind} after {previous or 'the signature'}")
    need(AFTER.get(kind, previous) == previous, f"{kind} after {previous}")
    seen = {name for name, _, _ in file.sections}
    repeated = kind in seen and kind in KNOWN and kind not in MANY
    need(not repeated, f"{kind} stands twice")
    need(kind not in ENDING or "SEGM" in seen, f"{kind} before any segment")
    need(kind != "SEGM" or not seen & set(ENDING), "SEGM after the end of the segments")


def take(file: File, kind: str, payload: bytes, at: int) -> None:
    """Parse one section and check it against the ones before."""
    if kind == "HEAD":
        file.head = parse_head(payload)
    elif kind == "ARCH":
        file.arch = parse_arch(payload)
        within("work", work(file.head, file.arch))
    elif kind == "SEGM":
        segment = parse_segment(payload, at, file.head)
        beyond = sum(t.size * (64 if t.mode == 6 else 1) for t in segment.tensors) - (1 << 24)
        within("expansion", math.ceil(max(beyond, 0) / file.size))
        expected = file.frames if file.segments else 0
        need(segment.first == expected, f"segment starts at {segment.first}, not {expected}")
        need(file.segments or not segment.continues, "first segment continues")
        file.segments.append(segment)
    elif kind in ("WGTS", "LATS"):
        segment = file.segments[-1]
        chosen = [t for t in segment.tensors if (t.role == 2) == (kind == "LATS")]
        need(sum(t.length for t in chosen) == len(payload), f"{kind} and SEGM disagree")
        fields = Fields(payload)
        for tensor in chosen:
            tensor.payload = fields.bytes(tensor.length)
        segment.length = at + 12 + len(payload) - segment.offset
    elif kind == "aUDi":
        parse_audio(payload)
    elif kind == "tRKS":
        parse_track(payload)
    elif kind == "sRCE":
        parse_source(payload)
    elif kind == "mETa":
        parse_tags(payload)
    elif kind == "aLGN":
        file.alignments.append(parse_alignment(payload, file))
        keys = [(other.model, other.revision) for other in file.alignments]
        need(len(set(keys)) == len(keys), "an embedding model stands twice")
    elif kind == "dGST":
        need(len(payload) == 32, "dGST is not 32 bytes")
    elif kind == "DONE":
        need(len(payload) == 52, "DONE is not 52 bytes")
    file.parts[kind] = payload


def finish(file: File, data: bytes) -> None:
    """What needs the whole file: counts, times, index, trailer."""
    head, count = file.head, len(file.segments)
    need(head["frames"] in (UNKNOWN, file.frames), "HEAD and segments disagree on frames")
    need(head["segments"] in (UNKNOWN, count), "HEAD and segments disagree on their number")
    within("frames", file.frames)
    if "TIME" in file.parts:
        file.times = parse_times(file.parts["TIME"], file.frames)
    if "qLTY" in file.parts:
        parse_quality(file.parts["qLTY"], count)
    offsets = {kind: at for kind, at, _ in file.sections}
    if "iNDX" in file.parts:
        check_index(file.parts["iNDX"], file)
    total, index, sections, digest = struct.unpack("<QQI32s", file.parts["DONE"])
    need(total == len(data), "DONE: total length")
    need(index == offsets.get("iNDX", 0), "DONE: index offset")
    need(sections == len(file.sections), "DONE: number of sections")
    need(digest == hashlib.sha256(data[:-64]).digest(), "DONE: SHA-256", "checksum")


def check_index(data: bytes, file: File) -> None:
    """Clause 6.11."""
    fields = Fields(data)
    for segment in file.segments:
        first, frames, offset, length, flags = fields.get("IIQQI")
        need(flags <= 1, "flag of iNDX", "unsupported")
        found = (first, frames, offset, length, flags == 1)
        expected = (segment.first, segment.frames, segment.offset, segment.length)
        need(found == (*expected, segment.continues), "iNDX and segments disagree")
    fields.end()


# ---------------------------------------------------------------- clause 7.6: the rANS stream

TABLES: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "tables.json").read_text(encoding="utf-8")
)
PRECISION = 24


class Table:
    """Integer frequencies that sum to 2^24."""

    def __init__(self, frequencies: list[int]) -> None:
        need(len(frequencies) >= 2 and min(frequencies) >= 1, "frequency table")
        self.frequencies = frequencies
        self.starts = [0, *itertools.accumulate(frequencies)]
        need(self.starts.pop() == 1 << PRECISION, "frequency table does not sum to 2^24")


MAGNITUDES = [Table(row) for row in TABLES["magnitude_tables"]]
ESCAPE = Table(TABLES["escape_table"])


class Rans:
    """Takes symbols from 32-bit words, the last word first."""

    def __init__(self, data: bytes) -> None:
        need(len(data) % 4 == 0, "rANS payload is not whole words")
        self.words = list(struct.unpack(f"<{len(data) // 4}I", data))
        need(not self.words or self.words[-1], "last rANS word is 0")
        self.state = 0
        self.refill()
        self.refill()

    def refill(self) -> None:
        if self.state < 1 << 32 and self.words:
            self.state = self.state << 32 | self.words.pop()

    def symbol(self, table: Table) -> int:
        low = self.state & ((1 << PRECISION) - 1)
        index = bisect.bisect_right(table.starts, low) - 1
        self.state = (self.state >> PRECISION) * table.frequencies[index]
        self.state += low - table.starts[index]
        self.refill()
        return index

    def grouped(self, ids: Ints, tables: list[Table]) -> Ints:
        """One symbol for each table index; coded in groups of ascending index."""
        out = np.empty(len(ids), np.int64)
        for at in np.argsort(ids, kind="stable"):
            out[at] = self.symbol(tables[ids[at]])
        return out

    def end(self) -> None:
        need(self.state == 0 and not self.words, "rANS data left over")


# ---------------------------------------------------------------- clause 7.7: the integer block


class IntegerBlock:
    """Magnitudes first, step by step; signs and large values at the end."""

    def __init__(self, data: bytes) -> None:
        fields = Fields(data)
        self.rans = Rans(fields.bytes(4 * fields.get("I")[0]))
        self.bits = fields.bytes(fields.get("I")[0])
        fields.end()
        self.steps: list[Ints] = []

    def step(self, ids: Ints, family: list[Table]) -> Ints:
        """The magnitudes of one step, cut at 15."""
        self.steps.append(self.rans.grouped(ids, family))
        return self.steps[-1]

    def finish(self) -> list[Ints]:
        """The integers of every step."""
        sizes = [len(step) for step in self.steps]
        values = np.concatenate([np.zeros(0, np.int64), *self.steps])
        large = np.flatnonzero(values == 15)
        exponents = [self.rans.symbol(ESCAPE) for _ in large]
        self.rans.end()
        signed = np.flatnonzero(values)
        count = len(signed) + sum(exponents)
        need(len(self.bits) == (count + 7) // 8, "number of bypass bytes")
        bits = np.unpackbits(np.frombuffer(self.bits, np.uint8), bitorder="little")
        need(not bits[count:].any(), "padding bits are not 0")
        negative, at = bits[: len(signed)] == 1, len(signed)
        for index, e in zip(large, exponents, strict=True):
            low = bits[at : at + e].astype(np.int64) @ (1 << np.arange(e, dtype=np.int64))
            values[index] = 14 + (1 << e) + low
            at += e
        values[signed[negative]] *= -1
        return np.split(values, np.cumsum(sizes)[:-1]) if sizes else []


# ---------------------------------------------------------------- clauses 7.1 to 7.4: plain modes


def decode_raw(tensor: Tensor) -> Ints:
    """The bits of the values; what dGST hashes."""
    need(np.isfinite(np.frombuffer(tensor.payload, "<f4")).all(), "raw value is not finite")
    return np.frombuffer(tensor.payload, "<i4").reshape(tensor.dims)


def decode_const(tensor: Tensor) -> Ints:
    return np.full(tensor.dims, np.float32(tensor.a)).view(np.int32)


def decode_minmax(tensor: Tensor) -> Ints:
    """Clause 7.3."""
    fields, frequencies = Fields(tensor.payload), []
    for _ in range(1 << tensor.bits):
        start = fields.at
        frequencies.append(fields.varint() + 1)
        need(fields.at - start <= 4, "frequency is longer than 4 bytes")
    table, rans = Table(frequencies), Rans(fields.data[fields.at :])
    symbols = [rans.symbol(table) for _ in range(tensor.size)]
    rans.end()
    return np.array(symbols, np.int64).reshape(tensor.dims)


def decode_lattice(tensor: Tensor) -> Ints:
    """Clause 7.4."""
    rows = tensor.dims[0] if len(tensor.dims) > 1 else 1
    fields = Fields(tensor.payload)
    fields.bytes(rows)
    heads = fields.bytes(rows)
    need(all(h >> 6 <= 2 and h & 63 < len(MAGNITUDES) for h in heads), "order or table of a row")
    block = IntegerBlock(fields.data[fields.at :])
    for head in heads:
        block.step(np.full(tensor.size // rows, head & 63), MAGNITUDES)
    out = []
    for head, row in zip(heads, block.finish(), strict=True):
        for _ in range(head >> 6):
            row = np.cumsum(row)
        need(np.abs(row).max(initial=0) < 1 << 24, "lattice integer too large")
        out.append(row)
    return np.concatenate(out).reshape(tensor.dims)


# ---------------------------------------------------------------- clause 7.9: mode field


def decode_field(tensor: Tensor) -> Ints:
    """Clause 7.9."""
    need(len(tensor.dims) == 4, "field tensor has not four dimensions")
    fields, q = Fields(tensor.payload), np.zeros(tensor.dims, np.int64)
    tables = np.frombuffer(fields.bytes(10), np.uint8)
    need(tables.max() < len(MAGNITUDES), "table of a context")
    block = IntegerBlock(fields.data[fields.at :])
    n, c, r, w = np.indices(tensor.dims).reshape(4, -1)
    time = 2 * (2 * n + r + w) + c % 2
    steps = [np.flatnonzero(time == t) for t in range(time.max() + 1)]
    steps = [step for step in steps if len(step)]
    m, residuals = np.zeros(tensor.dims, np.int64), np.zeros(tensor.dims, np.int64)

    def near(source: Ints, step: Ints, dn: int, dc: int, dr: int, dw: int) -> Ints:
        place = (n[step] + dn, c[step] + dc, r[step] + dr, w[step] + dw)
        inside = (place[0] >= 0) & (place[1] >= 0) & (place[2] >= 0) & (place[3] >= 0)
        inside &= (place[2] < tensor.dims[2]) & (place[3] < tensor.dims[3])
        return np.where(inside, source[tuple(np.where(inside, axis, 0) for axis in place)], 0)

    for step in steps:
        activity = 2 * near(m, step, 0, 0, 0, -1) + 2 * near(m, step, 0, 0, -1, 0)
        activity += near(m, step, 0, 0, -1, -1) + 2 * near(m, step, -1, 0, 0, 0)
        activity += near(m, step, -1, 0, 0, 1) + near(m, step, -1, 0, 1, 0)
        activity += np.where(c[step] % 2 == 1, 2 * near(m, step, 0, -1, 0, 0), 0)
        contexts = sum((activity >= bound).astype(int) for bound in (1, 2, 3, 5, 7, 10, 14, 20, 30))
        m[n[step], c[step], r[step], w[step]] = block.step(tables[contexts], MAGNITUDES)
    for step, found in zip(steps, block.finish(), strict=True):
        residuals[n[step], c[step], r[step], w[step]] = found
    for step in steps:
        left, above = near(q, step, 0, 0, 0, -1), near(q, step, 0, 0, -1, 0)
        before, first_row, first_column = near(q, step, -1, 0, 0, 0), r[step] == 0, w[step] == 0
        one_ = np.where(first_column, np.where(first_row, before, above), left)
        two = np.where(first_row, np.where(first_column, before, left), above)
        median = np.sort([one_, two, before], axis=0)[1]
        where = n[step], c[step], r[step], w[step]
        q[where] = residuals[where] + median
    need(np.abs(q).max() < 1 << 15, "field integer too large")
    return q


# ---------------------------------------------------------------- clause 7.5: mode spectral


def channel_shapes(file: File, tensor: Tensor) -> list[tuple[int, ...]]:
    """(K, rows, columns, block height, block width) of each channel."""
    need(file.arch["id"] == 2 and tensor.role == 1, "mode spectral elsewhere", "unsupported")
    side = 1 << file.arch["block"]
    rows, columns = (-(-file.head[name] // side) for name in ("height", "width"))
    need(len(tensor.dims) == 4, "spectral tensor has not four dimensions")
    shapes = [
        (tensor.dims[0], rows, columns, side >> sy, side >> sx) for sy, sx in block_shifts(file)
    ]
    total = sum(height * width for *_, height, width in shapes)
    need(tensor.dims[1:] == (rows, columns, total), "dimensions of the spectral tensor")
    return shapes


def subsampling(file: File) -> list[tuple[int, int]]:
    """log2 of the vertical and horizontal subsampling of each plane (clause 6.1)."""
    chroma = [None, (1, 1), (0, 1), (0, 0)][file.head["chroma"]]
    return [(0, 0)] if chroma is None else [(0, 0), chroma, chroma]


def block_shifts(file: File) -> list[tuple[int, int]]:
    """log2 of how much smaller the blocks of each plane are: not at all beside a single sample."""
    native = (file.head["height"], file.head["width"])
    return [
        tuple(shift if size > 1 else 0 for shift, size in zip(shifts, native, strict=True))
        for shifts in subsampling(file)
    ]


def decode_spectral(file: File, tensor: Tensor) -> list[Ints]:
    """Clause 7.5: q[k, row, column, v, u] of each channel."""
    shapes = channel_shapes(file, tensor)
    fields = Fields(tensor.payload)
    fields.bytes(3 * len(shapes))
    try:
        return linc_mixing.decode(fields.data[fields.at :], shapes)
    except linc_mixing.Broken as broken:
        refuse(str(broken))


# ---------------------------------------------------------------- clause 6.8: the digest


def decode(file: File, tensor: Tensor) -> list[Ints]:
    """The numbers of a tensor, as integers; one array, or one a channel."""
    if tensor.mode == 4:
        return decode_spectral(file, tensor)
    if tensor.mode == 5:
        return [decode_field(tensor)]
    if tensor.mode == 6:
        need(file.arch["id"] == 2, "pictures outside architecture linc", "unsupported")
        return [np.frombuffer(tensor.payload, "<i4", 4).astype(np.int64)]
    plain = (decode_raw, decode_const, decode_minmax, decode_lattice)
    return [plain[tensor.mode](tensor)]


def decode_all(file: File) -> None:
    """Decode every tensor and compare the digest with dGST."""
    digest = hashlib.sha256()
    for segment in file.segments:
        for tensor in segment.tensors:
            tensor.numbers = decode(file, tensor)
            check_finite(tensor)
            for numbers in tensor.numbers:
                if tensor.mode == 4:
                    places = np.flatnonzero(numbers)
                    digest.update(places.astype("<i4").tobytes())
                    numbers = numbers.ravel()[places]
                digest.update(numbers.astype("<i4").tobytes())
        if pictures_of(segment):
            decode_pictures(file, segment)
    file.digest = digest.digest()
    need(file.parts.get("dGST", file.digest) == file.digest, "dGST", "digest")
    for alignment in file.alignments:
        for segment in file.segments if alignment.heads else []:
            decoded_head(file, alignment, segment)


# ---------------------------------------------------------------- clause 7.10: mode partitioned


def decode_pictures(file: File, segment: Segment) -> None:
    """Decode all pictures of a segment and compare their digest."""
    tensor, head = pictures_of(segment), file.head
    assert tensor is not None
    shape = (head["width"], head["height"], head["chroma"], head["depth"], segment.frames)
    try:
        held = linc_partitioned.most_held(
            linc_partitioned.read_records(tensor.payload[16:], shape[4])
        )
        within("pictures", held * head["width"] * head["height"])
        found = dict(linc_pictures.decode_pictures(tensor.payload[16:], *shape))
    except linc_partitioned.Broken as broken:
        refuse(str(broken), broken.kind)
    segment.pictures = [found[display] for display in range(segment.frames)]
    need(picture_digest(file, segment) == tensor.payload[:16], "digest of pictures", "digest")


def picture_digest(file: File, segment: Segment) -> bytes:
    """16 bytes over the codes of all pictures."""
    digest, kind = hashlib.sha256(), "u1" if file.head["depth"] == 8 else "<u2"
    for planes in segment.pictures:
        for plane in planes:
            digest.update(plane.astype(kind).tobytes())
    return digest.digest()[:16]


# ---------------------------------------------------------------- clause 7: values of a tensor


def values(tensor: Tensor) -> Floats:
    """The elements of a plain tensor; every operation rounds to binary32 as clause 7 says."""
    q = tensor.numbers[0]
    if tensor.mode <= 1:
        return q.astype(np.int32).view(np.float32).astype(np.float64)
    if tensor.mode == 2:
        return np.float32(tensor.a + q * tensor.b).astype(np.float64)
    if tensor.mode == 5:
        field = np.float32(q) * np.float32(tensor.a)
        need(np.isfinite(field).all(), "field value is not finite")
        return field.astype(np.float64)
    rows = tensor.dims[0] if len(tensor.dims) > 1 else 1
    exponents = np.frombuffer(tensor.payload[:rows], np.int8).astype(np.int32)
    steps = np.float32(q) * np.float32(tensor.a)
    scaled = np.ldexp(steps.reshape(rows, -1), exponents[:, None]).astype(np.float32)
    return scaled.reshape(tensor.dims).astype(np.float64)


def check_finite(tensor: Tensor) -> None:
    """No value overflows binary32, nor would that of 1 or -1 in a spectral tensor."""
    with np.errstate(over="ignore", invalid="ignore"):
        if tensor.mode == 6:
            return
        if tensor.mode < 4:
            need(np.isfinite(values(tensor)).all(), "a value is not finite")
            return
        for channel in range(len(tensor.numbers)):
            need(np.isfinite(spectral_values(tensor, channel)).all(), "a value is not finite")
            one = Tensor(**{**vars(tensor), "numbers": [np.array([1, -1])] * (channel + 1)})
            need(np.isfinite(spectral_values(one, channel)).all(), "the step is too large")


def spectral_values(tensor: Tensor, channel: int) -> Floats:
    """Clause 7.5: w[k, row, column, v, u] of one channel."""
    q = tensor.numbers[channel]
    step = np.float32(tensor.a) * (np.float32(tensor.b) if channel else np.float32(1))
    stored = np.frombuffer(tensor.payload, np.int8, 3, 3 * channel)
    centroids = np.array([0, *stored], np.int64)
    i = 128 * q + np.sign(q) * centroids[np.minimum(np.abs(q), 3)]
    return (np.float32(i) * np.float32(step / 128)).astype(np.float64)


# ---------------------------------------------------------------- clause 8: rendering


@dataclass
class Axis:
    """One axis of one plane: its samples and its blocks."""

    size: int
    block: int
    overlap: int
    count: int
    """Blocks."""

    def basis(self) -> Floats:
        """Clause 8.3: [size, blocks * frequencies] at the centres of native samples."""
        p = (np.arange(self.size) + 0.5)[:, None]
        b, side = np.arange(self.count), self.block
        rise, fall = self.edge(p - b * side), self.edge((b + 1) * side - p)
        window = np.where(b > 0, rise, 1) * np.where(b < self.count - 1, fall, 1)
        k = np.arange(side)
        wave = np.cos(np.pi * k * (p - b * side)[..., None] / side)
        scale = np.where(k > 0, np.sqrt(2 / side), np.sqrt(1 / side))
        return (window[..., None] * wave * scale).reshape(self.size, -1)

    def edge(self, d: Floats) -> Floats:
        if self.overlap == 0:
            return (d >= 0).astype(np.float64)
        tau = np.sqrt(np.clip(np.abs(d) / self.overlap, 0, 1))
        return np.where(d >= 0, (1 + tau) / 2, (1 - tau) / 2)


def resampling(size: int, out: int) -> Floats:
    """Clause 8.4: [out, size] weights of the native samples of an axis."""
    h, k = size / out, np.arange(size)
    if h >= 1:
        left = np.arange(out)[:, None] * h
        return np.maximum(0, np.minimum(left + h, k + 1) - np.maximum(left, k)) / h
    sharp = np.eye(size)
    for near in (np.maximum(k - 1, 0), np.minimum(k + 1, size - 1)):
        sharp += 0.04 * (1 - h) * (np.eye(size) - np.eye(size)[near])
    weights = np.zeros((out, size))
    p = (np.arange(out) + 0.5) * h - 0.5
    for tap in range(-3, 5):
        j = np.floor(p).astype(int) + tap
        kernel = np.sinc(p - j) * np.sinc((p - j) / 4)
        np.add.at(weights, (np.arange(out), np.clip(j, 0, size - 1)), kernel)
    return weights / weights.sum(1, keepdims=True) @ sharp


def axes_of(file: File) -> list[tuple[Axis, Axis]]:
    """(vertical, horizontal) axis of each plane."""
    native, side = (file.head["height"], file.head["width"]), 1 << file.arch["block"]
    planes = []
    for shifts, smaller in zip(subsampling(file), block_shifts(file), strict=True):
        down, across = (
            Axis(
                size=-(-samples // (1 << shift)),
                block=side >> less,
                overlap=file.arch["overlap"] >> less,
                count=-(-samples // side),
            )
            for samples, shift, less in zip(native, shifts, smaller, strict=True)
        )
        planes.append((down, across))
    return planes


def one(segment: Segment, role: int, layer: int = 0) -> Tensor | None:
    """The tensor of a role and layer."""
    found = (t for t in segment.tensors if (t.role, t.layer) == (role, layer))
    return next(found, None)


def sized(segment: Segment, role: int, layer: int, dims: tuple[int, ...]) -> Floats:
    """The values of a tensor that must have these dims."""
    found = one(segment, role, layer)
    need(found and found.dims == dims, f"{ROLES[role]} {layer} is missing or not {dims}")
    assert found is not None
    return values(found)


def latent_at(file: File, segment: Segment, time: float) -> Floats:
    """Clause 8.2."""
    tensor = one(segment, 2)
    need(tensor, "segment without latents")
    assert tensor is not None
    if file.arch["id"] == 1:
        entries = file.arch["latent"]
    else:
        entries = tensor.dims[0]
        if one(segment, 26) is None:
            spectral = one(segment, 1)
            need(spectral and spectral.mode == 4, "segment without spectral part")
            assert spectral is not None
            entries = spectral.dims[0]
        need(entries <= file.arch["components"], "number of latent entries")
    need(tensor.dims == (entries, segment.frames), "dimensions of the latents")
    z, floor = values(tensor), min(math.floor(time), segment.frames - 1)
    s = time - floor
    return z[:, floor] if s == 0 else (1 - s) * z[:, floor] + s * z[:, floor + 1]


def spectral_planes(segment: Segment, z: Floats, axes: list[tuple[Axis, Axis]]) -> list[Floats]:
    """Clause 8.3, in units of 8.1."""
    tensor, planes = one(segment, 1), []
    assert tensor is not None
    for channel, (down, across) in enumerate(axes):
        c = np.tensordot(z, spectral_values(tensor, channel), 1).transpose(0, 2, 1, 3)
        matrix = c.reshape(c.shape[0] * c.shape[1], -1)
        planes.append(down.basis() @ matrix @ across.basis().T)
    return planes


def has_network(file: File, segment: Segment) -> bool:
    """Clause 8.5: ARCH declares one and the segment has tensors of it."""
    return file.arch["layers"] > 0 and any(3 <= t.role <= 8 for t in segment.tensors)


def residual_planes(
    file: File, segment: Segment, z: Floats, native: list[Floats]
) -> list[Floats] | None:
    """Clause 8.5 rules 1 to 4: the network's residual for planes of native size, or None."""
    layers, stride = file.arch["layers"], file.arch["stride"]
    if not has_network(file, segment):
        return None

    def tensor(role: int, layer: int, *dims: int) -> Floats:
        return sized(segment, role, layer, dims)

    cells = [(stride >> sy, stride >> sx) for sy, sx in subsampling(file)]
    grid = tuple(-(-file.head[name] // stride) for name in ("height", "width"))
    x = np.concatenate(
        [to_cells(p / 32, grid, cell) for p, cell in zip(native, cells, strict=True)]
    )
    lead = np.zeros(file.arch["latents"])
    lead[: len(z)] = 8 * z[: len(lead)]
    wide, narrow, samples = file.arch["channels"], file.arch["hidden"], len(x)
    hidden = np.tanh(tensor(5, 0, narrow, len(lead)) @ lead + tensor(6, 0, narrow))
    count = 2 * wide * layers
    modulation = tensor(5, 1, count, narrow) @ hidden + tensor(6, 1, count)
    modulation = modulation.reshape(layers, 2, wide)
    for layer in range(layers):
        y = convolved(x, tensor(3, layer, wide, len(x), 3, 3), tensor(4, layer, wide))
        scale, shift = modulation[layer][..., None, None]
        x = np.maximum(0, y * (1 + scale) + shift)
    head, bias = tensor(7, 0, samples, wide), tensor(8, 0, samples)
    out = 32 * (np.tensordot(head, x, 1) + bias[:, None, None])
    planes, at = [], 0
    for plane, (ch, cw) in zip(native, cells, strict=True):
        part = out[at : at + ch * cw].reshape(ch, cw, *grid).transpose(2, 0, 3, 1)
        whole = part.reshape(grid[0] * ch, grid[1] * cw)
        planes.append(whole[: plane.shape[0], : plane.shape[1]])
        at += ch * cw
    return planes


def to_cells(plane: Floats, grid: tuple[int, ...], cell: tuple[int, int]) -> Floats:
    """A plane as [samples of a cell, grid rows, grid columns], its edges repeated."""
    rows, columns = grid[0] * cell[0], grid[1] * cell[1]
    pad = ((0, rows - plane.shape[0]), (0, columns - plane.shape[1]))
    whole = np.pad(plane, pad, mode="edge")
    split = whole.reshape(grid[0], cell[0], grid[1], cell[1]).transpose(1, 3, 0, 2)
    return split.reshape(-1, *grid)


def convolved(x: Floats, weight: Floats, bias: Floats) -> Floats:
    """Clause 8.5 rule 3: 3 x 3 cross-correlation, edges repeated."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)), mode="edge")
    height, width = x.shape[1:]
    out = np.zeros((len(weight), height, width)) + bias[:, None, None]
    for dy, dx in np.ndindex(3, 3):
        shifted = padded[:, dy : dy + height, dx : dx + width]
        out += np.tensordot(weight[:, :, dy, dx], shifted, 1)
    return out


# ---------------------------------------------------------------- clause 8.10: latent-inr

MATRICES = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114)}
MATRICES |= {7: (0.212, 0.087), 9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}


def encoded(file: File, segment: Segment, rows: int, columns: int) -> Floats:
    """Clauses 8.10.1 and 8.10.2: [rows * columns, width of the encoding]."""
    arch = file.arch
    x = np.tile(np.float32((np.arange(columns) + 0.5) / columns).astype(np.float64), rows)
    y = np.repeat(np.float32((np.arange(rows) + 0.5) / rows).astype(np.float64), columns)
    if arch["encoding"] == 1:
        table = sized(segment, 16, 0, (arch["frequencies"], 2))
        a = 2 * np.pi * (np.outer(x, table[:, 0]) + np.outer(y, table[:, 1]))
        return np.concatenate([np.cos(a), np.sin(a)], 1)
    total = sum(entries for _, _, entries, _ in arch["levels"])
    table, start, out = sized(segment, 16, 0, (total, arch["features"])), 0, []
    for scale, resolution, entries, hashed in arch["levels"]:
        q = [np.float32(scale * axis + 0.5).astype(np.float64) for axis in (x, y)]
        cells = [np.floor(axis) for axis in q]
        shares = [axis - cell for axis, cell in zip(q, cells, strict=True)]
        features = np.zeros((len(x), arch["features"]))
        for dx, dy in np.ndindex(2, 2):
            cx, cy = (cell.astype(np.int64) + d for cell, d in zip(cells, (dx, dy), strict=True))
            i = cx ^ (cy * 2654435761 % 2**32) if hashed else cx + cy * resolution
            weight = (shares[0] if dx else 1 - shares[0]) * (shares[1] if dy else 1 - shares[1])
            features += weight[:, None] * table[start + i % 2**32 % entries]
        out.append(features)
        start += entries
    return np.concatenate(out, 1)


def modulation(file: File, segment: Segment, z: Floats, c: int, dims: tuple[int, int]) -> Floats:
    """Clause 8.10.3: sigma(P Q) of the base layer with hypernetwork number c."""
    arch, (a, b) = file.arch, dims
    count, rank = arch["hyper_layers"], arch["rank"]
    widths = [arch["latent"], *[arch["hyper_hidden"]] * (count - 1), rank * (a + b) or a * b]
    x = z
    for j in range(count):
        at = c * count + j
        weight = sized(segment, 5, at, (widths[j + 1], widths[j]))
        x = weight @ x + sized(segment, 6, at, (widths[j + 1],))
        x = np.tanh(x) if j + 1 < count else x
    product = x[: a * rank].reshape(a, rank) @ x[a * rank :].reshape(rank, b) if rank else x
    product = product.reshape(a, b)
    if arch["sigma"] == 0:
        return 1 / (1 + np.exp(-product))
    return np.tanh(product) if arch["sigma"] == 1 else product


def inr_colours(file: File, segment: Segment, z: Floats, rows: int, columns: int) -> Floats:
    """Clauses 8.10.4 and 8.10.5: R, G, B as [3, rows * patch, columns * patch]."""
    arch, x = file.arch, encoded(file, segment, rows, columns)
    patch, numbers = arch["patch"], itertools.count()
    for layer in range(arch["layers"]):
        last = layer == arch["layers"] - 1
        dims = (3 if last and patch == 1 else arch["hidden"], x.shape[1])
        weight = sized(segment, 17, layer, dims)
        if arch["modulated"] >> layer & 1:
            weight = weight * modulation(file, segment, z, next(numbers), dims)
        x = x @ weight.T + sized(segment, 18, layer, dims[:1])
        x = x if last and patch == 1 else np.maximum(0, x)
    if patch == 1:
        return x.T.reshape(3, rows, columns)
    k, out = arch["kernel"], 3 * patch * patch
    weight = sized(segment, 19, 0, (out, arch["hidden"], k, k))
    image = x.T.reshape(-1, rows, columns)
    image = np.pad(image, ((0, 0), (k // 2, k // 2), (k // 2, k // 2)), mode="edge")
    y = np.zeros((out, rows, columns)) + sized(segment, 20, 0, (out,))[:, None, None]
    for dy, dx in np.ndindex(k, k):
        y += np.tensordot(weight[:, :, dy, dx], image[:, dy : dy + rows, dx : dx + columns], 1)
    split = y.reshape(3, patch, patch, rows, columns).transpose(0, 3, 1, 4, 2)
    return split.reshape(3, rows * patch, columns * patch)


def inr_planes(file: File, segment: Segment, z: Floats, size: tuple[int, int]) -> list[Floats]:
    """Clause 8.10.6."""
    head, patch = file.head, file.arch["patch"]
    native = (head["height"], head["width"])
    of = native if patch > 1 else size
    rows, columns = (-(-side // patch) for side in of)
    rgb = np.clip(inr_colours(file, segment, z, rows, columns)[:, : of[0], : of[1]], 0, 1)
    if of != size:
        down, across = (resampling(n, out) for n, out in zip(of, size, strict=True))
        rgb = np.clip(down @ rgb @ across.T, 0, 1)
    default = 1 if native[0] >= 720 or native[1] >= 1280 else 6
    k_r, k_b = MATRICES.get(head["matrix"], MATRICES[default])
    red, green, blue = rgb
    e = k_r * red + (1 - k_r - k_b) * green + k_b * blue
    full = (2 ** head["depth"] - 1) / 2.0 ** (head["depth"] - 8)
    s, o, u = (full, -128, full) if head["full_range"] else (219, -112, 224)
    planes = [e * s + o, (blue - e) / (2 * (1 - k_b)) * u, (red - e) / (2 * (1 - k_r)) * u]
    return [
        block_means(plane, 1 << sy, 1 << sx)
        for plane, (sy, sx) in zip(planes, subsampling(file), strict=False)
    ]


def block_means(plane: Floats, down: int, across: int) -> Floats:
    """Means over blocks; the last row and column repeat."""
    pad = ((0, -plane.shape[0] % down), (0, -plane.shape[1] % across))
    whole = np.pad(plane, pad, mode="edge")
    return whole.reshape(whole.shape[0] // down, down, -1, across).mean((1, 3))


def planes_at(file: File, segment: Segment, time: float, size: tuple[int, int]) -> list[Floats]:
    """The planes at one time of one segment, in the units of clause 8.1."""
    if file.arch["id"] == 1:
        return inr_planes(file, segment, latent_at(file, segment, time), size)
    return resampled(file, native_planes(file, segment, time), size)


def resampled(file: File, planes: list[Floats], size: tuple[int, int]) -> list[Floats]:
    """Clause 8.4."""
    if size == (file.head["height"], file.head["width"]):
        return planes
    out = []
    for plane, shifts in zip(planes, subsampling(file), strict=True):
        down, across = (
            resampling(samples, -(-whole // (1 << shift)))
            for samples, whole, shift in zip(plane.shape, size, shifts, strict=True)
        )
        out.append(down @ plane @ across.T)
    return out


def native_planes(file: File, segment: Segment, time: float) -> list[Floats]:
    """Spectral part or decoded picture, plus residual."""
    z = latent_at(file, segment, time)
    if segment.pictures:
        scale = 2.0 ** (file.head["depth"] - 8)
        planes = [codes / scale - 128 for codes in segment.pictures[int(time)]]
    else:
        planes = spectral_planes(segment, z, axes_of(file))
    residual = residual_planes(file, segment, z, planes)
    if residual is None:
        return planes
    return [plane + extra for plane, extra in zip(planes, residual, strict=True)]


# ---------------------------------------------------------------- clause 8.7: frame rate


def render(
    file: File, index: int, alpha: int = 1, size: tuple[int, int] | None = None
) -> list[Floats]:
    """Clause 8.7: values of output frame ``index`` before rounding; ``decode_all`` comes first."""
    frame, part = divmod(index, alpha)
    size = size or (file.head["height"], file.head["width"])
    if part == 0 or not goes_on(file, frame):
        return frame_at(file, frame, size)
    share = Fraction(part, alpha)
    shown = between(file, frame, share)
    values = [plane / 2.0 ** (file.head["depth"] - 8) - 128 for plane in shown]
    return resampled(file, values, size)


def frame_at(file: File, frame: int, size: tuple[int, int]) -> list[Floats]:
    """A frame itself."""
    segment = next(s for s in file.segments if frame < s.first + s.frames)
    motion_of(segment)
    return planes_at(file, segment, frame - segment.first, size)


def goes_on(file: File, frame: int) -> bool:
    """Whether something lies between a frame and the next one."""
    at = next(i for i, s in enumerate(file.segments) if frame < s.first + s.frames)
    if frame < file.segments[at].first + file.segments[at].frames - 1:
        return True
    return at + 1 < len(file.segments) and file.segments[at + 1].continues


def between(file: File, frame: int, share: Fraction) -> list[Ints]:
    """Codes at native size of what lies between a frame and the next one."""
    native = file.head["height"], file.head["width"]
    first, second = (codes(file, frame_at(file, at, native)) for at in (frame, frame + 1))
    return linc_between.scene(first, second, file.head["depth"]).at(share)


def motion_of(segment: Segment) -> Tensor | None:
    """The tensor of role motion, checked; nothing uses it any more."""
    tensor = one(segment, 24)
    right = tensor is None or (tensor.mode == 5 and tensor.dims[:2] == (segment.frames, 2))
    need(right, "mode or dimensions of the motion")
    return tensor


def codes(file: File, planes: list[Floats]) -> list[Ints]:
    """Clause 8.6."""
    depth = file.head["depth"]
    scaled = [np.floor((plane + 128) * 2.0 ** (depth - 8) + 0.5) for plane in planes]
    return [np.clip(plane, 0, (1 << depth) - 1).astype(np.int64) for plane in scaled]


# ---------------------------------------------------------------- clause 8.9: embeddings


def lattice(payload: bytes, *dims: int) -> Tensor:
    """A lattice tensor with step 1 outside SEGM, decoded."""
    tensor = Tensor(0, 0, 3, 0, dims, len(payload), 1.0, 0.0, payload)
    tensor.numbers = [decode_lattice(tensor)]
    need(np.isfinite(values(tensor)).all(), "value of a head is not finite")
    return tensor


def decoded_head(
    file: File, alignment: Alignment, segment: Segment
) -> tuple[Tensor, Tensor | None]:
    """Basis and mix of one segment; no mix for rank 0."""
    rank, basis, mix = alignment.heads[file.segments.index(segment)]
    latents = one(segment, 2)
    need(latents and len(latents.dims) == 2, "segment without latents")
    assert latents is not None
    entries = latents.dims[0]
    return (
        lattice(basis, rank + 1, alignment.dimension),
        lattice(mix, rank, entries) if rank else None,
    )


def embedding(file: File, alignment: Alignment, segment: Segment, time: float) -> Floats:
    """The embedding at a time of a segment; ``decode_all`` comes first."""
    z = latent_at(file, segment, time)
    if alignment.first is not None:
        return z[alignment.first :][: alignment.dimension]
    basis, mix = decoded_head(file, alignment, segment)
    mean = np.mean([latent_at(file, segment, t) for t in range(segment.frames)], axis=0)
    out = values(basis)[0].astype(np.float64)
    return out if mix is None else out + values(mix) @ (z - mean) @ values(basis)[1:]


# ---------------------------------------------------------------- what a file is, and the command


def describe(file: File) -> dict[str, Any]:
    """What the manifest of the vectors says of a good file: counts, digest, the last frame."""
    decode_all(file)
    digits = 2 if file.head["depth"] == 8 else 4
    end = file.segments[-1]
    exact = [picture_digest(file, segment).hex() for segment in file.segments if segment.pictures]
    exactly = end.pictures and not has_network(file, end)
    last = [] if exactly else codes(file, render(file, file.frames - 1))
    embeddings = [
        [round(x, 6) for x in embedding(file, alignment, end, end.frames - 1).tolist()]
        for alignment in file.alignments
    ]
    shown = ["".join(f"{c:0{digits}x}" for c in plane.flat) for plane in last]
    return {
        "frames": file.frames,
        "segments": len(file.segments),
        "sections": len(file.sections),
        "digest": file.digest.hex(),
        **({"pictures": exact} if exact else {}),
        **({"last_frame": shown} if shown else {}),
        **({"embeddings": embeddings} if embeddings else {}),
    }


def main() -> int:
    """Check one file; print what is in it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--frame", type=int, help="also render this frame (counted from 0)")
    arguments = parser.parse_args()
    try:
        file = read(arguments.file.read_bytes())
        for kind, offset, length in file.sections:
            print(f"{offset:10d}  {kind}  {length}")
        for segment in file.segments:
            print(f"frames {segment.first} to {segment.first + segment.frames - 1}")
            for t in segment.tensors:
                print(f"  {ROLES[t.role]} {t.layer}  mode {t.mode}  {t.dims}  {t.length} bytes")
        decode_all(file)
        for alignment in file.alignments:
            print(f"aligned to {alignment.model}, {alignment.dimension} numbers")
        print(f"digest {file.digest.hex()}")
        if arguments.frame is not None:
            need(0 <= arguments.frame < file.frames, "there is no such frame")
            for plane in codes(file, render(file, arguments.frame)):
                print(f"plane {plane.shape[1]} x {plane.shape[0]}: mean {plane.mean():.3f}")
    except Refused as refusal:
        print(f"{arguments.file}: {refusal}", file=sys.stderr)
        return EXIT[refusal.kind]
    except OSError as error:
        print(f"{arguments.file}: {error.strerror}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
