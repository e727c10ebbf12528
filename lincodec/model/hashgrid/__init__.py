"""The 2-D multiresolution hash grid, with tiny-cuda-nn's semantics, on every backend."""

from lincodec.model.hashgrid.backends import BACKENDS, GridEncoding, choose, make
from lincodec.model.hashgrid.levels import design, entries, offsets

__all__ = ["BACKENDS", "GridEncoding", "choose", "design", "entries", "make", "offsets"]
