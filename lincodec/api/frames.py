"""Pictures with their times: what every call of the API that gives frames returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from lincodec.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

#: Any samples: what they are is the ``dtype`` that the video was opened with.
Pixels = NDArray[Any]
Batch = TypeVar("Batch", bound="NDArray[Any] | Tensor")

#: Types of samples with their largest value.
RANGES = {"uint8": 255, "uint16": 65535, "float32": 1}
LAYOUTS = ("NHWC", "NCHW")
TENSORS = ("numpy", "torch")


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture and when it is shown.

    >>> Frame(np.zeros((90, 160, 3), np.uint8), 0.5, 0.04)
    Frame(data=uint8[90, 160, 3], pts_seconds=0.5, duration_seconds=0.04)
    """

    data: Pixels
    """[height, width, 3], RGB, upright; uint8 unless the video was opened with another dtype."""
    pts_seconds: float
    """When it is first shown, from the first frame of the video."""
    duration_seconds: float
    """How long; 0 for a picture between two frames, which is of a moment."""

    def __repr__(self) -> str:
        return (
            f"Frame(data={_shape(self.data)}, pts_seconds={self.pts_seconds:g}, "
            f"duration_seconds={self.duration_seconds:g})"
        )


@dataclass(frozen=True, eq=False)
class FrameBatch(Generic[Batch]):
    """Pictures of one size and when they are shown; a sequence of ``Frame``.

    >>> batch = FrameBatch(np.zeros((2, 90, 160, 3), np.uint8), np.arange(2.0), np.ones(2))
    >>> batch
    FrameBatch(data=uint8[2, 90, 160, 3], pts_seconds=float64[2], duration_seconds=float64[2])
    >>> len(batch), batch[1].pts_seconds
    (2, 1.0)
    """

    data: Batch
    """[n, height, width, 3], or [n, 3, height, width] where layout NCHW was asked for."""
    pts_seconds: Batch
    """float64 [n]"""
    duration_seconds: Batch
    """float64 [n]"""

    def __post_init__(self) -> None:
        count = (len(self.data),)
        times = (tuple(self.pts_seconds.shape), tuple(self.duration_seconds.shape))
        if self.data.ndim != 4 or times != (count, count):
            raise UsageError(f"pictures of shape {tuple(self.data.shape)} with times of {times}")

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> Frame:
        return Frame(
            cast(Pixels, self.data[index]),
            float(self.pts_seconds[index]),
            float(self.duration_seconds[index]),
        )

    def __iter__(self) -> Iterator[Frame]:
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        return (
            f"FrameBatch(data={_shape(self.data)}, pts_seconds={_shape(self.pts_seconds)}, "
            f"duration_seconds={_shape(self.duration_seconds)})"
        )


def collected(frames: list[Frame], layout: str, tensor: str) -> FrameBatch[Any]:
    """One batch of frames of one size, one or more.

    Args:
        frames: in order.
        layout: one of ``LAYOUTS``.
        tensor: one of ``TENSORS``.
    """
    data = np.stack([frame.data for frame in frames])
    if layout == "NCHW":
        data = np.ascontiguousarray(data.transpose(0, 3, 1, 2))
    times = np.array([frame.pts_seconds for frame in frames])
    durations = np.array([frame.duration_seconds for frame in frames])
    if tensor == "numpy":
        return FrameBatch(data, times, durations)
    import torch

    return FrameBatch(*(torch.from_numpy(array) for array in (data, times, durations)))


def check_choice(name: str, value: str, allowed: Iterable[str]) -> None:
    """Refuse a value that is not one of those allowed.

    Raises:
        UsageError: lists them.
    """
    if value not in allowed:
        raise UsageError(f"{name}={value!r}: expected one of {', '.join(allowed)}")


def _shape(array: NDArray[Any] | Tensor) -> str:
    """Such as ``uint8[2, 90, 160, 3]``."""
    return f"{str(array.dtype).removeprefix('torch.')}{list(array.shape)}"
