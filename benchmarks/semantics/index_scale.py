"""A search index of a million vectors: build time, size, query time, recall, incremental changes.

    python -m benchmarks.semantics.index_scale [--files 5000] [--segments 200] [--dimension 512]

Vectors are made up: each file is a random walk around a topic, as segments of one video are
alike; queries are near a topic only loosely, as sentences are to pictures (cosine about 0.35).
Real indices differ; what is measured is the machinery of ``linc index`` and ``linc search``.
Results go to benchmarks/results/index_scale.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.runs import RESULTS, command
from lincodec.bitstream.embedding import normalised
from lincodec.semantics import vectors
from lincodec.semantics.index import Index
from lincodec.semantics.store import SEGMENT, KnownFile, NewPart

QUERIES = 200
TOPICS = 400


def topics(dimension: int) -> np.ndarray:
    """Unit vectors [TOPICS, d]."""
    rng = np.random.default_rng(7)
    return normalised(rng.standard_normal((TOPICS, dimension)).astype(np.float32))


def file_vectors(number: int, segments: int, around: np.ndarray) -> np.ndarray:
    """Unit vectors [n, d] of one file."""
    rng = np.random.default_rng(1000 + number)
    dimension = around.shape[1]
    home = around[number % TOPICS] + 0.9 * rng.standard_normal(dimension) / np.sqrt(dimension)
    walk = rng.standard_normal((segments, dimension)).cumsum(0) * 0.06 / np.sqrt(dimension)
    return normalised((home + walk).astype(np.float32))


def queries(around: np.ndarray) -> np.ndarray:
    """Unit vectors [QUERIES, d] at a cosine of about 0.35 to topics."""
    rng = np.random.default_rng(8)
    noise = rng.standard_normal((QUERIES, around.shape[1])) / np.sqrt(around.shape[1])
    chosen = around[rng.integers(0, TOPICS, QUERIES)]
    return normalised((0.42 * chosen + noise).astype(np.float32))


def timed(job: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """What a job returns, and its wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = job()
    return found, {
        "wall_s": round(time.perf_counter() - wall, 3),
        "cpu_s": round(time.process_time() - cpu, 3),
    }


def add_files(index: Index, first: int, count: int, segments: int, around: np.ndarray) -> None:
    """What ``linc index add`` does with files whose vectors are known, and the merge after it."""
    for number in range(first, first + count):
        rows = file_vectors(number, segments, around)
        with index.store.writing():
            space = index.store.space("made-up", b"m" * 32, rows.shape[1])
            parts = [
                NewPart(space, SEGMENT, i, 2.0 * i, 2.0 * i + 2, r) for i, r in enumerate(rows)
            ]
            name = f"/videos/{number:06d}.linc"
            index.store.add(KnownFile(name, b"s" * 32, 1, 1, 50 * segments, 2.0 * segments), parts)
    index.merge(1000)


def folder_size(folder: Path) -> dict[str, int]:
    """Bytes by kind of file."""
    sizes: dict[str, int] = {}
    for path in folder.iterdir():
        kind = "faiss" if path.suffix == ".faiss" else "sqlite"
        sizes[kind] = sizes.get(kind, 0) + path.stat().st_size
    return sizes


def exact_top(
    wanted: np.ndarray, files: int, segments: int, around: np.ndarray
) -> tuple[list[set[Any]], np.ndarray]:
    """The ten nearest (file, segment) of every query, and their cosines, by a binary32 scan."""
    best = np.full((QUERIES, 10), -2.0, np.float32)
    where = np.zeros((QUERIES, 10), np.int64)
    for number in range(files):
        scores = wanted @ file_vectors(number, segments, around).T
        ids = np.broadcast_to(number * segments + np.arange(segments), scores.shape)
        scores, ids = np.hstack([best, scores]), np.hstack([where, ids])
        top = np.argpartition(-scores, 9, axis=1)[:, :10]
        best, where = np.take_along_axis(scores, top, 1), np.take_along_axis(ids, top, 1)
    return [{divmod(int(i), segments) for i in row} for row in where], best


def measure(folder: Path, files: int, segments: int, dimension: int) -> dict[str, Any]:
    """Every figure."""
    around = topics(dimension)
    wanted = queries(around)
    out: dict[str, Any] = {"files": files, "vectors": files * segments, "dimension": dimension}
    with Index(folder) as index:
        steps, step = [], max(1, files // 5)
        for first in range(0, files, step):
            count = min(step, files - first)
            _, spent = timed(lambda f=first, n=count: add_files(index, f, n, segments, around))
            steps.append({"vectors": (first + count) * segments, **spent})
            print(f"added up to {steps[-1]}", flush=True)
        out["add"] = steps
        out["add_one_file"] = timed(lambda: add_files(index, files, 1, segments, around))[1]
        name = f"/videos/{files:06d}.linc"
        out["remove_one_file"] = timed(lambda: index.remove([name]))[1]
        out["bytes"] = folder_size(folder)
        space = index.store.spaces()[0]
        (truth, cosines), out["exact_scan_of_all_queries"] = timed(
            lambda: exact_top(wanted, files, segments, around)
        )
        index.search(space, wanted[0], SEGMENT, 10)  # the file is in memory from here on
        hits, seconds, lost = 0, [], []
        for query, right, best in zip(wanted, truth, cosines, strict=True):
            started = time.perf_counter()
            found = index.search(space, query, SEGMENT, 10)
            seconds.append(time.perf_counter() - started)
            ids = {(int(Path(f.part.path).stem), f.part.segment) for f in found}
            hits += len(ids & right)
            found_cosines = [file_vectors(f, segments, around)[s] @ query for f, s in ids]
            lost.append(float(best.mean() - np.mean(found_cosines)))
        out["recall_at_10"] = round(hits / (10 * QUERIES), 4)
        out["mean_cosine_lost"] = round(float(np.mean(lost)), 5)
        out["query_ms"] = {
            "median": round(1000 * float(np.median(seconds)), 2),
            "p95": round(1000 * float(np.quantile(seconds, 0.95)), 2),
        }
        out["probes"] = vectors.PROBES
    return out


def main() -> int:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--segments", type=int, default=200, help="vectors a file")
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--folder", type=Path, help="where the index is made; default: temporary")
    parser.add_argument("--out", type=Path, default=RESULTS / "index_scale.json")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="linc-index-"))
    try:
        found = measure(folder, arguments.files, arguments.segments, arguments.dimension)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found["machine"] = {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": platform.platform(terse=True),
    }
    found["command"] = command()
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
