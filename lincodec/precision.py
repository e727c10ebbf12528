"""How far this machine's rendering is from exact arithmetic (spec clause 8.8)."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from torch import Tensor

from lincodec.models import RenderModel

#: Root mean square and peak difference allowed over a frame, in 8-bit code values.
TOLERANCE = (0.02, 0.5)


def deviation(model: RenderModel, frame: int) -> tuple[float, float]:
    """Difference of a frame rendered in binary32 and in binary64, before rounding to codes.

    Args:
        model: a segment of which nothing has been rendered yet.
        frame: number within the segment.

    Returns:
        (root mean square over all planes, largest of a sample) in units of 8-bit code values;
        infinite when a sample is not a finite number.
    """
    with torch.inference_mode():
        time = torch.tensor([frame], dtype=torch.float64)
        precise = doubled(model)  # before it keeps any binary32 picture
        found = model.pictures(time)
        exact = precise.pictures(time)
        errors = [a.double() - b for a, b in zip(found, exact, strict=True)]
        count = sum(e.numel() for e in errors)
        rms = math.sqrt(sum(float((e * e).sum()) for e in errors) / count)
        peak = max(float(e.abs().max()) for e in errors)
    return (rms, peak) if math.isfinite(rms) else (math.inf, math.inf)


def doubled(thing: Any) -> Any:
    """A copy of a model whose binary32 tensors are binary64, wherever they are in it."""
    if isinstance(thing, Tensor):
        return thing.double() if thing.dtype == torch.float32 else thing
    if isinstance(thing, list | tuple):
        return type(thing)(doubled(item) for item in thing)
    if isinstance(thing, dict):
        return {key: doubled(item) for key, item in thing.items()}
    if type(thing).__module__.startswith("lincodec.model") and hasattr(thing, "__dict__"):
        other = copy.copy(thing)
        for name, item in vars(thing).items():
            object.__setattr__(other, name, doubled(item))
        return other
    return thing
