"""Learn the fixed tables of the entropy coder and write format_spec/tables.json.

    python benchmarks/train_tables.py CLIP [CLIP ...]

Each clip gives the quantised spectral weights of its first 33 frames at three steps. From
them: weights and tables of the block classes, and weights, place priors, thresholds and
tables of the magnitudes. The tables are part of the format: a new run is a new spec version.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch

from lincodec.entropy import context, tables
from lincodec.entropy.rans import normalise
from lincodec.video.reader import FrameReader

FRAMES = 33
STEPS = (36.0, 64.0, 115.0)
BINS = 40
SAMPLES = 150_000


def coefficients(path: str, block: int, step: float, frames: list) -> list[np.ndarray]:
    """Quantised block-DCT weights of the temporal KLT, one int32 array per plane."""
    from lincodec.model.closed import quantised_for_training

    return quantised_for_training(frames, block, step)


def class_samples(classes: list[np.ndarray]) -> list[tuple[int, int, np.ndarray, np.ndarray]]:
    """(channel, pass, terms [n, 8], target [n]) of every class plane."""
    out = []
    for channel, planes in enumerate(classes):
        rows, columns = planes.shape[1:]
        second = context.checkerboard(rows, columns)
        blank = np.zeros((rows + 2, columns + 2), np.int64)
        history = [blank, blank]
        for k in range(planes.shape[0]):
            others = [c[k].astype(np.int64) for c in classes[:channel]]
            full = np.pad(planes[k].astype(np.int64), 1)
            for late in (0, 1):
                terms = context.class_terms(history, others, full if late else None)
                pick = second == bool(late)
                out.append((channel, late, np.stack([t[pick] for t in terms], 1), planes[k][pick]))
            history = [history[1], full]
    return out


def magnitude_samples(q: list[np.ndarray], classes: list[np.ndarray], rng: np.random.Generator):
    """Terms [n, 12], place [n, 5] = (channel, pass, class, diagonal, plane) and target [n]."""
    terms, places, targets = [], [], []
    lower: list[tuple[np.ndarray, context.Channel]] = []
    for channel, (values, cls) in enumerate(zip(q, classes, strict=True)):
        shape = context.Channel(*values.shape)
        flat = shape.magnitudes(values)
        active = context.active_positions(shape, cls)
        keep = np.sort(rng.permutation(active.index.size)[:SAMPLES])
        for late in (False, True):
            part = keep[(active.time[keep] & 1) == late]
            step = context.step_at(active, part, late)
            below = context.lower_planes(lower, shape, active.plain[part])
            found = context.features(step, flat, below, shape)
            found += [np.zeros(part.size, np.int64)] * (12 - len(found))
            terms.append(np.stack(found, 1))
            ones = np.ones(part.size, np.int64)
            places.append(
                np.stack(
                    [ones * channel, ones * late, step.block_class, step.diagonal, step.plane], 1
                )
            )
            targets.append(flat[step.index])
        lower.append((flat, shape))
    return np.concatenate(terms), np.concatenate(places), np.concatenate(targets)


def smooth(counts: np.ndarray) -> tuple[int, ...]:
    """A table from counts with a small floor that keeps every symbol affordable."""
    n = counts.size
    return normalise(((counts + 0.02 + counts.sum() * 2e-5) * 4096).astype(np.int64)[:n])


def learn_classes(samples) -> dict:
    """Least-squares integer weights, then one histogram per bin."""
    weights = np.zeros((3, 2, 8), np.int64)
    pooled = [
        (
            c,
            p,
            np.concatenate([s[2] for s in samples if s[:2] == (c, p)]),
            np.concatenate([s[3] for s in samples if s[:2] == (c, p)]),
        )
        for c in range(3)
        for p in (0, 1)
    ]
    bins = len(tables.CLASS_BOUNDS) * 64 >> tables.CLASS_SHIFT
    counts = np.zeros((bins, len(tables.CLASS_BOUNDS)))
    for c, p, x, y in pooled:
        gram = x.T @ x + 1e-6 * np.eye(8)
        weights[c, p] = np.clip(np.round(64 * np.linalg.solve(gram, x.T @ y)), -32768, 32767)
        ids = np.clip((x @ weights[c, p]) >> tables.CLASS_SHIFT, 0, bins - 1)
        np.add.at(counts, (ids, y), 1)
    for i in range(bins):  # borrow a little from the neighbours where data are thin
        if counts[i].sum() < 200:
            counts[i] += 0.1 * (counts[max(i - 1, 0)] + counts[min(i + 1, bins - 1)]) + 0.5
    cost = -(counts * np.log2(np.stack([np.array(smooth(c)) / 2**24 for c in counts]))).sum()
    total = sum(len(y) for *_, y in pooled)
    print(f"classes: {total} symbols, {cost / total:.3f} bits each")
    return {"class_weights": weights.tolist(), "class_tables": [smooth(c) for c in counts]}


def _mixture(mean: torch.Tensor, m: torch.Tensor) -> torch.Tensor:
    """Log probability of magnitude ``m`` under a mixture of folded two-sided geometrics."""
    total = torch.zeros_like(mean)
    for share, factor in ((0.3, 0.4), (0.45, 1.0), (0.25, 1.7)):
        mu = mean * factor + 1e-5
        t = (torch.sqrt(1 + mu * mu) - 1) / mu
        zero = (1 - t) / (1 + t)
        total = total + share * torch.where(m == 0, zero, 2 * zero * t**m)
    return torch.log2(total + 1e-9)


def learn_magnitudes(x: np.ndarray, place: np.ndarray, y: np.ndarray, epochs: int = 14) -> dict:
    """Weights and priors by maximum likelihood; thresholds and tables from the result."""
    torch.manual_seed(0)
    xs = torch.from_numpy(x).float() / 256
    ys = torch.from_numpy(y).float()
    channel, late, cls, diagonal, plane = (torch.from_numpy(place[:, i]) for i in range(5))
    chroma = (channel > 0).long()
    diagonal = diagonal.clamp(max=tables.PRIOR_DIAGONALS - 1)
    plane = plane.clamp(max=tables.PRIOR_PLANES - 1)
    w = torch.zeros(3, 2, 12)
    w[:, :, :11] = 0.1
    w.requires_grad_()
    prior = torch.zeros(2, 2, len(tables.CLASS_BOUNDS), tables.PRIOR_DIAGONALS, requires_grad=True)
    plane_prior = torch.zeros(2, tables.PRIOR_PLANES, requires_grad=True)
    optimiser = torch.optim.Adam([w, prior, plane_prior], lr=0.02)
    batch = 1 << 16
    total_steps = epochs * (len(ys) // batch + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.03, total_steps=total_steps + 1)

    def predict(i: torch.Tensor) -> torch.Tensor:
        linear = (xs[i] * w[channel[i], late[i]]).sum(1)
        return (
            linear
            + prior[chroma[i], late[i], cls[i], diagonal[i]]
            + plane_prior[chroma[i], plane[i]]
        )

    for epoch in range(epochs):
        losses = []
        for i in torch.randperm(len(ys)).split(batch):
            s = torch.nn.functional.softplus(predict(i), beta=8) + 0.01
            loss = -_mixture(s * s, ys[i]).mean() + 1e-4 * prior.square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        print(f"magnitudes: epoch {epoch} {np.mean(losses):.4f} bits", flush=True)
    return quantise_predictor(x, place, y, w.detach(), prior.detach(), plane_prior.detach())


def quantise_predictor(x, place, y, w, prior, plane_prior) -> dict:
    """Integer predictor, thresholds that split the cost evenly, and the table of each bin."""
    scale = 1 << tables.WEIGHT_SHIFT
    wi = torch.round(w * scale).long().numpy()
    pi = torch.round(prior * 256 * scale).long().numpy()
    pp = torch.round(plane_prior * 256 * scale).long().numpy()
    channel, late, cls, diagonal, plane = place.T
    chroma = (channel > 0).astype(int)
    total = (x * wi[channel, late]).sum(1)
    total += pi[chroma, late, cls, np.minimum(diagonal, tables.PRIOR_DIAGONALS - 1)]
    total += pp[chroma, np.minimum(plane, tables.PRIOR_PLANES - 1)]
    value = total >> tables.WEIGHT_SHIFT
    fine = np.unique(
        np.round(np.concatenate([np.linspace(-60, 60, 41), np.geomspace(61, 1200, 160)])).astype(
            int
        )
    )
    ids = np.searchsorted(fine, value, side="right")
    counts = np.zeros((fine.size + 1, 16))
    np.add.at(counts, (ids, y), 1)
    entropy = [-(c[c > 0] * np.log2(c[c > 0] / c.sum())).sum() if c.sum() else 0.0 for c in counts]
    share = np.cumsum(np.sqrt(np.array(entropy) + 1))
    cut = np.searchsorted(share, np.linspace(0, share[-1], BINS + 1)[1:-1])
    thresholds = np.unique(fine[np.clip(cut, 0, fine.size - 1)])
    counts = np.zeros((thresholds.size + 1, 16))
    np.add.at(counts, (np.searchsorted(thresholds, value, side="right"), y), 1)
    rows = [smooth(c) for c in counts]
    cost = -(counts * np.log2(np.stack([np.array(r) / 2**24 for r in rows]))).sum() / len(y)
    print(f"magnitudes: {len(y)} symbols, {cost:.4f} bits each in {len(rows)} integer tables")
    return {
        "magnitude_weights": wi.tolist(),
        "prior": pi.tolist(),
        "plane_prior": pp.tolist(),
        "thresholds": thresholds.tolist(),
        "magnitude_tables": rows,
    }


def main(paths: list[str]) -> None:
    """Collect, learn, write."""
    rng = np.random.default_rng(0)
    classes, magnitudes = [], []
    for path in paths:
        with FrameReader(path) as reader:
            frames = [f.planes for _, f in zip(range(FRAMES), reader, strict=False)]
        if len(frames[0]) != 3 or frames[0][0].shape[0] * frames[0][0].shape[1] > 1_000_000:
            continue
        big = frames[0][0].size > 300_000
        for step in STEPS:
            q = coefficients(path, 32 if big else 16, step, frames)
            cls = [context.class_of(v) for v in q]
            classes += class_samples(cls)
            magnitudes.append(magnitude_samples(q, cls, rng))
        print(path, flush=True)
    result = learn_classes(classes)
    x, place, y = (np.concatenate([m[i] for m in magnitudes]) for i in range(3))
    result |= learn_magnitudes(x, place, y)
    escape = [1 << 22 >> i for i in range(20)]
    result["escape_table"] = normalise(escape)
    target = Path(__file__).parents[1] / "format_spec" / "tables.json"
    target.write_text(json.dumps(result, indent=None, separators=(",", ":")) + "\n")
    print("wrote", target)


if __name__ == "__main__":
    main(sys.argv[1:])
