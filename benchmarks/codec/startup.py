"""Processor seconds until `linc` has its first frame, and what one frame of the API takes.

python -m benchmarks.codec.startup linc encode|decode ...      of that command line
python -m benchmarks.codec.startup api FILE FRAME              of one frame of a .linc file
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any
from unittest import mock


def _first(function: Callable[..., Any], found: list[float]) -> Callable[..., Any]:
    """A generator function that notes the processor seconds at its first result."""

    def noting(*arguments: Any, **named: Any) -> Any:
        for each in function(*arguments, **named):
            found.append(time.process_time())
            yield each

    return noting


def of_command(arguments: list[str]) -> float:
    """Processor seconds of this process when a frame is read, or decoded, for the first time."""
    found: list[float] = []
    if arguments[0] == "encode":
        from lincodec.cli.main import run
        from lincodec.video.reader import FrameReader

        reading = _first(FrameReader.__iter__, found)
        with mock.patch.object(FrameReader, "__iter__", reading):
            code = run(arguments)
    else:
        from lincodec.cli.main import run
        from lincodec.decoder.render import Renderer

        with mock.patch.object(Renderer, "frames", _first(Renderer.frames, found)):
            code = run(arguments)
    if code:
        raise SystemExit(code)
    return found[0]


def of_api(path: str, frame: int) -> float:
    """Processor seconds of a file opened and one frame of it, the import not counted."""
    import lincodec

    begun = time.process_time()
    with lincodec.open(path) as video:
        _ = video[frame]
    return time.process_time() - begun


def main() -> None:
    """As the command line says."""
    kind, *rest = sys.argv[1:]
    print(of_command(rest) if kind == "linc" else of_api(rest[0], int(rest[1])))


if __name__ == "__main__":
    main()
