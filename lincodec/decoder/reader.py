"""A .linc file read like any other video: frames in order, at native size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.decoder.spans import frame_range
from lincodec.options import Span
from lincodec.types import Frame


class LincReader:
    """The face of ``FrameReader`` for a .linc file; use it as a context manager.

    Attributes:
        info: size, depth, colour, rate, number of frames of the file.
        time_base: seconds per tick of ``Frame.pts``.
        estimated_frames: frames in the span, exact.
        warnings: always empty.
    """

    def __init__(self, source: str, *, span: Span = Span()) -> None:  # noqa: B008 (frozen)
        """Open ``source``.

        Raises:
            InputError: the file cannot be opened.
            CorruptError: not a sound .linc file.
            UsageError: no frame lies in ``span``.
        """
        with ExitStack() as stack:
            file = stack.enter_context(open_file(source))
            self._linc = LincFile(file, name=source)
            self._renderer = Renderer(self._linc)
            stack.callback(self._renderer.close)
            self._times = self._linc.times()
            self._range = frame_range(self._times, span)
            self._open = stack.pop_all()
        self.info = self._linc.info
        self.time_base = self._times.time_base
        self.estimated_frames = self._range[1] - self._range[0]
        self.warnings: list[str] = []

    def __iter__(self) -> Iterator[Frame]:
        start, stop = self._range
        planes = self._renderer.frames(output_shots(start, stop, 1))
        for index, picture in zip(range(start, stop), planes, strict=True):
            yield Frame(picture, self._times.pts[index] - self._times.pts[start])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()
