"""The hash grid: its level table, its rows against plain integers, and its backends alike."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lincodec.container import GridLevel
from lincodec.errors import ResourceError, UsageError
from lincodec.model import hashgrid
from lincodec.model.hashgrid.gather import corners
from lincodec.model.hashgrid.levels import derive, tcnn_settings

CPU = torch.device("cpu")
#: A dense level, one whose rows wrap at the edge, and two hashed ones.
LEVELS = derive(4, 5, 1.9, 6)
PRIME = 2654435761


def grid_positions(side: int) -> Tensor:
    axis = (torch.arange(side) + 0.5) / side
    return torch.stack([axis.repeat(side), axis.repeat_interleave(side)], 1)


def test_the_level_table_of_tiny_cuda_nn() -> None:
    """Its documented defaults: base 16, growth 2, 2^19 entries."""
    levels = derive(16, 16, 2.0, 19)
    assert [level.scale for level in levels[:3]] == [15.0, 31.0, 63.0]
    assert [level.resolution for level in levels[:3]] == [16, 32, 64]
    assert [level.entries for level in levels[:3]] == [256, 1024, 4096]
    assert [level.hashed for level in levels] == [False] * 6 + [True] * 10
    odd = derive(2, 5, 1.3, 19)[1]
    assert (odd.resolution, odd.entries) == (7, 56)  # 49 rounded up to a multiple of 8


@pytest.mark.parametrize(
    ("count", "finest", "rows"), [(16, 2048, 15), (12, 960, 17), (8, 33, 12), (1, 500, 9)]
)
def test_designed_scales_keep_away_from_integers(count: int, finest: int, rows: int) -> None:
    levels = hashgrid.design(count, 16, finest, rows)
    assert len(levels) == count
    assert all(abs(level.scale - round(level.scale)) >= 5e-3 for level in levels[1:])
    if count > 1:
        assert levels[-1].resolution == pytest.approx(finest, rel=0.05)
    assert max(level.entries for level in levels) <= 1 << rows
    assert tcnn_settings(levels)["n_levels"] == count


def test_a_level_table_that_tiny_cuda_nn_would_not_derive() -> None:
    odd = (*LEVELS[:1], GridLevel(6.5, 9, 128, False))
    with pytest.raises(UsageError, match="level table"):
        tcnn_settings(odd)


def test_rows_and_weights_against_plain_integers() -> None:
    positions = torch.cat([grid_positions(9), torch.tensor([[1.0, 1.0], [0.0, 1.0]])])
    rows, weights = corners(positions, LEVELS)
    for n, (x, y) in enumerate(positions.tolist()):
        start = 0
        for at, level in enumerate(LEVELS):
            px, py = x * level.scale + 0.5, y * level.scale + 0.5
            gx, gy = math.floor(px), math.floor(py)
            for corner in range(4):
                cx, cy = gx + corner % 2, gy + corner // 2
                index = cx ^ (cy * PRIME % 2**32) if level.hashed else cx + cy * level.resolution
                assert int(rows[n, at, corner]) == start + index % level.entries
                wx, wy = px - gx, py - gy
                expected = (wx if corner % 2 else 1 - wx) * (wy if corner // 2 else 1 - wy)
                assert float(weights[n, at, corner]) == pytest.approx(expected, abs=2e-6)
            start += level.entries
    assert {level.hashed for level in LEVELS} == {False, True}


def plain(table: Tensor, positions: Tensor) -> Tensor:
    """The encoding as anyone would write it."""
    rows, weights = corners(positions, LEVELS)
    return (table[rows] * weights[..., None]).sum(2).flatten(1)


def outputs(backend: str, table: Tensor, positions: Tensor, weight: Tensor) -> list[Tensor]:
    """Features, gradient, and features of some positions."""
    leaf = table.clone().requires_grad_(True)
    encoding = hashgrid.make(backend, LEVELS, positions)
    features = encoding(leaf)
    (features * weight).sum().backward()
    assert leaf.grad is not None
    some = encoding.at(torch.tensor([7, 3, 3]))(table)
    return [features.detach(), leaf.grad, some.detach()]


def case() -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(4)
    positions = grid_positions(13)
    table = torch.randn(hashgrid.entries(LEVELS), 2, generator=generator)
    weight = torch.randn(len(positions), 2 * len(LEVELS), generator=generator)
    return table, positions, weight


@pytest.mark.parametrize("backend", ["torch", "csr"])
def test_backends_on_the_cpu_agree(backend: str) -> None:
    table, positions, weight = case()
    leaf = table.clone().requires_grad_(True)
    expected = plain(leaf, positions)
    (expected * weight).sum().backward()
    assert leaf.grad is not None
    features, gradient, some = outputs(backend, table, positions, weight)
    torch.testing.assert_close(features, expected.detach(), atol=1e-5, rtol=0)
    torch.testing.assert_close(gradient, leaf.grad, atol=1e-5, rtol=0)
    torch.testing.assert_close(some, features[[7, 3, 3]], atol=1e-5, rtol=0)


_TRITON = """
import json, sys
import torch
sys.path.insert(0, sys.argv[1])
from model.test_hashgrid import case, outputs
from lincodec.model import hashgrid
assert hashgrid.choose("triton", torch.device("cpu")) == "triton"
pairs = zip(outputs("triton", *case()), outputs("torch", *case()), strict=True)
print(json.dumps([float((a - b).abs().max()) for a, b in pairs]))
"""


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="triton is not installed")
def test_triton_agrees_in_the_interpreter() -> None:
    """In a fresh process: triton looks at the environment when it is imported."""
    tests = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    done = subprocess.run(
        [sys.executable, "-c", _TRITON, tests],
        capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert max(json.loads(done.stdout)) <= 1e-4


class FakeEncoding(nn.Module):
    """Has the face of ``tinycudann.Encoding`` and computes with the reference."""

    def __init__(self, dims: int, config: dict[str, Any], dtype: torch.dtype) -> None:
        super().__init__()
        assert (dims, dtype, config["otype"]) == (2, torch.float32, "HashGrid")
        base, growth = config["base_resolution"], config["per_level_scale"]
        self.levels = derive(config["n_levels"], base, growth, config["log2_hashmap_size"])
        self.features = config["n_features_per_level"]
        self.params = nn.Parameter(torch.zeros(hashgrid.entries(self.levels) * self.features))

    def forward(self, positions: Tensor) -> Tensor:
        encoding = hashgrid.make("torch", self.levels, positions)
        return encoding(self.params.view(-1, self.features))


def test_the_tinycudann_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our table and positions reach it, and its gradient our table."""
    fake = ModuleType("tinycudann")
    fake.Encoding = FakeEncoding  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tinycudann", fake)
    monkeypatch.delitem(sys.modules, "lincodec.model.hashgrid.tcnn", raising=False)
    found, expected = (outputs(backend, *case()) for backend in ("tcnn", "torch"))
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=0)
    sys.modules.pop("lincodec.model.hashgrid.tcnn")


def test_a_backend_that_cannot_run_says_so_in_one_line() -> None:
    assert hashgrid.choose("auto", CPU) in ("csr", "torch")
    assert hashgrid.choose("torch", CPU) == "torch"
    with pytest.raises(UsageError, match="--backend cuda: unknown; expected auto, torch"):
        hashgrid.choose("cuda", CPU)
    with pytest.raises(ResourceError, match=r"--backend tcnn: cannot run on cpu; it needs a CUDA"):
        hashgrid.choose("tcnn", CPU)
    with pytest.raises(ResourceError, match="--backend csr: cannot run on cuda"):
        hashgrid.choose("csr", torch.device("cuda"))


def test_without_triton(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ResourceError, match="triton package is not installed"):
        hashgrid.choose("triton", torch.device("cuda"))
    assert hashgrid.choose("auto", torch.device("cuda")) == "torch"
