"""One engine per architecture: what turns the frames of a segment into its tensors.

``encode`` knows segments, time and files; an engine knows one decoder function. It is made
once per encode, from the preset's architecture, and asked for one segment after another.
"""

from __future__ import annotations

from lincodec.encoder.engine import Engine
from lincodec.encoder.latent_inr.engine import LatentInrEngine
from lincodec.encoder.linc.engine import LincEngine
from lincodec.encoder.presets import Preset

ENGINES: dict[str, type[Engine]] = {"linc": LincEngine, "latent-inr": LatentInrEngine}


def engine_class(preset: Preset) -> type[Engine]:
    """The engine of the preset's architecture."""
    return ENGINES[preset.arch]
