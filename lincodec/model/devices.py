"""Which torch device a job runs on, and how much it takes at a time there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from lincodec.errors import ResourceError, UsageError

#: Where linear algebra of few numbers and entropy coding run, whatever the device.
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Portions:
    """How much of a job is done together.

    The CPU wants what its caches hold; other devices want few large jobs, bounded by memory.
    """

    rendered: int
    """Luma samples that are rendered together."""
    traced: int
    """Positions times frames of a latent-inr tile, to begin with: halved when memory runs out."""
    summed: int
    """Samples of a frame whose products are summed in binary32 before the binary64 total,"""
    tiled: int
    """and samples of all frames of a tile of weights."""
    positions: int
    """Positions of each frame in a step of a latent-inr fit: on a CPU many small steps win."""

    @staticmethod
    def on(device: torch.device) -> Portions:
        """Those of a device."""
        return PORTIONS.get(device.type, PORTIONS["other"])


PORTIONS = {
    "cpu": Portions(
        rendered=8_000_000, traced=1 << 14, summed=1 << 14, tiled=1 << 18,
        positions=1 << 10,
    ),
    "other": Portions(
        rendered=64_000_000, traced=1 << 22, summed=1 << 18, tiled=1 << 26,
        positions=1 << 17,
    ),
}  # fmt: skip


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread within the block, or the function that this decorates.

    Sums over threads depend on how many there are, so what is fitted would too; and threads that
    share cores with other jobs wait for one another many times longer than they save.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def device_of(name: str) -> torch.device:
    """The device called ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        UsageError: there is no such kind of device.
        ResourceError: it is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"{name!r} is not a device; expected auto, cpu, cuda or cuda:1") from error
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            raise ResourceError(
                f"--device {name}: this machine has {count} CUDA devices that torch can use; "
                "use --device cpu, or a torch built for CUDA"
            )
    return device


def device_name(device: torch.device) -> str:
    """Device class and software, as qLTY names them."""
    if device.type == "cuda":
        return f"cuda {torch.cuda.get_device_name(device)} torch"
    return f"{device.type} torch"
