"""How long the fit of a segment may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lincodec.options import StopRequest

#: Steps of a network's fit that stand for a second: as many as one core of a usual machine makes.
STEPS_A_SECOND = 150


def _never(_: float, __: float | None) -> None:
    """The default report of a budget."""


@dataclass(frozen=True)
class Budget:
    """How long a segment's fit may take, and whom it tells."""

    seconds: float = 0.0
    """Of network fitting: wall seconds, or the steps that a usual machine makes in them, see
    ``Schedule``."""
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


class Schedule:
    """How far a network's fit has come.

    Steps are counted, so that a fit is the same on every machine; with a deadline the clock counts.
    """

    def __init__(self, budget: Budget, reserve: float = 0.0) -> None:
        """
        Args:
            budget: of the fit, which begins now.
            reserve: seconds that are kept back of the deadline to finish.
        """
        self.budget, self.begun = budget, time.monotonic()
        self.steps = round(budget.seconds * STEPS_A_SECOND)
        self.seconds = None if budget.deadline is None else budget.left(reserve)

    def worth(self, least: float) -> bool:
        """Whether there is time for a fit of so many seconds."""
        given = self.budget.seconds if self.seconds is None else self.seconds
        return not self.budget.over and given >= least

    def share(self, steps: int) -> float:
        """Of the fit that is done after so many steps, 0 to 1 and a little more."""
        if self.seconds is None:
            return steps / max(self.steps, 1)
        return (time.monotonic() - self.begun) / max(self.seconds, 1e-3)
