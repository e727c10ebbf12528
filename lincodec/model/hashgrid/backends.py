"""Which backend encodes positions: by name, or the best there is for a device."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from lincodec.container import GridLevel
from lincodec.errors import ResourceError, UsageError

#: Backends of the hash grid, and what each needs.
BACKENDS: dict[str, str] = {
    "torch": "any device",
    "csr": "a CPU, with a torch that multiplies sparse matrices",
    "triton": "a CUDA device and the triton package",
    "tcnn": "a CUDA device and the tinycudann package",
}


class GridEncoding(Protocol):
    """A hash grid at fixed positions as a differentiable function of its table."""

    def __call__(self, table: Tensor) -> Tensor:
        """Features float32 [N, L * F] of a table float32 [E, F], level by level."""

    def at(self, index: Tensor) -> Callable[[Tensor], Tensor]:
        """The encoding of the positions with these numbers, int64 [M]."""


def choose(name: str, device: torch.device) -> str:
    """The backend to use on a device: ``name`` checked, or the best for ``auto``.

    Raises:
        UsageError: there is no such backend.
        ResourceError: it cannot run here.
    """
    if name == "auto":
        order = ("triton", "torch") if device.type == "cuda" else ("csr", "torch")
        return next(found for found in order if missing(found, device) is None)
    if name not in BACKENDS:
        raise UsageError(f"--backend {name}: unknown; expected auto, {', '.join(BACKENDS)}")
    why = missing(name, device)
    if why is not None:
        raise ResourceError(f"--backend {name}: {why}; it needs {BACKENDS[name]}")
    return name


def missing(name: str, device: torch.device) -> str | None:
    """What a backend lacks on a device, None when it can run."""
    homes = {"csr": "cpu", "tcnn": "cuda", "triton": "cuda"}
    if name == "triton" and importlib.util.find_spec("triton") is None:
        return "the triton package is not installed"
    if homes.get(name, device.type) != device.type and not (name == "triton" and _interpreted()):
        return f"cannot run on {device}"
    if name == "csr" and not torch.backends.mkl.is_available():  # type: ignore[no-untyped-call]
        return "this torch has no MKL"
    if name == "tcnn" and importlib.util.find_spec("tinycudann") is None:
        return "the tinycudann package is not installed"
    return None


def _interpreted() -> bool:
    """Whether triton was told to run its kernels on the CPU."""
    knobs = importlib.import_module("triton").knobs
    return bool(knobs.runtime.interpret)


def make(name: str, levels: Sequence[GridLevel], positions: Tensor) -> GridEncoding:
    """The encoding of fixed positions by the backend called ``name`` (see ``choose``).

    Args:
        name: a key of ``BACKENDS``.
        levels: the level table.
        positions: float32 [N, 2] on the device to use, x before y, 0..1.
    """
    module, kind = {
        "torch": ("gather", "GatherEncoding"),
        "csr": ("csr", "CsrEncoding"),
        "triton": ("on_triton", "TritonEncoding"),
        "tcnn": ("tcnn", "TcnnEncoding"),
    }[name]
    found = importlib.import_module(f"lincodec.model.hashgrid.{module}")
    encoding: Callable[[Sequence[GridLevel], Tensor], GridEncoding] = getattr(found, kind)
    return encoding(levels, positions)
