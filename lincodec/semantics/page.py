"""Thumbnails of search results on one HTML page; the only part of a search that renders."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import Shot
from lincodec.semantics.index import seconds_at
from lincodec.semantics.search import Hit
from lincodec.semantics.teacher import Picture, upright
from lincodec.system import extras

WIDTH = 320
_QUALITY = 80

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2em; background: #fff; color: #222 }}
main {{ display: flex; flex-wrap: wrap; gap: 1em }}
figure {{ margin: 0; width: {width}px }} img {{ width: 100%; display: block }}
</style></head><body><h1>{title}</h1><p>{about}</p><main>
{figures}
</main></body></html>
"""


def jpeg(picture: Picture, width: int, quality: int = _QUALITY) -> bytes:
    """A picture uint8 [h, w, 3] as a JPEG of at most ``width`` columns."""
    pil: Any = extras.need("PIL.Image", "search")
    image = pil.fromarray(picture)
    if image.width > width:
        image = image.resize(
            (width, max(1, round(image.height * width / image.width))), pil.Resampling.BICUBIC
        )
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def pictures(linc: LincFile, frames: Sequence[int], width: int) -> Iterable[Picture]:
    """Frames of an open file, ascending, rendered small: uint8 [h, w, 3], upright."""
    info = linc.info
    scale = min(1.0, width / max(info.width, 1))
    size = (max(2, round(info.width * scale)), max(2, round(info.height * scale)))
    renderer = Renderer(linc, size)
    try:
        for planes in renderer.frames([Shot(frame, Fraction(0)) for frame in frames]):
            yield upright(planes, renderer.output)
    finally:
        renderer.close()


def middle(linc: LincFile, hit: Hit) -> int:
    """The frame that stands for a hit: itself, or the one in the middle."""
    if hit.frame is not None:
        return hit.frame
    times, wanted = linc.times(), (hit.start + hit.stop) / 2
    return max((n for n in range(linc.n_frames) if seconds_at(times, n) <= wanted), default=0)


def thumbnails(title: str, about: str, hits: Sequence[Hit]) -> str:
    """One self-contained page with a picture of every hit.

    Raises:
        CorruptError: a file is damaged.
        ResourceError: Pillow is not installed.
    """
    figures = []
    for rank, hit in enumerate(hits, 1):
        with open_file(hit.file) as stream:
            linc = LincFile(stream, name=hit.file)
            shown = jpeg(next(iter(pictures(linc, [middle(linc, hit)], WIDTH))), WIDTH)
        data = base64.b64encode(shown).decode("ascii")
        name = html.escape(hit.file)
        figures.append(
            f'<figure><img src="data:image/jpeg;base64,{data}" alt="">'
            f"<figcaption>{rank}. {name}<br>{hit.start:.2f}-{hit.stop:.2f} s, "
            f"cosine {hit.score:.3f}</figcaption></figure>"
        )
    return _PAGE.format(
        title=html.escape(title), about=html.escape(about), width=WIDTH, figures="\n".join(figures)
    )
