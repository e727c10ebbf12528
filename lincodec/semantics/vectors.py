"""The FAISS side of an index: exact while it is small, an inverted file beyond that.

Graph indices are not used: frames and segments of one video are so alike that their
neighbourhoods do not connect.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lincodec.errors import CorruptError
from lincodec.system import extras
from lincodec.system.atomic import atomic_output

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

#: Vectors up to which every one of them is compared, in binary16.
EXACT = 200_000
#: Lists of the inverted file that a query looks into.
PROBES = 64
_TRAINING = 40  # vectors per list that the training sees,
_ROUNDS = 10  # and how often


def build(vectors: Floats, ids: Ids) -> Any:
    """A FAISS index of unit vectors [n, d] under ids [n], compared by inner product."""
    faiss = extras.need("faiss", "search")
    count, dimension = vectors.shape
    product = faiss.METRIC_INNER_PRODUCT
    if count <= EXACT:
        flat = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, product)
        index = faiss.IndexIDMap2(flat)
        flat.this.disown()  # the map outlives this function, and owns what it wraps
        index.own_fields = True
    else:
        lists = round(4 * math.sqrt(count))
        index = faiss.index_factory(dimension, f"IVF{lists},SQ8", product)
        chosen = np.random.default_rng(0).permutation(count)[: _TRAINING * lists]
        index.cp.niter = _ROUNDS
        index.train(np.ascontiguousarray(vectors[np.sort(chosen)]))
    index.add_with_ids(np.ascontiguousarray(vectors), ids)
    return index


def changed(index: Any, removed: Ids, vectors: Floats, ids: Ids) -> Any:
    """The index without ``removed`` and with new vectors; another one when it outgrew its kind.

    Args:
        index: is changed in place; None: there is none yet.
        removed: ids that go.
        vectors: unit vectors [n, d] that come,
        ids: under these.
    """
    if index is None:
        return build(vectors, ids)
    faiss = extras.need("faiss", "search")
    small = not isinstance(faiss.downcast_index(index), faiss.IndexIVF)
    if len(removed):
        index.remove_ids(faiss.IDSelectorBatch(removed))
    if small and index.ntotal + len(ids) > EXACT:
        old = faiss.vector_to_array(index.id_map)
        stored = index.index.reconstruct_n(0, index.ntotal)
        return build(np.concatenate([stored, vectors]), np.concatenate([old, ids]))
    if len(ids):
        index.add_with_ids(np.ascontiguousarray(vectors), ids)
    return index


def write(index: Any, path: Path) -> None:
    """Write an index under its name when it is complete."""
    faiss = extras.need("faiss", "search")
    with atomic_output(path, overwrite=True) as temporary:
        faiss.write_index(index, os.fspath(temporary))


def read(path: Path, *, mapped: bool = False) -> Any:
    """Read an index.

    Args:
        path: of the file.
        mapped: leave the vectors on disk and page them in; such an index cannot be changed.

    Raises:
        CorruptError: it is missing or cannot be read.
    """
    faiss = extras.need("faiss", "search")
    try:
        return faiss.read_index(os.fspath(path), faiss.IO_FLAG_MMAP if mapped else 0)
    except RuntimeError as error:
        raise CorruptError(
            f"{path}: cannot be read; run linc index rebuild to make it anew"
        ) from error


def search(index: Any, query: Floats, count: int, removed: Ids) -> tuple[Ids, Floats]:
    """Ids and scores of the nearest vectors, best first.

    Args:
        index: from ``read``.
        query: unit vector [d].
        count: at most so many.
        removed: ids to pass over.
    """
    faiss = extras.need("faiss", "search")
    options: dict[str, Any] = {}
    if len(removed):
        options["sel"] = faiss.IDSelectorNot(faiss.IDSelectorBatch(removed))
    if isinstance(faiss.downcast_index(index), faiss.IndexIVF):
        parameters = faiss.SearchParametersIVF(nprobe=PROBES, **options)
    else:
        parameters = faiss.SearchParameters(**options)
    scores, ids = index.search(query[None], min(count, index.ntotal), params=parameters)
    found = ids[0] >= 0
    return ids[0][found], scores[0][found]
