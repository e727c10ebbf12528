"""Following a plan: frames of a partitioned segment decoded ahead by several threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from threading import Condition
from typing import TypeVar

from lincodec.core.records import BLOCKS, Held, Part, Plan, Record, most_kept
from lincodec.core.resample import Resampler
from lincodec.core.segment import CoreSegment
from lincodec.core.tasks import Tasks
from lincodec.types import Planes

T = TypeVar("T")


class Run:
    """Decodes what a plan says, no further ahead of what is asked for than memory should grow.

    Records begin in coding order while fewer than a number of them are open: begun, and not yet
    shown or still needed.
    """

    def __init__(
        self,
        segment: CoreSegment,
        records: Sequence[Record],
        plan: Plan,
        held: Iterable[Held],
        tasks: Tasks,
        ahead: int,
        resampler: Resampler | None = None,
    ) -> None:
        """
        Args:
            segment: of the records.
            records: in coding order.
            plan: what to do.
            held: what is in memory.
            tasks: where it is done.
            ahead: records that are open beyond those that must be.
            resampler: brings pictures to another size; None: they are native.
        """
        self._segment, self._records, self._plan, self._tasks = segment, records, plan, tasks
        self.resampler = resampler
        self._users = dict(plan.users)
        self._open: dict[int, int] = {}
        self._needs: dict[int, int] = {}
        for (at, _), count in plan.users.items():
            self._needs[at] = self._needs.get(at, 0) + count
        self._most = most_kept(records, plan) + ahead
        self._coming = sorted(plan.parsed, reverse=True)
        self._parsed: dict[int, Future[None]] = {}
        self._reconstructed: dict[int, Future[None]] = {}
        self._shown: dict[int, Future[Planes]] = {}
        self._changed = Condition()
        self._failed: BaseException | None = None
        for part in held:
            if not self._is_of_use(part):
                segment.release(*part)
        for at in plan.shown - plan.reconstructed:
            self._show(at)

    @property
    def kept(self) -> frozenset[Held]:
        """What stays in memory when all is done."""
        return self._plan.kept

    @property
    def is_ending(self) -> bool:
        """Whether all records have begun, so that threads will idle."""
        return not self._coming

    def fill(self) -> None:
        """Begin as many records as may be open."""
        with self._changed:
            while self._coming and len(self._open) < self._most:
                self._begin(self._coming.pop())

    def picture(self, at: int) -> Planes:
        """The samples of a record of the plan; records are asked for in display order.

        Raises:
            CorruptError: and what else decoding may raise.
        """
        with self._changed:
            while self._coming and (len(self._open) < self._most or at not in self._shown):
                if self._failed is not None:
                    if at in self._shown:
                        break
                    raise self._failed
                if len(self._open) < self._most:
                    self._begin(self._coming.pop())
                else:
                    self._changed.wait()
            shown = self._shown.pop(at)
        planes = shown.result()
        with self._changed:
            self._close(at)
        return planes

    def _begin(self, at: int) -> None:
        """Add the tasks of a record; those it waits for are added."""
        record = self._records[at]
        self._open[at] = self._needs.get(at, 0)
        after = [
            self._parsed[part.record] for part in record.to_parse if part.record in self._parsed
        ]
        self._parsed[at] = self._add(at, lambda: self._parse(at), after)
        if at in self._plan.reconstructed:
            pictures = [part.record for part in record.to_reconstruct]
            after = [self._reconstructed[k] for k in pictures if k in self._reconstructed]
            after.append(self._parsed[at])
            self._reconstructed[at] = self._add(at, lambda: self._reconstruct(at), after)
            if at in self._plan.shown:
                self._show(at)
        if not self._open[at]:
            del self._open[at]

    def _show(self, at: int) -> None:
        after = [self._reconstructed[at]] if at in self._reconstructed else []
        self._shown[at] = self._add(at, lambda: self._output(at), after)

    def _add(self, at: int, action: Callable[[], T], after: Sequence[Future[None]]) -> Future[T]:
        """A task of a record whose failure ends the run."""

        def run() -> T:
            try:
                return action()
            except BaseException as error:
                with self._changed:
                    self._failed = error
                    self._changed.notify_all()
                raise

        return self._tasks.add(at, run, after)

    def _parse(self, at: int) -> None:
        self._segment.parse(at, self._where(at))
        useless = 0 if at in self._plan.reconstructed else BLOCKS
        for part in (Part.STATES, Part.MOTION):
            useless |= 0 if self._is_of_use(Held(at, part)) else part
        self._segment.release(at, useless)
        self._spent(self._records[at].to_parse)

    def _reconstruct(self, at: int) -> None:
        self._segment.reconstruct(at, self._where(at))
        self._spent(self._records[at].to_reconstruct)

    def _output(self, at: int) -> Planes:
        where = self._where(at)
        if self.resampler is None:
            planes = self._segment.planes(at, where)
        else:
            planes = self._segment.resampled(at, where, self.resampler)
        self._spent([Held(at, Part.PICTURE)], is_open=True)
        return planes

    def _is_of_use(self, part: Held) -> bool:
        return self._users.get(part, 0) > 0 or part in self._plan.kept

    def _where(self, at: int) -> str:
        return f"picture {self._records[at].display}"

    def _spent(self, parts: Iterable[Held], *, is_open: bool = False) -> None:
        """Free what nothing needs any more; ``is_open``: the record waits to be asked for."""
        with self._changed:
            for part in parts:
                self._users[part] -= 1
                if not self._is_of_use(part):
                    self._segment.release(*part)
                if not is_open:
                    self._close(part.record)
            self._changed.notify_all()

    def _close(self, at: int) -> None:
        """One need of a record less."""
        if at not in self._open:  # in memory from before
            return
        self._open[at] -= 1
        if not self._open[at]:
            del self._open[at]
