"""What the fit of a segment draws its latents to (paper Eq. 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pull:
    """What a fit draws latents to: the term ``weight * (1 - cos)`` of paper Eq. 6."""

    first: int | None
    """Latent entry where the embedding begins; None: a head follows, see ``head.fit_head``, and
    the latents need only tell what it cannot know."""
    targets: NDArray[np.float32]
    """Unit vectors [n, d], one for each frame of the segment."""
    weight: float
    """Lambda, above 0."""
