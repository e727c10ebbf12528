"""Size and frame rate of a source, read from its first bytes, for options that depend on them."""

from __future__ import annotations

from fractions import Fraction

from lincodec.crop import Crop
from lincodec.errors import UsageError
from lincodec.video.orientation import square_size
from lincodec.video.pipes import called, reads_once


def nominal_fps(source: str) -> float:
    """Frames per second of a video or .linc file.

    Raises:
        UsageError: the source is a pipe, which cannot be looked at twice.
        InputError: not a video.
    """
    if reads_once(source):
        raise UsageError(f"{called(source)}: give times in seconds, or use --frames")
    if is_linc(source):
        from lincodec.decoder.info import info

        return float(Fraction(info(source)["fps"]))
    from lincodec.video.probe import probe

    return float(probe(source).info.fps)


def shown_size(source: str, crop: Crop | None = None) -> tuple[int, int]:
    """(width, height) of a picture of a .linc file, or a crop of it, with square samples.

    Raises:
        LincError: not a .linc file.
    """
    from lincodec.decoder.info import info

    return square_size(linc_size(source, crop), Fraction(info(source)["sar"]))


def linc_size(source: str, crop: Crop | None = None) -> tuple[int, int]:
    """(width, height) of a crop, or else those that a .linc file states.

    Raises:
        LincError: not a .linc file.
    """
    if crop is not None:
        return crop.width, crop.height
    from lincodec.decoder.info import info

    found = info(source)
    return int(found["width"]), int(found["height"])


def is_linc(source: str) -> bool:
    """Whether a file name says that it is ours."""
    return source.lower().endswith(".linc")
