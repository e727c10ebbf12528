"""Latents of partitioned segments: how near the teacher they get, and at how many bytes.

    python -m benchmarks.semantics.latents CLIP... [--frames 96] [--model conse]

The first frames of every clip are one segment. Three ways: latents of appearance with a head fitted
afterwards, as ``linc align`` does; latents drawn to the teacher while encoding; and the mean of the
teacher alone. Bytes are those of the latents and of the head. Results go to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.runs import RESULTS, command
from lincodec.bitstream.embedding import mean_cosine, normalised
from lincodec.encoder.linc.themes import appearance, themes
from lincodec.entropy import lattice
from lincodec.options import Span
from lincodec.semantics.cache import FrameVectors, cache_path
from lincodec.semantics.head import WEIGHT, fit_head
from lincodec.semantics.pull import Pull
from lincodec.semantics.teacher import Teacher, upright
from lincodec.semantics.teachers import load_teacher
from lincodec.types import Planes
from lincodec.video.reader import FrameReader

Floats = NDArray[np.float32]


def segment(path: Path, frames: int, teacher: Teacher, cache: str) -> tuple[list[Planes], Floats]:
    """Planes of the first frames, and what the teacher says of them."""
    span = Span(None, None, frames)
    vectors = FrameVectors(teacher, cache_path(cache, str(path), teacher))
    with FrameReader(str(path), span=span) as reader:
        held = list(reader)
        shown = vectors.of([f.pts for f in held], lambda i: upright(held[i].planes, reader.info))
    vectors.save()
    return [frame.planes for frame in held], shown


def figures(planes: list[Planes], targets: Floats, weight: float, *, drawn: bool) -> dict[str, Any]:
    """Cosine and bytes of one way."""
    pulls = [Pull(None, targets, weight)] if drawn else []
    tensor = themes(appearance(planes), float("inf"), pulls)
    latents = tensor.values.T
    head = fit_head(latents, targets, weight)
    shown = head.embed(latents, latents.mean(axis=0, dtype=np.float64).astype(np.float32))
    size = len(lattice.pack(tensor.exponents, tensor.q))
    return {
        "cosine": round(mean_cosine(shown, targets), 4),
        "latents": size,
        "head": head.size,
        "bytes": size + head.size,
        "rank": head.rank,
    }


def measured(path: Path, given: argparse.Namespace, teacher: Teacher) -> dict[str, Any]:
    """Everything about one clip."""
    planes, found = segment(path, given.frames, teacher, given.cache)
    targets = normalised(found)
    mean = np.repeat(targets.mean(axis=0, keepdims=True), len(targets), axis=0)
    return {
        "clip": path.stem,
        "frames": len(planes),
        "mean alone": round(mean_cosine(mean, targets), 4),
        "aligned afterwards": figures(planes, targets, given.weight, drawn=False),
        "drawn": figures(planes, targets, given.weight, drawn=True),
    }


def main() -> int:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--frames", type=int, default=96)
    parser.add_argument("--model", default="conse", help="conse, or a directory")
    parser.add_argument("--weight", type=float, default=WEIGHT, help="lambda")
    parser.add_argument("--cache", default="latents_work", help="folder of embeddings")
    parser.add_argument("--out", type=Path, default=RESULTS / "latents.json")
    given = parser.parse_args()
    teacher = load_teacher(given.model, given.cache)
    rows = []
    for path in given.clips:
        rows.append(measured(path, given, teacher))
        print(json.dumps(rows[-1]), flush=True)
    means = {
        way: {
            name: round(float(np.mean([row[way][name] for row in rows])), 4)
            for name in ("cosine", "bytes")
        }
        for way in ("aligned afterwards", "drawn")
    }
    found = {"model": teacher.model, "weight": given.weight, "mean": means, "clips": rows}
    given.out.write_text(json.dumps({**found, "command": command()}, indent=1) + "\n", "utf-8")
    print(json.dumps(means))
    return 0


if __name__ == "__main__":
    sys.exit(main())
