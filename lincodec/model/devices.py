"""Which torch device a job runs on."""

from __future__ import annotations

import torch

from lincodec.errors import ResourceError, UsageError

#: Where linear algebra of few numbers and entropy coding run, whatever the device.
CPU = torch.device("cpu")


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
