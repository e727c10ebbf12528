"""Retrieval figures: whole videos, classes and segments (paper section 4.3 and appendix C).

Scores are cosines. A tie counts against us. Videos are compared by the normalised mean of
their frames' unit vectors; classes and segments by their best frame.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lincodec.bitstream.embedding import normalised

Floats = NDArray[np.float32]
Ranks = NDArray[np.int64]

CUTS = (1, 5, 10)
_DRAWS = 2000


def video_vectors(frames: Sequence[Floats]) -> Floats:
    """One unit vector [d] a video from its frames [n, d]."""
    return normalised(np.stack([normalised(rows).mean(axis=0) for rows in frames]))


def pair_ranks(scores: Floats) -> Ranks:
    """Rank, from 0, of the right answer of every query: the diagonal of scores [n, n]."""
    right = np.diag(scores)[:, None]
    ranks: Ranks = (scores >= right).sum(axis=1).astype(np.int64) - 1
    return ranks


def frame_ranks(queries: Floats, frames: Floats, positive: NDArray[np.bool_]) -> Ranks:
    """Rank of the best positive frame of every query (hit at K: the rank is below K).

    Args:
        queries: unit vectors [q, d].
        frames: unit vectors [n, d] of all videos.
        positive: [q, n], which frames answer which query; a query without any is left out.
    """
    scores = queries @ frames.T
    asked = positive.any(axis=1)
    best = np.where(positive, scores, -np.inf).max(axis=1)
    ahead = (scores >= best[:, None]) & ~positive
    ranks: Ranks = ahead.sum(axis=1).astype(np.int64)
    return ranks[asked]


def recall(ranks: Ranks, seed: int = 0) -> dict[str, float | list[float]]:
    """R@1, 5, 10 in percent with 95 % bootstrap intervals over queries, and the median rank."""
    rng = np.random.default_rng(seed)
    drawn = ranks[rng.integers(0, len(ranks), (_DRAWS, len(ranks)))]
    out: dict[str, float | list[float]] = {"queries": len(ranks)}
    for cut in CUTS:
        out[f"R@{cut}"] = round(100 * float((ranks < cut).mean()), 1)
        means = 100 * (drawn < cut).mean(axis=1)
        out[f"R@{cut} 95%"] = [round(float(q), 1) for q in np.quantile(means, (0.025, 0.975))]
    out["median rank"] = float(np.median(ranks) + 1)
    return out


def whole_video(
    texts: Floats, frames: Sequence[Floats]
) -> dict[str, dict[str, float | list[float]]]:
    """Text to video and video to text, one sentence a video."""
    scores = normalised(texts) @ video_vectors(frames).T
    return {"T2V": recall(pair_ranks(scores)), "V2T": recall(pair_ranks(scores.T))}


def chance(texts: int) -> dict[str, float]:
    """What guessing gets, in percent."""
    return {f"R@{cut}": round(100 * min(cut, texts) / texts, 1) for cut in CUTS}
