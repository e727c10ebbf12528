"""Named encoder settings, fastest first; each is a synonym of explicit options."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

from lincodec.encoder.latent_inr.settings import InrSettings


@dataclass(frozen=True)
class Preset:
    """What a preset stands for."""

    name: str
    summary: str
    segment: int
    """Longest segment in frames."""
    fit_floor: float = 0.0
    """Least seconds of network fitting per segment, 0: no network. Architecture linc takes
    ``STEPS_A_SECOND`` steps for each, so that fits are the same however fast the machine is."""
    fit_seconds: float = 0.0
    """Further seconds per megasample of a segment (luma samples times frames)."""
    network_channels: int = 16
    network_layers: int = 2
    quality: float = 38.0
    """Default quantiser quality; the luma step is 2^(quality/6) 8-bit code values."""
    scene_cut: bool = True
    """Whether a segment starts at every scene cut."""
    inr: InrSettings | None = None
    """The network of architecture latent-inr, None for architecture linc."""

    trials: bool = True
    """Whether block side, overlap and segment lengths are those that code best when tried;
    else block side and overlap follow from picture size and step."""
    refined: bool = True
    """Whether temporal bases are turned, ends of segments weighted, and weights chosen by what
    they cost, with latents that answer them; else the weights of the KLT are rounded."""
    effort: str | None = None
    """How hard is searched for partitioned segments, a name of ``EFFORTS`` of the engine; None:
    there are none."""

    @property
    def arch(self) -> str:
        """Name of the architecture."""
        return "linc" if self.inr is None else "latent-inr"

    @property
    def network(self) -> bool:
        """Whether the preset fits the network part."""
        return self.fit_floor > 0


def _paper(size: str, rank: int) -> Preset:
    """One of the paper's models: a single network for the whole video."""
    return Preset(
        f"paper-{size}", f"the Latent-INR paper's network, rank {rank}; made for a GPU",
        600, 60, 10, scene_cut=False, inr=InrSettings(rank=rank),
    )  # fmt: skip


#: A further preset is one more entry here; ``make presets`` measures it.
PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "instant",
            "frames predicted, at the first go",
            250,
            trials=False,
            refined=False,
            effort="instant",
        ),
        Preset(
            "fast",
            "frames predicted where that pays, after a short search",
            250,
            6,
            0.15,
            effort="fast",
        ),
        Preset("medium", "the same, searched well", 250, 20, 0.6, effort="medium"),
        Preset("slow", "the same, searched as well as can be", 250, 20, 0.6, effort="slow"),
        _paper("s", 50),
        _paper("m", 100),
        _paper("l", 200),
    )
}


def measurements() -> dict[str, Any]:
    """What ``tools/presets.py`` measured last.

    Returns:
        ``clips``, ``megasamples`` (luma of all clips), ``machine`` and ``presets``: by name, of
        those that were measured, ``seconds`` (wall) and ``cpu_seconds`` of all clips together,
        ``psnr`` (mean RGB PSNR in dB) and ``bpp``.
    """
    text = resources.files("lincodec.encoder").joinpath("presets.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def step_of(quality: float) -> float:
    """Luma quantiser step in 8-bit code values: doubles every six units, like a qp."""
    return float(2.0 ** (quality / 6))
