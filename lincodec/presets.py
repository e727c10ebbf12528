"""Named encoder settings, fastest first; each is a synonym of explicit options."""

from __future__ import annotations

from dataclasses import dataclass

from lincodec.errors import UsageError


@dataclass(frozen=True)
class Preset:
    """What a preset stands for."""

    name: str
    summary: str
    segment: int
    """Longest segment in frames."""
    rounds: int
    """Passes of rate-distortion optimised quantisation."""
    fit_seconds: float
    """Seconds of network fitting per megasample of segment (luma samples times frames); 0: none."""
    quality: float = 38.0
    """Default quantiser quality; the luma step is 2^(quality/6) 8-bit code values."""
    network_channels: int = 0
    network_layers: int = 0

    @property
    def network(self) -> bool:
        """Whether the preset fits the network part."""
        return self.fit_seconds > 0


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("instant", "closed form alone, seconds", 48, 1, 0.0),
        Preset("fast", "closed form, more careful quantisation", 48, 2, 0.0),
        Preset("medium", "closed form and a small network", 66, 2, 2.0, 38.0, 16, 2),
        Preset("slow", "a larger network, fitted longer", 66, 3, 8.0, 38.0, 24, 3),
        Preset("slower", "for patient archivists", 66, 3, 30.0, 38.0, 32, 3),
    )
}


def resolve(name: str) -> Preset:
    """The preset called ``name``.

    Raises:
        UsageError: there is none; lists the names.
    """
    try:
        return PRESETS[name]
    except KeyError:
        known = ", ".join(PRESETS)
        raise UsageError(f"--preset {name}: unknown; expected one of {known}") from None


def step_of(quality: float) -> float:
    """Luma quantiser step in 8-bit code values: doubles every six units, like a qp."""
    return float(2.0 ** (quality / 6))
