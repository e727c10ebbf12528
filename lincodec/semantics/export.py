"""Vectors of an index as a Parquet file, which every vector database loads in bulk."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from lincodec.errors import UsageError
from lincodec.semantics.index import Index
from lincodec.semantics.store import LEVELS, Part, Space
from lincodec.semantics.teacher import Floats
from lincodec.system import extras
from lincodec.system.atomic import atomic_output

#: Rows that are held in memory at a time.
_GROUP = 10_000


def write_parquet(index: Index, output: str, level: str, model: str | None) -> int:
    """Write one row a vector, read from the files again; the number of rows.

    Columns: ``file`` and ``sha256`` (text), ``segment`` (int32), ``start`` and ``stop`` (seconds,
    float64), ``vector`` (fixed-size list of float32, unit length). The model's name, revision
    and the level are metadata of the schema.

    Args:
        index: of the files.
        output: path, replaced if it exists.
        level: ``video`` or ``segment``.
        model: name of the model; None: the only one.

    Raises:
        UsageError: there is no such model, or no telling which.
        ResourceError: pyarrow is not installed.
    """
    arrow: Any = extras.need("pyarrow", "parquet")
    parquet: Any = extras.need("pyarrow.parquet", "parquet")
    space = _space(index, model)
    schema = arrow.schema(
        [
            ("file", arrow.string()),
            ("sha256", arrow.string()),
            ("segment", arrow.int32()),
            ("start", arrow.float64()),
            ("stop", arrow.float64()),
            ("vector", arrow.list_(arrow.float32(), space.dimension)),
        ],
        metadata={"model": space.model, "revision": space.revision.hex(), "level": level},
    )
    count, held = 0, []
    with atomic_output(output, overwrite=True) as temporary:
        writer = parquet.ParquetWriter(os.fspath(temporary), schema)
        for item in index.vectors_of(space, LEVELS.index(level)):
            held.append(item)
            if len(held) == _GROUP:
                writer.write_table(_table(arrow, schema, held))
                count, held = count + len(held), []
        writer.write_table(_table(arrow, schema, held))
        writer.close()
    return count + len(held)


def _space(index: Index, model: str | None) -> Space:
    spaces = [s for s in index.store.spaces() if model in (None, s.model)]
    if len(spaces) != 1:
        names = ", ".join(s.model for s in index.store.spaces()) or "nothing"
        raise UsageError(f"choose one model with --model; the index has {names}")
    return spaces[0]


def _table(arrow: Any, schema: Any, items: list[tuple[Part, Floats]]) -> Any:
    parts = [part for part, _ in items]
    flat = np.concatenate([vector for _, vector in items]) if items else np.zeros(0, np.float32)
    vectors = arrow.FixedSizeListArray.from_arrays(
        arrow.array(flat, arrow.float32()), schema.field("vector").type.list_size
    )
    columns = [
        arrow.array([part.path for part in parts], arrow.string()),
        arrow.array([part.sha256.hex() for part in parts], arrow.string()),
        arrow.array([part.segment for part in parts], arrow.int32()),
        arrow.array([part.start for part in parts], arrow.float64()),
        arrow.array([part.stop for part in parts], arrow.float64()),
        vectors,
    ]
    return arrow.Table.from_arrays(columns, schema=schema)
