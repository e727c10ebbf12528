"""Every choice of a latent-inr encode: the network's sizes, its storage and its fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from lincodec.errors import UsageError
from lincodec.registry import Sigma

#: Bits that mean: stored as binary32 (mode raw).
RAW_BITS = 32


@dataclass(frozen=True)
class InrSettings:
    """Defaults are the main text of the paper; ranges are checked when ARCH is packed."""

    encoding: str = "hash"
    """hash or fourier."""
    layers: int = 6
    """Layers of the base network."""
    hidden: int = 512
    """Their width."""
    latent: int = 512
    """Numbers a latent."""
    rank: int = 50
    """Rank of the modulation; 0: full."""
    modulate: str = "1"
    """Modulated layers, comma-separated, counted from 0; all; or none."""
    sigma: str = "sigmoid"
    """sigmoid, tanh or linear (Eq. 2)."""
    hyper_layers: int = 2
    """Layers of each hypernetwork, the output layer included."""
    hyper_hidden: int = 128
    """Their width."""
    patch: int = 1
    """Side of the patch that one position yields."""
    kernel: int = 3
    """Side of the patch block's convolution."""
    levels: int = 16
    """Levels of the hash grid."""
    features: int = 2
    """Features a level."""
    log2_entries: int = 15
    """log2 of the most entries of a level."""
    coarsest: int = 16
    """Points a side of the first level."""
    finest: int = 0
    """Points a side of the last level; 0: the larger side of the grid of positions."""
    frequencies: int = 128
    """Fourier frequencies."""
    fourier_scale: float = 10.0
    """Their standard deviation, cycles a side."""
    hyper_bits: int = 8
    """Bits of hypernetwork tensors (Eq. 3); 32: as they are."""
    base_bits: int = RAW_BITS
    """The same for the base network and the patch block,"""
    encoding_bits: int = RAW_BITS
    """for the hash grid,"""
    latent_bits: int = RAW_BITS
    """and for the latents."""
    lr: float = 5e-4
    """Adam's learning rate at the start."""
    latent_std: float = 0.1
    """Standard deviation of the latents at the start."""
    batch: int = 8
    """Frames a step."""
    positions: int = 0
    """Positions of each frame a step; 0: as suits the device."""
    steps: int = 0
    """Steps of the fit; 0: as many as the time allows."""
    compile: bool = False
    """Whether torch.compile is used for the step."""

    @property
    def modulated(self) -> int:
        """Bit l set: layer l is modulated.

        Raises:
            UsageError: not a list of layers of the network.
        """
        if self.modulate == "all":
            return (1 << self.layers) - 1
        bits = 0
        for text in () if self.modulate == "none" else self.modulate.split(","):
            if not text.isdecimal() or int(text) >= self.layers:
                raise UsageError(
                    f"modulate={self.modulate}: expected layers from 0 to {self.layers - 1}, "
                    "all or none"
                )
            bits |= 1 << int(text)
        return bits

    @property
    def sigma_id(self) -> Sigma:
        """The activation of the modulation.

        Raises:
            UsageError: it is unknown.
        """
        return Sigma[_one_of("sigma", self.sigma, [s.name.lower() for s in Sigma]).upper()]

    @property
    def encoding_id(self) -> int:
        """0: hash grid; 1: Fourier features.

        Raises:
            UsageError: it is unknown.
        """
        names = ["hash", "fourier"]
        return names.index(_one_of("encoding", self.encoding, names))

    def bits(self) -> dict[str, int]:
        """Bits of each kind of tensor.

        Raises:
            UsageError: out of range.
        """
        found = {
            kind: getattr(self, f"{kind}_bits") for kind in ("hyper", "base", "encoding", "latent")
        }
        for kind, bits in found.items():
            if bits != RAW_BITS and not 1 <= bits <= 16:
                raise UsageError(f"{kind}_bits={bits}: expected 1 to 16, or 32 for binary32")
        return found

    def replaced(self, given: Mapping[str, str]) -> InrSettings:
        """A copy with some settings given as text.

        Raises:
            UsageError: an unknown name, or a text that is no value of it.
        """
        kinds, values = get_type_hints(InrSettings), {}
        for name, text in given.items():
            if name not in kinds:
                names = ", ".join(kinds)
                raise UsageError(f"--model {name}: unknown; expected one of {names}")
            values[name] = _value(name, text, kinds[name])
        return dataclasses.replace(self, **values)


def _value(name: str, text: str, kind: type) -> Any:
    """The value of one setting."""
    if kind is bool:
        return _one_of(name, text, ["no", "yes"]) == "yes"
    try:
        value = kind(text)
    except ValueError:
        raise UsageError(f"--model {name}={text}: expected {_KINDS[kind]}") from None
    if kind is not str and not 0 <= value < 1 << 31:
        raise UsageError(f"--model {name}={text}: out of range")
    return value


_KINDS = {int: "a whole number", float: "a number"}


def _one_of(name: str, text: str, known: list[str]) -> str:
    if text not in known:
        raise UsageError(f"--model {name}={text}: expected {' or '.join(known)}")
    return text
