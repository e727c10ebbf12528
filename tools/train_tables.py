"""Learn the fixed tables of the entropy coder and write format_spec/tables.json.

    python -m tools.train_tables CLIP [CLIP ...]

Each clip gives the quantised spectral weights of 33 frames at three qualities, as
the encoder chooses them with the tables there are. From them: weights and tables of
the block classes; hidden layer, outputs, thresholds and tables of the magnitudes. The tables of
other integers (``magnitude_tables``, ``escape_table``) stay as they are. Tables are part of the
format: a new run is a new spec version.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.common.anchors import load_clip
from lincodec.container import LincArch
from lincodec.encoder.linc.segment_fit import SegmentFit
from lincodec.encoder.presets import step_of
from lincodec.entropy import context, tables
from lincodec.entropy.coefficients import Coefficients
from lincodec.entropy.magnitudes import TERMS, UNIT_ONE, Known, outputs
from lincodec.entropy.rans import normalise
from lincodec.entropy.spectral import Walk
from lincodec.types import Planes, VideoInfo

FRAMES, SKIPPED = 33, 30
QUALITIES = (28, 33, 38)
#: Rows and columns of the window of a clip, and luma samples above which it is halved first.
WINDOW, LARGE = (320, 448), 700_000
#: log2 of the block side, and the overlap, of one clip after another.
WINDOWS = ((4, 2), (5, 4), (4, 2), (3, 1))
#: Positions of a channel that are looked at in one coded segment.
SAMPLES = 25_000
#: Units of the hidden layer, and the tables: sizes times tails.
UNITS, SIZES, TAILS = 32, 32, 6
EPOCHS, BATCH = 12, 4096
#: Whole numbers for one: of hidden weights, of outputs.
HIDDEN_ONE, OUTPUT_ONE = 512, 4096
#: Terms are divided by this for training.
TERM_ONE = 32
TABLES = Path(__file__).parents[1] / "format_spec" / "tables.json"

Sets = tuple[int, int]
"""Channel (2: all after) and pass."""


@dataclass(frozen=True)
class Sample:
    """Positions of one channel and pass."""

    terms: np.ndarray
    """uint8 [TERMS, n]."""
    magnitudes: np.ndarray
    """uint8 [n], capped at 15."""
    weight: float
    """Of each position: the coded segments count alike."""


def windows(path: str) -> tuple[list[Planes], VideoInfo]:
    """Frames from the middle of a clip's pictures; large pictures are halved."""
    clip = load_clip(path, SKIPPED + FRAMES)
    frames = clip.frames[-FRAMES:]
    if frames[0][0].size > LARGE:
        frames = [tuple(_halved(plane) for plane in planes) for planes in frames]
    height, width = (min(n, m) // 2 * 2 for n, m in zip(frames[0][0].shape, WINDOW, strict=True))
    info = VideoInfo(width, height, clip.info.fps, chroma_shift=clip.info.chroma_shift)
    top, left = ((n - m) // 4 * 2 for n, m in zip(frames[0][0].shape, (height, width), strict=True))
    out = []
    for planes in frames:
        parts = []
        for plane, (h, w) in zip(planes, info.plane_sizes, strict=True):
            y, x = top * h // height, left * w // width
            parts.append(np.ascontiguousarray(plane[y : y + h, x : x + w]))
        out.append(tuple(parts))
    return out, info


def _halved(plane: np.ndarray) -> np.ndarray:
    """Mean of two by two samples; uint8."""
    height, width = (n // 4 * 4 for n in plane.shape)
    cells = plane[:height, :width].reshape(height // 2, 2, width // 2, 2).astype(np.uint16)
    return ((cells.sum((1, 3)) + 2) // 4).astype(np.uint8)


def coded(path: str, index: int) -> Iterator[list[Coefficients]]:
    """Quantised weights of every channel of a clip, quality after quality."""
    frames, info = windows(path)
    arch = LincArch(*WINDOWS[index % len(WINDOWS)], len(frames))
    fit = SegmentFit(frames, info, arch)
    for quality in QUALITIES:
        yield list(fit.quantise(step_of(quality)).spectral.channels)


def samples(channels: Sequence[Coefficients], rng: np.random.Generator) -> dict[Sets, Sample]:
    """A share of the positions of one coded segment."""
    walk, found = Walk(), {}
    for channel, values in enumerate(channels):
        shape = context.Channel(*values.shape)
        walk.classes.append(context.class_of(values))
        around = walk.context(Known.of(values))
        active = context.active_positions(shape, walk.classes[-1])
        keep = np.sort(rng.permutation(active.count)[:SAMPLES])
        share = active.count / max(len(keep), 1)
        for late in (0, 1):
            part = active.part(keep[(active.time[keep] & 1) == late])
            terms = around.terms(part, bool(late)).astype(np.uint8)
            magnitudes = np.minimum(np.abs(values.dense().ravel()[part.plain(shape)]), 15)
            found[min(channel, 2), late] = Sample(terms, magnitudes.astype(np.uint8), share)
    total = sum(s.weight * np.sqrt(s.magnitudes.astype(float)).sum() for s in found.values())
    return {k: Sample(s.terms, s.magnitudes, s.weight / max(total, 1)) for k, s in found.items()}


# ---------------------------------------------------------------- classes


def class_samples(
    channels: Sequence[Coefficients],
) -> Iterator[tuple[Sets, np.ndarray, np.ndarray]]:
    """Terms [n, 8] and classes [n] of every class plane and pass."""
    classes = [context.class_of(values) for values in channels]
    for channel, planes in enumerate(classes):
        second = context.checkerboard(*planes.shape[1:])
        blank = np.zeros([n + 2 for n in planes.shape[1:]], np.int64)
        history = [blank, blank]
        for k in range(len(planes)):
            others = [c[k].astype(np.int64) for c in classes[:channel]]
            full = np.pad(planes[k].astype(np.int64), 1)
            for late in (0, 1):
                terms = context.class_terms(history, others, full if late else None)
                pick = second == bool(late)
                found = np.stack([t[pick] for t in terms], 1)
                yield (channel, late), found, planes[k][pick]
            history = [history[1], full]


def learn_classes(found: Sequence[tuple[Sets, np.ndarray, np.ndarray]]) -> dict[str, Any]:
    """Least-squares integer weights, then one histogram per bin."""
    weights = np.zeros((3, 2, 8), np.int64)
    size = len(tables.CLASS_BOUNDS)
    counts = np.zeros((size * 64 >> tables.CLASS_SHIFT, size))
    total = 0
    for key in sorted({key for key, _, _ in found}):
        x = np.concatenate([terms for k, terms, _ in found if k == key])
        y = np.concatenate([classes for k, _, classes in found if k == key])
        gram = x.T @ x + 1e-6 * np.eye(8)
        weights[key] = np.clip(np.round(64 * np.linalg.solve(gram, x.T @ y)), -32768, 32767)
        ids = np.clip((x @ weights[key]) >> tables.CLASS_SHIFT, 0, len(counts) - 1)
        np.add.at(counts, (ids, y), 1)
        total += len(y)
    for i, row in enumerate(counts):  # borrow a little from the neighbours where data are thin
        if row.sum() < 200:
            row += 0.1 * (counts[max(i - 1, 0)] + counts[min(i + 1, len(counts) - 1)]) + 0.5
    rows = [smooth(row) for row in counts]
    print(f"classes: {total} symbols, {_bits(counts, rows) / total:.3f} bits each")
    return {"class_weights": weights.tolist(), "class_tables": rows}


def smooth(counts: np.ndarray) -> tuple[int, ...]:
    """A table from counts with a small floor that keeps every symbol affordable."""
    return normalise(((counts + 0.02 + counts.sum() * 2e-5) * 4096).astype(np.int64))


def _bits(counts: np.ndarray, rows: Sequence[tuple[int, ...]]) -> float:
    return float(-(counts * np.log2(np.array(rows) / 2**24)).sum())


# ---------------------------------------------------------------- magnitudes


class Predictor(nn.Module):
    """Two numbers from the terms of a position, over a hidden layer and directly."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(TERMS, UNITS)
        self.mixed = nn.Linear(UNITS, 2)
        self.direct = nn.Linear(TERMS, 2, bias=False)
        nn.init.zeros_(self.direct.weight)

    def forward(self, terms: Tensor) -> Tensor:
        """float32 [n, TERMS], in units of ``TERM_ONE`` whole numbers, to float32 [n, 2]."""
        mixed: Tensor = self.mixed(torch.relu(self.hidden(terms))) + self.direct(terms)
        return mixed

    def integers(self) -> tuple[np.ndarray, np.ndarray]:
        """Hidden layer [UNITS, TERMS + 1] and outputs [2, TERMS + UNITS + 1] as whole numbers."""
        one = HIDDEN_ONE * TERM_ONE
        hidden = torch.cat([self.hidden.weight * HIDDEN_ONE, self.hidden.bias[:, None] * one], 1)
        unit = OUTPUT_ONE * UNIT_ONE / one
        direct = self.direct.weight * (OUTPUT_ONE / TERM_ONE)
        parts = [direct, self.mixed.weight * unit, self.mixed.bias[:, None] * OUTPUT_ONE]
        return _whole(hidden), _whole(torch.cat(parts, 1))


def _whole(weights: Tensor) -> np.ndarray:
    return weights.detach().round().numpy().astype(np.int64)


def cost(found: Tensor, magnitudes: Tensor) -> Tensor:
    """Bits of magnitudes: zero or not by the first number, a mixture of geometric tails by the
    second."""
    empty, mean = found[:, 0], functional.softplus(found[:, 1]) + 0.02
    tail = torch.zeros_like(mean)
    for share, factor in ((0.35, 0.4), (0.4, 1.0), (0.25, 2.0)):
        g = mean * factor / (1 + mean * factor)
        tail = tail + share * (1 - g) * g ** (magnitudes - 1).clamp(min=0)
    zero, other = functional.softplus(-empty), functional.softplus(empty)
    return torch.where(magnitudes == 0, zero, other - torch.log(tail + 1e-9)) / np.log(2)


def learn_predictor(found: Sequence[Sample]) -> Predictor:
    """Maximum likelihood by Adam."""
    torch.manual_seed(0)
    terms = torch.from_numpy(np.concatenate([s.terms for s in found], 1).T.copy())
    magnitudes = torch.from_numpy(np.concatenate([s.magnitudes for s in found]).astype(np.float32))
    weights = torch.from_numpy(
        np.concatenate([np.full(len(s.magnitudes), s.weight, np.float32) for s in found])
    )
    weights /= weights.mean()
    model, steps = Predictor(), EPOCHS * (len(magnitudes) // BATCH + 1)
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.012, total_steps=steps + 1)
    for _ in range(EPOCHS):
        for i in torch.randperm(len(magnitudes)).split(BATCH):
            each = cost(model(terms[i].float() / TERM_ONE), magnitudes[i])
            loss = (each * weights[i]).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return model


def learn_magnitudes(found: Sequence[dict[Sets, Sample]]) -> dict[str, Any]:
    """Predictors of every channel and pass; thresholds and tables from what they say."""
    hidden = np.zeros((3, 2, UNITS, TERMS + 1), np.int64)
    output = np.zeros((3, 2, 2, TERMS + UNITS + 1), np.int64)
    said, magnitudes, weights = [], [], []
    for key in sorted({key for each in found for key in each}):
        mine = [each[key] for each in found if key in each]
        hidden[key], output[key] = learn_predictor(mine).integers()
        check(hidden[key], output[key])
        layers = hidden[key].astype(np.float32), output[key].astype(np.float32)
        said += [np.stack(outputs(s.terms.astype(np.float32), *layers)) for s in mine]
        magnitudes += [s.magnitudes for s in mine]
        weights += [np.full(len(s.magnitudes), s.weight) for s in mine]
        print(f"magnitudes: channel {key[0]}, pass {key[1]}", flush=True)
    tail, y, w = np.concatenate(said, 1), np.concatenate(magnitudes), np.concatenate(weights)
    sizes = even_cuts(tail[0], y, w)
    tails = np.quantile(tail[1][y > 1], np.linspace(0, 1, TAILS + 1)[1:-1]).round().astype(int)
    ids = np.searchsorted(sizes, tail[0], side="right") * TAILS
    ids += np.searchsorted(tails, tail[1], side="right")
    counts = np.zeros(((len(sizes) + 1) * TAILS, 16))
    np.add.at(counts, (ids, y), w * (len(y) / w.sum()))
    rows = [smooth(row) for row in counts]
    print(f"magnitudes: {len(y)} symbols, {_bits(counts, rows) / len(y):.4f} bits each")
    return {
        "hidden_weights": hidden.tolist(), "output_weights": output.tolist(),
        "size_thresholds": sizes.tolist(), "tail_thresholds": tails.tolist(),
        "spectral_tables": rows,
    }  # fmt: skip


def check(hidden: np.ndarray, output: np.ndarray) -> None:
    """No sum of these weights may reach 2^24."""
    largest = np.concatenate([np.full(TERMS, 255), np.full(UNITS, tables.LARGEST_UNIT), [1]])
    assert (np.abs(hidden) @ np.r_[largest[:TERMS], 1]).max() < 1 << 24
    assert (np.abs(output) @ largest).max() < 1 << 24


def even_cuts(size: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Thresholds between which about the same square root of entropy lies."""
    fine = np.unique(np.quantile(size, np.linspace(0, 1, 600)[1:-1]).round().astype(int))
    counts = np.zeros((len(fine) + 1, 16))
    np.add.at(counts, (np.searchsorted(fine, size, side="right"), y), w)
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1e-30)
    entropy = -(counts * np.log2(np.maximum(share, 1e-9))).sum(1)
    sums = np.cumsum(np.sqrt(entropy + 1e-3 * entropy.mean()))
    at = np.searchsorted(sums, np.linspace(0, sums[-1], SIZES + 1)[1:-1])
    return np.unique(fine[np.minimum(at, len(fine) - 1)])


def main(paths: Sequence[str]) -> None:
    """Collect, learn, write."""
    torch.set_num_threads(1)  # all of it is small
    rng = np.random.default_rng(0)
    classes, found = [], []
    for index, path in enumerate(paths):
        for channels in coded(path, index):
            classes += class_samples(channels)
            found.append(samples(channels, rng))
        print(path, flush=True)
    result = json.loads(TABLES.read_text()) | learn_classes(classes) | learn_magnitudes(found)
    TABLES.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print("wrote", TABLES)


if __name__ == "__main__":
    main(sys.argv[1:])
