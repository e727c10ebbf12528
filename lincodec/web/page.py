"""One page with the player and the video inside."""

from __future__ import annotations

import base64
import html
from importlib import resources
from pathlib import Path
from string import Template
from typing import BinaryIO, TextIO

from lincodec.container import LincArch, LincFile
from lincodec.container.open import open_file
from lincodec.decoder.drawn import is_drawn
from lincodec.errors import UsageError
from lincodec.web.bundle import bundled_player

#: Bytes that are written at once: a multiple of 3, so that their base64 can be joined.
_PIECE = 3 << 18
#: What the template has in the place of the file.
_HERE = "$video"


def unplayable(linc: LincFile) -> str | None:
    """What of a file a browser cannot draw; None: nothing."""
    if not isinstance(linc.arch, LincArch):
        return "its pictures are those of a network"
    for index, entry in enumerate(linc.segments):
        header = linc.read_segment_header(index)
        if header.pictures is None and not is_drawn(header):
            frames = f"frames {entry.first_frame} to {entry.end_frame - 1}"
            return f"{frames} (segment {index}) need a network"
    return None


def check_playable(path: Path) -> LincFile:
    """Check that a file is whole and that a browser can draw all of it.

    Raises:
        UsageError: it has segments that are not drawn in a browser.
        CorruptError: it breaks the format.
    """
    with open_file(path) as stream:
        linc = LincFile(stream, name=str(path))
        if (why := unplayable(linc)) is not None:
            raise UsageError(
                f"{path}: cannot play in a browser by itself: {why}; export it with --mp4, or use "
                "linc serve"
            )
        linc.verify_structure()
        return linc


def write_page(path: Path, out: TextIO, title: str | None = None) -> LincFile:
    """Write a page that plays a .linc file, which it holds, without a network connection.

    Args:
        path: of the file.
        out: where the text goes.
        title: None: the name of the file.

    Raises:
        UsageError: the file has segments that are not drawn in a browser.
        CorruptError: it breaks the format.
    """
    linc = check_playable(path)
    info = linc.info
    facts = f"{info.width}x{info.height}, {float(info.fps):.5g} frames a second, "
    facts += f"{linc.size / 1e6:.2f} MB as .linc"
    template = (resources.files("lincodec.web") / "export.html").read_text("utf-8")
    before, after = template.split(_HERE)
    names = {"title": html.escape(title or path.name), "facts": html.escape(facts)}
    out.write(Template(before).substitute(names))
    with open_file(path) as stream:
        _write_base64(stream, out)
    out.write(Template(after).substitute(names, player=bundled_player()))
    return linc


def _write_base64(stream: BinaryIO, out: TextIO) -> None:
    while piece := stream.read(_PIECE):
        out.write(base64.b64encode(piece).decode("ascii"))
