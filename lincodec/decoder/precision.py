"""How far this machine's rendering is from exact arithmetic (spec clause 8.8)."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lincodec.decoder.load import RenderModel

#: Root mean square and peak difference allowed over a frame, in 8-bit code values.
TOLERANCE = (0.02, 0.5)


def deviation(
    model: RenderModel, frame: int, drawn: Sequence[NDArray[np.float32]] | None = None
) -> tuple[float, float]:
    """Difference of a frame rendered in binary32 and in binary64, before rounding to codes.

    Args:
        model: a segment of which nothing has been rendered yet.
        frame: number within the segment.
        drawn: its samples as others than the model render them, who show it at native size.

    Returns:
        (root mean square over all planes, largest of a sample) in units of 8-bit code values;
        infinite when a sample is not a finite number.

    Raises:
        TypeError: the model has binary32 tensors where ``doubled`` does not go, so that binary32
            would be compared with itself.
    """
    with torch.inference_mode():
        time = torch.tensor([frame], dtype=torch.float64)
        precise = doubled(model)  # before it keeps any binary32 picture
        left = ", ".join(singles(precise, type(model).__name__))
        if left:
            raise TypeError(f"{left}: still binary32; its class is not of lincodec.model")
        if drawn is None:
            found = model.pictures(time)
        else:
            found = [torch.from_numpy(plane)[None] for plane in drawn]
        exact = precise.pictures(time)
        errors = [a.double() - b for a, b in zip(found, exact, strict=True)]
        count = sum(e.numel() for e in errors)
        rms = math.sqrt(sum(float((e * e).sum()) for e in errors) / count)
        peak = max(float(e.abs().max()) for e in errors)
    return (rms, peak) if math.isfinite(rms) else (math.inf, math.inf)


def doubled(thing: Any) -> Any:
    """A copy of a model, its binary32 tensors binary64, through objects of ``lincodec.model``."""
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


def singles(thing: Any, name: str, seen: set[int] | None = None) -> Iterator[str]:
    """Where binary32 tensors are in an object, whatever its class.

    Args:
        thing: the object.
        name: what it is called in the answer.
        seen: identities of what was looked at already.
    """
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, type):
        return
    seen.add(id(thing))
    if isinstance(thing, Tensor):
        if thing.dtype == torch.float32:
            yield name
        return
    parts: dict[str, Any] = {}
    if isinstance(thing, list | tuple | set | frozenset):
        parts = {f"[{index}]": item for index, item in enumerate(thing)}
    elif isinstance(thing, dict):
        parts = {f"[{key!r}]": item for key, item in thing.items()}
    elif hasattr(thing, "__dict__") and not isinstance(thing, ModuleType):
        parts = {f".{key}": item for key, item in vars(thing).items()}
    for key, item in parts.items():
        yield from singles(item, name + key, seen)
