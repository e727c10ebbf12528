"""Quantised segments to sections and back: every tensor mode, exact latents, the digest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lincodec.bitstream import quantisers
from lincodec.bitstream.segment import (
    Constant,
    Field,
    Key,
    Lattice,
    MinMax,
    Raw,
    SegmentCode,
    Spectral,
    Tensor,
    digest_bytes,
    pack_segment,
    segment_digest_bytes,
    unpack_segment,
)
from lincodec.container import LatentInrArch, LincArch, SegmentData, SegmentHeader
from lincodec.entropy.coefficients import Coefficients
from lincodec.errors import CorruptError, LincError, UnsupportedError
from lincodec.limits import Limits
from lincodec.registry import Mode, Role

ARCH = LincArch(4, 2, 8)
SIZES = ((30, 40), (15, 20), (15, 20))
STEP = float(np.float32(80.63494719327187))
RATIO = float(np.float32(0.6))


def spectral_tensor(seed: int = 0, planes: int = 4) -> Spectral:
    rng = np.random.default_rng(seed)
    channels = []
    for side in (16, 8, 8):
        q = np.trunc(rng.laplace(0, 0.6, (planes, 2, 3, side, side))).astype(np.int32)
        q[0, :, :, 0, 0] = rng.integers(-300, 300, (2, 3))
        channels.append(q)
    centroids = rng.integers(-60, 61, (3, 3)).astype(np.int8)
    return Spectral(tuple(map(Coefficients.of, channels)), STEP, RATIO, centroids)


def latents(seed: int = 0, planes: int = 4, frames: int = 6) -> Lattice:
    rng = np.random.default_rng(seed)
    exponents = np.array([-14, -11, -9, -6][:planes], np.int8)
    scale = np.exp2(-exponents.astype(float))[:, None] * 0.4
    return Lattice(np.rint(rng.normal(0, 1, (planes, frames)) * scale).astype(int), 1.0, exponents)


def code_of(more: dict[Key, Tensor] | None = None) -> SegmentCode:
    rng = np.random.default_rng(9)
    q, low, scale = quantisers.minmax_quantise(rng.normal(0, 1, (5, 7)).astype(np.float32), 6)
    tensors: dict[Key, Tensor] = {
        (Role.SPECTRAL, 0): spectral_tensor(),
        (Role.LATENT, 0): latents(),
        (Role.NET_WEIGHT, 0): MinMax(q, 6, low, scale),
        (Role.NET_BIAS, 0): Raw(rng.normal(0, 1, 5).astype(np.float32)),
        (Role.HYPER_BIAS, 0): Constant((3,), -0.0),
        (Role.HYPER_WEIGHT, 0): Lattice(
            rng.integers(-40, 40, (2, 3, 2)), 0.125, np.array([0, -3], np.int8)
        ),
        (Role.MOTION, 0): Field(rng.integers(-9, 10, (2, 3, 3, 4)), 0.25),
        **(more or {}),
    }
    return SegmentCode(12, 6, True, tensors)


def data_of(code: SegmentCode) -> SegmentData:
    """What a file gives back of a segment, through the bytes of its header."""
    header, weights, latent_bytes = pack_segment(code)
    return SegmentData(0, SegmentHeader.parse(header.pack(), Limits()), weights, latent_bytes)


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    assert a.dtype == b.dtype == np.float32
    return a.shape == b.shape and a.tobytes() == b.tobytes()


def test_every_mode_there_and_back() -> None:
    """But partitioned, which no spectral tensor stands beside: see ``decoder/test_pictures.py``."""
    code = code_of()
    data = data_of(code)
    assert {entry.mode for entry in data.header.tensors} == set(Mode) - {Mode.PARTITIONED}
    found = unpack_segment(data, ARCH, SIZES)
    assert (found.first_frame, found.n_frames, found.continues) == (12, 6, True)
    assert set(found.tensors) == set(code.tensors)
    for key in set(code.tensors) - {(Role.SPECTRAL, 0)}:
        assert same_bits(found.values(*key), code.values(*key)), key
    for ours, theirs in zip(found.spectral.values, code.spectral.values, strict=True):
        assert same_bits(ours, theirs)
    assert [type(found.tensors[k]) for k in code.tensors] == [
        type(t) for t in code.tensors.values()
    ]


def test_latents_are_those_of_the_encoder_bit_for_bit() -> None:
    for seed in range(20):
        given_latents = latents(seed, frames=1 + seed)
        code = code_of({(Role.LATENT, 0): given_latents})
        data = data_of(code)
        found = unpack_segment(data, ARCH, SIZES).values(Role.LATENT)
        assert same_bits(found, given_latents.values)
        expected = given_latents.q * 2.0 ** given_latents.exponents[:, None].astype(float)
        np.testing.assert_array_equal(found.astype(float), expected)


def test_weights_and_latents_lie_in_their_sections() -> None:
    header, weights, latent_bytes = pack_segment(code_of())
    by_role = {entry.role: entry.payload_length for entry in header.tensors}
    assert by_role.pop(Role.LATENT) == len(latent_bytes) > 0
    assert sum(by_role.values()) == len(weights)
    keys = [(entry.role, entry.layer) for entry in header.tensors]
    assert keys == sorted(keys)


def test_the_same_weights_give_the_same_bytes() -> None:
    first, second = pack_segment(code_of()), pack_segment(code_of())
    again = pack_segment(unpack_segment(data_of(code_of()), ARCH, SIZES))
    for header, weights, latent_bytes in (second, again):
        assert header.pack() == first[0].pack()
        assert (weights, latent_bytes) == first[1:]


def test_the_digest_is_that_of_the_integers() -> None:
    code = code_of()
    assert segment_digest_bytes(data_of(code), ARCH, SIZES) == digest_bytes(code)
    parts = []
    for key in sorted(code.tensors):
        tensor = code.tensors[key]
        if isinstance(tensor, Spectral):
            for q in tensor.channels:
                flat = q.dense().ravel().tolist()
                places = [i for i, v in enumerate(flat) if v]
                parts.append(np.array(places, "<i4"))
                parts.append(np.array([flat[i] for i in places], "<i4"))
        elif isinstance(tensor, Raw | Constant):
            parts.append(tensor.values.astype("<f4"))
        else:
            parts.append(tensor.q.astype("<i4"))
    assert digest_bytes(code) == b"".join(part.tobytes() for part in parts)


KEYS = sorted(code_of().tensors)


@given(st.sampled_from(KEYS), st.integers(0, 10**6), st.sampled_from([-1, 1]))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_change_changes_the_digest(key: Key, place: int, by: int) -> None:
    code = code_of()
    tensor = code.tensors[key]
    if isinstance(tensor, Spectral):
        channels = [q.dense() for q in tensor.channels]
        flat = channels[place % 3].ravel()
        flat[place % flat.size] += by
        changed: Tensor = replace(tensor, channels=tuple(map(Coefficients.of, channels)))
    elif isinstance(tensor, Constant):
        changed = replace(tensor, value=tensor.value + by)
    elif isinstance(tensor, Raw):
        values = tensor.values.copy()
        values[place % values.size] = np.nextafter(values[place % values.size], by)
        changed = Raw(values)
    else:
        q = tensor.q.copy()
        q.ravel()[place % q.size] += by
        changed = replace(tensor, q=q)
    assert digest_bytes(code_of({key: changed})) != digest_bytes(code)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_payloads_are_linc_errors(seed: int) -> None:
    data = data_of(code_of())
    rng = np.random.default_rng(seed)
    refused = 0
    for _ in range(25):
        parts = [bytearray(data.wgts), bytearray(data.lats)]
        part = parts[rng.integers(2)]
        part[rng.integers(len(part))] ^= 1 << rng.integers(8)
        try:
            code = unpack_segment(
                SegmentData(0, data.header, bytes(parts[0]), bytes(parts[1])), ARCH, SIZES
            )
            shapes = [q.shape for q in code.spectral.values]
            assert [code.values(*key).size > 0 for key in KEYS[1:]]
        except LincError:
            refused += 1
        else:
            assert shapes == [q.shape for q in code_of().spectral.values]
    assert refused > 8


def test_dims_of_another_picture_are_refused() -> None:
    data = data_of(code_of())
    with pytest.raises(CorruptError, match="dims"):
        unpack_segment(data, ARCH, ((30, 60), (15, 30), (15, 30)))
    with pytest.raises(CorruptError, match="dims"):
        unpack_segment(data, LincArch(3, 2, 8), SIZES)
    with pytest.raises(CorruptError, match="dims"):
        unpack_segment(data, ARCH, SIZES[:1])


def test_spectral_belongs_to_linc() -> None:
    other = LatentInrArch(1, 3, 16, 8, 0, 1, 0, 2, 16, 1, 0, 4, 0)
    with pytest.raises(UnsupportedError, match="spectral"):
        unpack_segment(data_of(code_of()), other, SIZES)


def test_missing_tensors_are_named() -> None:
    code = SegmentCode(7, 1, False, {})
    with pytest.raises(CorruptError, match="frame 7: no latent 0"):
        code.values(Role.LATENT)
    with pytest.raises(CorruptError, match="no spectral"):
        _ = code.spectral


def test_unused_high_frequencies_are_left_out_of_the_values() -> None:
    tensor = spectral_tensor()
    cut = [(13, 16), (8, 5), (1, 1)]
    channels = [q.dense() for q in tensor.channels]
    for q, (v, u) in zip(channels, cut, strict=True):
        q[..., v:, :] = 0
        q[..., u:] = 0
    tensor = replace(tensor, channels=tuple(map(Coefficients.of, channels)))
    for values, q, used in zip(tensor.values, channels, cut, strict=True):
        assert values.shape == (*q.shape[:3], *used)
        assert ((values != 0) == (q[..., : used[0], : used[1]] != 0)).all()


def test_chroma_steps() -> None:
    tensor = spectral_tensor()
    assert tensor.channel_step(0) == STEP
    expected = float(np.float32(STEP) * np.float32(RATIO))
    assert tensor.channel_step(1) == tensor.channel_step(2) == expected
