"""Text to video and back, from the latents of .linc files, beside the teacher on source frames.

    python -m benchmarks.semantics.retrieval --videos DIR --captions captions.json [--model conse]
    python -m benchmarks.semantics.retrieval --videos DIR --msrvtt JSFUSION_test.csv --model DIR
    python -m benchmarks.semantics.retrieval --videos DIR --activitynet val_1.json --model CLIP_DIR
    python -m benchmarks.semantics.retrieval --videos DIR --coin COIN.json --model CLIP_DIR

Every clip is encoded (kept in --work), aligned to the model's embeddings of its source frames and
read back; figures come from what the files hold. Beside them: the teacher itself, which is
the upper reference, and latents that were not aligned (lambda 0). Protocols are those of the
paper's section 4.3: whole videos (T2V, V2T), classes and segments (by frames). With --weights, a
head for every lambda of Table 2; ``align_lambda.py`` does the same for architecture latent-inr.
Results go to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.runs import RESULTS, command
from benchmarks.semantics.caption_sets import Annotated, load
from benchmarks.semantics.recall import chance, frame_ranks, recall, whole_video
from lincodec.bitstream.embedding import Aligned, mean_cosine, normalised, segment_latents
from lincodec.container import LincFile
from lincodec.decoder.info import info
from lincodec.encoder.encode import encode
from lincodec.options import EncodeOptions, Span
from lincodec.semantics.cache import FrameVectors, cache_path
from lincodec.semantics.head import fit_head
from lincodec.semantics.index import alignment_to, seconds_at
from lincodec.semantics.teacher import Teacher, upright
from lincodec.semantics.teachers import load_teacher
from lincodec.video.reader import FrameReader

Floats = NDArray[np.float32]
WEIGHTS = (1e-3, 1e-2, 1e-1, 1.0)


@dataclass(frozen=True)
class Setting:
    """What is measured, the same for every clip."""

    teacher: Teacher
    model: str
    work: Path
    preset: str
    span: Span

    @property
    def cache(self) -> str:
        """Folder of the teacher's embeddings."""
        return str(self.work / "cache")


@dataclass
class Clip:
    """What is known of one clip."""

    annotated: Annotated
    path: Path
    """Of the .linc file."""
    times: list[float]
    """Seconds of every frame."""
    source: Floats
    """The teacher's embeddings of the source frames [n, d]."""
    latents: Floats
    """The file's embeddings [n, d]."""
    raw: Floats
    """Its latents cut or filled up to d numbers: what is there without alignment."""
    parts: list[Floats]
    """Its latents by segment [n, K]."""
    bytes: dict[str, int]
    psnr: float


def measured(annotated: Annotated, setting: Setting, segment: int | None = None) -> Clip:
    """Encode a clip unless that was done before, and read everything back."""
    path = setting.work / f"{annotated.path.stem}.linc"
    options = EncodeOptions(
        preset=setting.preset, span=setting.span, audio=False, align=(setting.model,),
        segment=segment, cache=setting.cache,
    )  # fmt: skip
    if not path.exists():
        encode(str(annotated.path), str(path), options)
    source = source_vectors(annotated.path, setting)
    with path.open("rb") as file:
        linc = LincFile(file, name=str(path))
        aligned = Aligned(linc, alignment_to(linc, setting.teacher.revision))
        parts = [segment_latents(linc, index) for index in range(len(linc.segments))]
        times = linc.times()
        seconds = [seconds_at(times, frame) for frame in range(linc.n_frames)]
        latents = aligned.frames()
    found = info(path)
    raw = np.concatenate([fitted_width(part, source.shape[1]) for part in parts])
    return Clip(
        annotated, path, seconds, source, latents, raw, parts, found["bytes"], found["psnr"]
    )


def source_vectors(path: Path, setting: Setting) -> Floats:
    """The teacher's embeddings of the frames that were encoded."""
    where = cache_path(setting.cache, str(path), setting.teacher, setting.span.start)
    vectors = FrameVectors(setting.teacher, where)
    rows = []
    with FrameReader(str(path), span=setting.span) as reader:
        for frame in reader:
            rows.append(vectors.of([frame.pts], lambda _, f=frame: upright(f.planes, reader.info)))
    vectors.save()
    return np.concatenate(rows)


def fitted_width(latents: Floats, dimension: int) -> Floats:
    """Latents [n, K] as [n, d]: cut, or filled up with zeros."""
    out = np.zeros((len(latents), dimension), np.float32)
    width = min(dimension, latents.shape[1])
    out[:, :width] = latents[:, :width]
    return out


def by_frames(clips: Sequence[Clip], frames: Sequence[Floats], teacher: Teacher) -> dict[str, Any]:
    """Class and segment level: a query is answered by a frame of the class, or inside the step."""
    rows = normalised(np.concatenate(frames))
    out: dict[str, Any] = {}
    labels = sorted({clip.annotated.label for clip in clips} - {""})
    texts = sorted({step.text for clip in clips for step in clip.annotated.steps})
    if labels:
        here = np.concatenate([[clip.annotated.label] * len(clip.times) for clip in clips])
        positive = np.array([here == label for label in labels])
        out["class"] = recall(frame_ranks(normalised(teacher.texts(labels)), rows, positive))
    if texts:
        positive = np.zeros((len(texts), len(rows)), bool)
        at = 0
        for clip in clips:
            times = np.array(clip.times)
            for step in clip.annotated.steps:
                inside = (times >= step.start) & (times < step.stop)
                positive[texts.index(step.text), at : at + len(times)] |= inside
            at += len(times)
        out["segment"] = recall(frame_ranks(normalised(teacher.texts(texts)), rows, positive))
    return out


