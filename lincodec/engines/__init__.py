"""One engine per architecture: what turns the frames of a segment into its tensors.

``encode`` knows segments, time and files; an engine knows one decoder function. It is made
once per encode, from the preset's architecture, and asked for one segment after another.
"""

from __future__ import annotations

from lincodec.engines.base import Engine, Setting
from lincodec.engines.latent_inr import LatentInrEngine
from lincodec.engines.linc import LincEngine
from lincodec.presets import Preset

ENGINES: dict[str, type[Engine]] = {"linc": LincEngine, "latent-inr": LatentInrEngine}


def engine_class(preset: Preset) -> type[Engine]:
    """The engine of the preset's architecture."""
    return ENGINES[preset.arch]


__all__ = ["ENGINES", "Engine", "Setting", "engine_class"]
