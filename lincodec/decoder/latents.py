"""Latents and motion of a decoded segment of architecture linc (spec clauses 8.2 and 8.7)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lincodec.bitstream.segment import Field, SegmentCode
from lincodec.container import LincArch
from lincodec.errors import CorruptError
from lincodec.registry import Role


def latents_of(code: SegmentCode, arch: LincArch) -> NDArray[np.float32]:
    """They, float32 [K, n].

    Raises:
        CorruptError: they are not those of the segment's components and frames.
    """
    values = code.values(Role.LATENT)
    components = values.shape[0]
    if code.pictures is None:  # of those no component is drawn
        components = code.spectral.channels[0].shape[0]
    expected = (components, code.n_frames)
    if values.shape != expected:
        raise CorruptError(
            f"segment at frame {code.first_frame}: latents of sizes {values.shape}; "
            f"expected {expected}"
        )
    if components > arch.n_components:
        raise CorruptError(
            f"segment at frame {code.first_frame}: {components} components; "
            f"expected {arch.n_components} at most"
        )
    return values


def motion_of(code: SegmentCode) -> Field | None:
    """Motion of a segment, [n, 2, rows, columns]; None when none is stored.

    Raises:
        CorruptError: the tensor is of another mode or size.
    """
    tensor = code.tensors.get((Role.MOTION, 0))
    if tensor is None:
        return None
    if not isinstance(tensor, Field) or tensor.q.shape[:2] != (code.n_frames, 2):
        raise CorruptError(
            f"segment at frame {code.first_frame}: its motion is not a field of "
            f"{code.n_frames} frames and 2 components"
        )
    return tensor
