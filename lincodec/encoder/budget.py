"""How long the fit of a segment may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lincodec.options import StopRequest


def _never(_: float, __: float | None) -> None:
    """The default report of a budget."""


@dataclass(frozen=True)
class Budget:
    """How long a segment's fit may take, and whom it tells."""

    seconds: float = 0.0
    """Wall seconds of network fitting."""
    deadline: float | None = None
    """``time.monotonic`` value after which the fit finishes with what it has."""
    stop: StopRequest = field(default_factory=StopRequest)
    hurried: bool = False
    """Whether there is no time for what comes before a fit or improves it a little."""
    report: Callable[[float, float | None], None] = _never
    """Called with (fraction of this fit, RGB PSNR so far or None)."""

    def left(self, reserve: float) -> float:
        """Seconds for the network, with ``reserve`` kept back of the deadline to finish."""
        if self.deadline is None:
            return self.seconds
        return min(self.seconds, self.deadline - time.monotonic() - reserve)

    @property
    def over(self) -> bool:
        """Whether the fit must finish now."""
        late = self.deadline is not None and time.monotonic() >= self.deadline
        return late or self.stop.requested
