"""Table 2 of the paper: what lambda does to pixels and to meaning, architecture latent-inr.

    python -m benchmarks.semantics.align_lambda --videos DIR --captions captions.json [--steps 3000]

A reel of short shots, one of each captioned clip, scaled down so that a CPU can fit the paper's
network to it, is encoded once for every lambda with the same seed and steps. Every second frame
is left out of the reel; latents half-way between two fitted frames are compared with the
teacher's view of the frame that was left out. Recall is at segment level: the queries are
the captions, and a frame answers one if it lies in that shot. Results go to
benchmarks/results/retrieval_lambda.json.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.common.runs import RESULTS, command
from benchmarks.semantics.caption_sets import Annotated, load
from benchmarks.semantics.recall import chance, frame_ranks, recall
from lincodec.bitstream.embedding import interpolated, mean_cosine, normalised, segment_latents
from lincodec.container import LincFile
from lincodec.decoder.info import info
from lincodec.encoder.encode import encode
from lincodec.options import EncodeOptions
from lincodec.semantics.teacher import Picture
from lincodec.semantics.teachers import load_teacher

Floats = NDArray[np.float32]
SIZE = (160, 96)  # columns, rows
SHOT = 15  # frames of a shot, every second one of which is fitted
LAMBDAS = (0.0, 1e-3, 1e-2, 1e-1, 1.0)
NETWORK = {
    "patch": "8", "kernel": "1", "hidden": "128", "layers": "4", "rank": "20",
    "hyper_hidden": "64", "levels": "8", "log2_entries": "12", "lr": "2e-3",
}  # fmt: skip


def shot(clip: Annotated, start: float) -> list[Picture]:
    """The first frames after ``start`` of a clip, its middle cut to the reel's shape."""
    frames: list[Picture] = []
    with av.open(str(clip.path), metadata_errors="ignore") as container:
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time < start:
                continue
            picture = frame.to_ndarray(format="rgb24")
            height, width = picture.shape[:2]
            side = min(width / SIZE[0], height / SIZE[1])
            columns, rows = round(SIZE[0] * side), round(SIZE[1] * side)
            left, top = (width - columns) // 2, (height - rows) // 2
            cut = np.ascontiguousarray(picture[top : top + rows, left : left + columns])
            small = av.VideoFrame.from_ndarray(cut, format="rgb24")
            frames.append(small.reformat(*SIZE, "rgb24", interpolation="AREA").to_ndarray())
            if len(frames) == SHOT:
                break
    return frames


def write_reel(path: Path, frames: list[Picture]) -> None:
    """Frames as a lossless RGB video."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv444p"
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def fitted(reel: Path, folder: Path, weight: float, model: str, steps: int) -> dict[str, Any]:
    """Encode the reel with one lambda; its latents [n, K] and figures."""
    path = folder / f"lambda{weight:g}.linc"
    options = EncodeOptions(
        preset="paper-s", model={**NETWORK, "steps": str(steps)}, audio=False,
        align=(model,) if weight else (), align_weight=weight or 1.0, cache=str(folder / "cache"),
    )  # fmt: skip
    begun = time.process_time()
    encode(str(reel), str(path), options, overwrite=True)
    found = info(path)
    with path.open("rb") as file:
        linc = LincFile(file)
        assert len(linc.segments) == 1
        latents = segment_latents(linc, 0)
    return {
        "latents": latents,
        "psnr_rgb": round(found["psnr"], 3),
        "bytes": found["bytes"]["total"],
        "bytes added by alignment": found["bytes"]["alignment"],
        "cpu_s": round(time.process_time() - begun, 1),
    }


def row(found: dict[str, Any], views: Floats, texts: Floats, shots: int) -> dict[str, Any]:
    """Figures of one lambda.

    Args:
        found: from ``fitted``.
        views: the teacher's vectors [shots, SHOT, d] of all frames.
        texts: unit vectors [shots, d] of the captions.
        shots: number of shots.
    """
    latents = found.pop("latents")[:, : views.shape[-1]]
    kept = views[:, ::2].reshape(len(latents), -1)
    count = views[:, ::2].shape[1]
    between = [shot * count + k + 0.5 for shot in range(shots) for k in range(count - 1)]
    held_out = views[:, 1::2].reshape(len(between), -1)
    middles = interpolated(latents, between)
    answers = np.repeat(np.eye(shots, dtype=bool), count, axis=1)
    return {
        **found,
        "cosine, fitted frames": round(mean_cosine(latents, kept), 4),
        "cosine, frames left out": round(mean_cosine(middles, held_out), 4),
        "segment": recall(frame_ranks(texts, normalised(latents), answers)),
    }


def main() -> int:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--captions", type=Path, required=True)
    parser.add_argument("--model", default="conse")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--start", type=float, default=1.0)
    parser.add_argument("--work", type=Path, help="default: a temporary folder")
    parser.add_argument("--out", type=Path, default=RESULTS / "retrieval_lambda.json")
    given = parser.parse_args()
    folder = given.work or Path(tempfile.mkdtemp(prefix="linc-lambda-"))
    folder.mkdir(parents=True, exist_ok=True)
    clips, _ = load("captions", given.captions, given.videos)
    shots = [(clip, shot(clip, given.start)) for clip in clips]
    shots = [pair for pair in shots if len(pair[1]) == SHOT][: given.clips]
    reel = folder / "reel.mkv"
    write_reel(reel, [picture for _, pictures in shots for picture in pictures[::2]])
    teacher = load_teacher(given.model, str(folder / "cache"))
    views = np.stack([teacher.embed(pictures) for _, pictures in shots])
    texts = normalised(teacher.texts([clip.text for clip, _ in shots]))
    kept = normalised(views[:, ::2].reshape(-1, views.shape[-1]))
    answers = np.repeat(np.eye(len(shots), dtype=bool), len(kept) // len(shots), axis=1)
    middles = (views[:, :-1:2] + views[:, 2::2]) / 2
    out: dict[str, Any] = {
        "shots": len(shots), "frames": len(kept), "size": f"{SIZE[0]}x{SIZE[1]}",
        "steps": given.steps, "network": NETWORK, "model": teacher.model,
        "chance": chance(len(shots)),
        "teacher on source frames": recall(frame_ranks(texts, kept, answers)),
        "cosine of the teacher's own mean of two neighbours to the frame between":
            round(mean_cosine(middles, views[:, 1::2]), 4),
        "rows": [],
        "command": command(),
    }  # fmt: skip
    for weight in LAMBDAS:
        found = fitted(reel, folder, weight, given.model, given.steps)
        out["rows"].append({"lambda": weight, **row(found, views, texts, len(shots))})
        print(json.dumps(out["rows"][-1]), flush=True)
        out["load"] = round(os.getloadavg()[0], 1)
        given.out.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
