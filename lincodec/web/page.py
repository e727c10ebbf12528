"""One page with the player and the video inside."""

from __future__ import annotations

import base64
import html
from importlib import resources
from pathlib import Path
from string import Template

from lincodec.container import LincArch, LincFile
from lincodec.container.open import open_file
from lincodec.decoder.drawn import is_drawn
from lincodec.errors import UsageError
from lincodec.web.bundle import bundled_player


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


def page(path: Path, title: str | None = None) -> str:
    """The text of a page that plays a .linc file, which it holds, without a network connection.

    Args:
        path: of the file.
        title: None: the name of the file.

    Raises:
        UsageError: the file has segments that are not drawn in a browser.
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
        info = linc.info
        facts = f"{info.width}x{info.height}, {float(info.fps):.5g} frames a second"
        facts += f", {linc.size / 1e6:.2f} MB as .linc"
        stream.seek(0)
        video = base64.b64encode(stream.read()).decode("ascii")
    template = Template((resources.files("lincodec.web") / "export.html").read_text("utf-8"))
    return template.substitute(
        title=html.escape(title or path.name), facts=html.escape(facts), video=video,
        player=bundled_player(),
    )  # fmt: skip
