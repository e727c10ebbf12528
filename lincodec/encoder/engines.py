"""One engine per architecture: what turns the frames of a segment into its tensors.

``encode`` knows segments, time and files; an engine knows one decoder function. It is made
once per encode, from the preset's architecture, and asked for one segment after another.
"""

from __future__ import annotations

import importlib

from lincodec.encoder.engine import Engine
from lincodec.encoder.presets import Preset

#: Module and class of the engine of every architecture; one is imported when it is asked for.
ENGINES: dict[str, tuple[str, str]] = {
    "linc": ("lincodec.encoder.linc.engine", "LincEngine"),
    "latent-inr": ("lincodec.encoder.latent_inr.engine", "LatentInrEngine"),
}


def engine_class(preset: Preset) -> type[Engine]:
    """The engine of the preset's architecture."""
    module, name = ENGINES[preset.arch]
    found: type[Engine] = getattr(importlib.import_module(module), name)
    return found
