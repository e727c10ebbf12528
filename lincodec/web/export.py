"""Files to give away: a page with the video inside, an MP4 of at most so many bytes, the player."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.decoder.decode import decode
from lincodec.errors import TargetError
from lincodec.options import DecodeOptions, Progress, ProgressCallback
from lincodec.system.atomic import atomic_output
from lincodec.web.bundle import bundled_player
from lincodec.web.page import write_page

#: Quality of an MP4 that has room, and the least at which its picture keeps its size (libx264).
_BEST_CRF, _WORST_CRF = 18.0, 34.0
#: Where the second try begins, below which it is not worth looking.
_CLOSE_ENOUGH = 0.9
#: About so many steps of the quality halve the bytes.
_HALVES = 6.0
_TRIES = 6
#: By how much sides shrink where the least quality is too large still.
_SHRINK = 0.7
_SMALLEST_SIDE = 96


@dataclass(frozen=True)
class ExportReport:
    """What was exported."""

    output: str
    bytes: int
    width: int
    height: int
    crf: float | None = None
    """Quality of the MP4, as libx264 counts it."""
    tries: int = 1


def export_page(
    source: str, output: str, title: str | None = None, *, overwrite: bool = False
) -> ExportReport:
    """Write a page that holds a .linc file and plays it, from a disk and without a network.

    Raises:
        UsageError: the file has segments that are not drawn in a browser.
        CorruptError: it breaks the format.
    """
    with atomic_output(output, overwrite=overwrite) as temporary:
        with temporary.open("w", encoding="utf-8", newline="\n") as out:
            linc = write_page(Path(source), out, title)
        size = temporary.stat().st_size
    return ExportReport(output, size, linc.info.width, linc.info.height)


def export_player(output: str, *, overwrite: bool = False) -> ExportReport:
    """Write the script that makes ``<linc-video>`` known, its decoder inside."""
    with atomic_output(output, overwrite=overwrite) as temporary:
        temporary.write_text(bundled_player(), encoding="utf-8", newline="\n")
        return ExportReport(output, temporary.stat().st_size, 0, 0)


def export_mp4(
    source: str,
    output: str,
    limit: int | None = None,
    *,
    progress: ProgressCallback | None = None,
    overwrite: bool = False,
) -> ExportReport:
    """Write an MP4 that plays anywhere: H.264 with 8 bits and 4:2:0, AAC.

    Args:
        source: path of the .linc file.
        output: path of the MP4.
        limit: bytes that it may have; None: what good quality takes. The picture becomes smaller
            where its quality would become bad.
        progress: told about every frame of every try.
        overwrite: whether an existing output may be replaced.

    Raises:
        TargetError: not even a small and bad picture fits.
        CorruptError: the file is damaged.
    """
    with open_file(source) as stream:
        info = LincFile(stream, name=source).info
    options = DecodeOptions(
        size=_even(info.width, info.height), codec="libx264", pix_fmt="yuv420p", aac=True,
        crf=_BEST_CRF, encoder_preset="medium" if limit else None, format="mp4",
        encoder_options={"profile": "high"},
    )  # fmt: skip
    with atomic_output(output, overwrite=overwrite) as final:
        with tempfile.TemporaryDirectory(dir=final.parent, prefix=".linc-export") as folder:
            search = _Search(source, Path(folder), limit, progress)
            search.run(options)
            assert search.best is not None
            search.best[0].replace(final)
        size, chosen = final.stat().st_size, search.best[1]
    assert chosen.size is not None
    return ExportReport(output, size, *chosen.size, chosen.crf, search.tries)


class _Search:
    """Tries until an MP4 fits and little is left over."""

    def __init__(
        self, source: str, folder: Path, limit: int | None, progress: ProgressCallback | None
    ) -> None:
        self._source, self._folder = source, folder
        self._limit, self._progress = limit, progress
        self.best: tuple[Path, DecodeOptions] | None = None
        self.tries = 0

    def run(self, options: DecodeOptions) -> None:
        """Find the best quality that fits, at the largest size at which one is fair."""
        while True:
            least = self._search(options)
            if self.best is not None:
                return
            assert options.size is not None
            width, height = (round(side * _SHRINK) for side in options.size)
            if min(width, height) < _SMALLEST_SIDE:
                raise TargetError(
                    f"{self._source}: the smallest MP4 has {least} bytes, more than the "
                    f"{self._limit} asked for; allow more, or cut the video"
                )
            options = replace(options, size=_even(width, height))

    def _search(self, options: DecodeOptions) -> int:
        """Look for a quality at one size; returns the fewest bytes that were seen."""
        crf, low, high = options.crf or _BEST_CRF, _BEST_CRF, _WORST_CRF
        least, best = 0, 0
        for _ in range(_TRIES):
            size = self._tried(replace(options, crf=round(crf, 1)))
            least = min(least or size, size)
            if self._limit is None or (size <= self._limit and crf <= _BEST_CRF):
                return least
            ratio = size / self._limit
            if ratio <= 1:
                best, high = max(best, size), crf
                if ratio >= _CLOSE_ENOUGH:
                    return least
            elif crf >= _WORST_CRF:
                return least
            else:
                low = crf
            # a little above what just fits, and inside of what is known
            wish = crf + _HALVES * math.log2(ratio) + 0.3
            crf = min(max(wish, low + 0.2), high if best == 0 else high - 0.2)
            if best and high - low < 0.5:
                return least
        return least

    def _tried(self, options: DecodeOptions) -> int:
        """Make one; it is kept if it fits and is the largest that does."""
        self.tries += 1
        path = self._folder / f"{self.tries}.mp4"
        decode(self._source, str(path), options, progress=self._told)
        size = path.stat().st_size
        if self._limit is not None and size > self._limit:
            path.unlink()
        elif self.best is None or size > self.best[0].stat().st_size:
            self.best = path, options
        return size

    def _told(self, progress: Progress) -> None:
        """Each try takes half of what the bar has left."""
        if self._progress is not None:
            left = 0.5 ** (self.tries - 1) * (1 - progress.fraction / 2)
            self._progress(replace(progress, fraction=1 - left, detail=f"try {self.tries}"))


def _even(width: int, height: int) -> tuple[int, int]:
    """The nearest size that 4:2:0 divides."""
    return max(2, round(width / 2) * 2), max(2, round(height / 2) * 2)
