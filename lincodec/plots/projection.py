"""Vectors to the plane: UMAP when it is installed, principal components otherwise."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lincodec.errors import UsageError
from lincodec.system import extras

Floats = NDArray[np.float32]

METHODS = ("auto", "pca", "umap")
_LEAST = 8  # points below which UMAP has no neighbourhoods to keep


@dataclass(frozen=True)
class Projection:
    """Points in the plane and how they came about."""

    points: Floats
    """[n, 2]."""
    method: str
    """pca or umap."""
    about: str
    """One line for the reader of a plot."""


def project(vectors: Floats, method: str = "auto") -> Projection:
    """Project vectors [n, d].

    Args:
        vectors: any; UMAP compares them by cosine.
        method: ``auto`` takes UMAP when umap-learn is installed and there are points enough.

    Raises:
        UsageError: the method is unknown.
        ResourceError: UMAP is wished for and not installed.
    """
    if method not in METHODS:
        raise UsageError(f"projection {method}: expected one of {', '.join(METHODS)}")
    if method == "auto":
        there = importlib.util.find_spec("umap") is not None and len(vectors) >= _LEAST
        method = "umap" if there else "pca"
    return _umap(vectors) if method == "umap" else _pca(vectors)


def _pca(vectors: Floats) -> Projection:
    centred = vectors - vectors.mean(axis=0)
    _, lengths, directions = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    shown = np.zeros((len(vectors), 2), np.float32)
    count = min(2, len(directions))
    shown[:, :count] = centred @ directions[:count].T
    energy = float((lengths**2).sum())
    share = float((lengths[:2] ** 2).sum()) / energy if energy else 1.0
    about = f"principal components, {100 * share:.0f} % of the variance"
    return Projection(shown, "pca", about)


def _umap(vectors: Floats) -> Projection:
    library = extras.need("umap", "plot")
    with warnings.catch_warnings(), extras.quiet():
        warnings.simplefilter("ignore")
        neighbours = min(15, len(vectors) - 1)
        mapper = library.UMAP(metric="cosine", random_state=0, n_neighbors=neighbours)
        points = mapper.fit_transform(vectors).astype(np.float32)
    return Projection(points, "umap", "UMAP by cosine; distances and sizes mean little in it")