def figures(clips: Sequence[Clip], frames: Sequence[Floats], teacher: Teacher) -> dict[str, Any]:
    """Every protocol that the annotations allow."""
    texts = teacher.texts([clip.annotated.text for clip in clips])
    return {**whole_video(texts, frames), **by_frames(clips, frames, teacher)}


def with_weight(clips: Sequence[Clip], weight: float, teacher: Teacher) -> dict[str, Any]:
    """Heads of another lambda for the same files; their pixels stay as they are."""
    size, frames = 0, []
    for clip in clips:
        rows, at = [], 0
        for part in clip.parts:
            centre = part.mean(axis=0, dtype=np.float64).astype(np.float32)
            head = fit_head(part, normalised(clip.source[at : at + len(part)]), weight)
            rows.append(head.embed(part, centre))
            size, at = size + head.size, at + len(part)
        frames.append(np.concatenate(rows))
    segments = sum(len(clip.parts) for clip in clips)
    return {
        "lambda": weight,
        "cosine": round(
            float(np.mean([mean_cosine(f, c.source) for f, c in zip(frames, clips, strict=True)])),
            4,
        ),
        "bytes a segment": round(size / segments),
        **figures(clips, frames, teacher),
    }


def compared(clips: Sequence[Clip], teacher: Teacher, weights: Sequence[float]) -> dict[str, Any]:
    """The table: teacher, latents, latents without alignment, and one row a lambda."""
    total = sum(clip.bytes["total"] for clip in clips)
    heads = sum(clip.bytes["alignment"] for clip in clips)
    cosines = [mean_cosine(clip.latents, clip.source) for clip in clips]
    return {
        "clips": len(clips),
        "frames": sum(len(clip.times) for clip in clips),
        "segments": sum(len(clip.parts) for clip in clips),
        "model": teacher.model,
        "revision": teacher.revision.hex(),
        "psnr_rgb": round(float(np.mean([clip.psnr for clip in clips])), 3),
        "bytes": total,
        "bytes added by alignment": heads,
        "percent added": round(100 * heads / (total - heads), 2),
        "cosine to the teacher": {
            "mean": round(float(np.mean(cosines)), 4),
            "worst clip": round(min(cosines), 4),
        },
        "chance": chance(len(clips)),
        "teacher on source frames": figures(clips, [clip.source for clip in clips], teacher),
        "latents": figures(clips, [clip.latents for clip in clips], teacher),
        "latents, lambda 0": figures(clips, [clip.raw for clip in clips], teacher),
        "ablation": [with_weight(clips, weight, teacher) for weight in weights],
    }


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--videos", type=Path, required=True, help="folder of the clips")
    kinds = parser.add_mutually_exclusive_group(required=True)
    for kind in ("captions", "msrvtt", "activitynet", "coin"):
        kinds.add_argument(f"--{kind}", type=Path, metavar="FILE")
    parser.add_argument("--model", default="conse", help="conse, or a directory")
    parser.add_argument("--preset", default="instant")
    parser.add_argument("--frames", type=int, help="frames of each clip; default: all")
    parser.add_argument("--start", type=float, help="seconds to skip")
    parser.add_argument("--limit", type=int, help="clips")
    parser.add_argument("--weights", default=",".join(f"{w:g}" for w in WEIGHTS))
    parser.add_argument("--work", type=Path, default=Path("retrieval_work"))
    parser.add_argument("--out", type=Path, help="default: results/retrieval_KIND.json")
    return parser.parse_args()


def main() -> int:
    """Measure and write the figures."""
    given = parsed()
    kinds = ("captions", "msrvtt", "activitynet", "coin")
    kind = next(name for name in kinds if getattr(given, name))
    annotated, missing = load(kind, getattr(given, kind), given.videos)
    annotated = annotated[: given.limit]
    if not annotated:
        print(f"none of the videos is in {given.videos}", file=sys.stderr)
        return 2
    given.work.mkdir(parents=True, exist_ok=True)
    teacher = load_teacher(given.model, str(given.work / "cache"))
    span = Span(given.start, None, given.frames)
    setting = Setting(teacher, given.model, given.work, given.preset, span)
    clips = []
    for item in annotated:
        clips.append(measured(item, setting))
        print(
            f"{item.path.name}: cosine {mean_cosine(clips[-1].latents, clips[-1].source):.3f}",
            flush=True,
        )
    weights = [float(text) for text in given.weights.split(",") if text]
    found = {
        "set": kind, "preset": given.preset, "missing": len(missing),
        **compared(clips, teacher, weights),
        "load": round(os.getloadavg()[0], 1),
        "command": command(),
    }  # fmt: skip
    out = given.out or RESULTS / f"retrieval_{kind}.json"
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
