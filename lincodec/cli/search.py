"""``linc search``: find videos, segments or frames by a sentence or a picture."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from lincodec.cli import paths, report
from lincodec.cli.options import (
    Number,
    SectionedCommand,
    option,
    output_options,
    overwrite_options,
)
from lincodec.cli.session import Session
from lincodec.cli.text import printable, table
from lincodec.errors import InputError, UsageError

if TYPE_CHECKING:
    from lincodec.semantics.index import Index
    from lincodec.semantics.search import SearchReport

_HELP = """Find what QUERY describes, in the index or in FILES, without decoding any video.

\b
Examples:
  linc search "a dog runs"
  linc search "a dog runs" holiday.linc birthday.linc --level frame
  linc search --image dog.jpg --top 5 --thumbnails dogs.html
  linc search "a dog runs" --json

A search compares QUERY with what the latents of the files say (see linc align). Without FILES
it asks the index of linc index add: the folder .linc-index here, $LINC_INDEX or --index.
With --image the words are all files.
"""


@click.command("search", cls=SectionedCommand, help=_HELP)
@click.argument("words", nargs=-1, metavar="[QUERY] [FILES]...")
@option("Query", "--image", metavar="PICTURE", help="Search for what a picture shows.")
@option("Query", "--model", metavar="MODEL", help="Which model, when there are several.")
@option(
    "Results",
    "--level",
    type=click.Choice(["frame", "segment", "video"]),
    default="segment",
    show_default=True,
    help="What a result is.",
)
@option(
    "Results",
    "--top",
    type=click.IntRange(1, 10_000),
    default=10,
    show_default=True,
    metavar="N",
    help="How many.",
)
@option(
    "Results",
    "--floor",
    type=Number(-1, 1),
    default=0.0,
    show_default=True,
    metavar="COSINE",
    help="Leave out what is no nearer than this; 0.2 is usual of pictures that match a sentence.",
)
@option("Results", "--thumbnails", metavar="HTML", help="Also write a page with pictures.")
@overwrite_options()
@option("Index", "--index", "folder", metavar="DIR", help="Default: .linc-index here.")
@output_options(progress=False)
@click.pass_obj
def search(session: Session, /, words: tuple[str, ...], image: str | None, **given: Any) -> None:
    """Run the search and report it; the help text is above."""
    query, files = (None, words) if image else (words[0] if words else None, words[1:])
    if query is None and image is None:
        raise UsageError('what to search for? Say it: linc search "a dog runs"')
    if files and not any(map(os.path.exists, files)):
        raise InputError(
            f"{files[0]}: no such file; a sentence of several words stands in quotes: "
            f'linc search "{printable(" ".join(words))}"'
        )
    if image is not None:
        paths.check_input(image)
    page = given["thumbnails"]
    if page is not None:
        paths.settle_output(image or "-", page, yes=given["yes"], no=given["no"])
    from lincodec.semantics import search as engine

    cache = paths.cache_folder()
    with ExitStack() as stack:
        index = stack.enter_context(_index(session, given["folder"], files))
        space, teacher = engine.choose_space(index, given["model"], cache)
        vector = engine.embed_query(teacher, query, None if image is None else _picture(image))
        found = engine.search(index, space, vector, given["level"], given["top"])
    found = replace(found, hits=tuple(hit for hit in found.hits if hit.score > given["floor"]))
    for warning in found.warnings:
        session.warn(warning)
    if page is not None:
        _write_page(page, query or image or "", found)
    fields = {"query": query, "image": image, **report.plain_fields(found)}
    session.result(fields, _text(found, given["floor"]))


def _index(session: Session, folder: str | None, files: tuple[str, ...]) -> Index:
    """The index to ask: of the files named, or the one on disk."""
    if not files:
        where = paths.index_folder(folder)
        paths.check_index(where)
    from lincodec.semantics.index import Index

    if not files:
        return Index(where)
    index = Index(None)
    done = index.add(files)
    if not done.added:
        raise UsageError(done.skipped[0][1])
    for _, why in done.skipped:
        session.warn(why)
    return index


def _picture(path: str) -> Any:
    """RGB uint8 [h, w, 3] of a picture, or of the first frame of a video."""
    from lincodec.semantics.teacher import upright
    from lincodec.video.reader import FrameReader

    with FrameReader(path) as reader:
        return upright(next(iter(reader)).planes, reader.info)


def _write_page(page: str, query: str, found: SearchReport) -> None:
    from lincodec.semantics.page import thumbnails
    from lincodec.system.atomic import atomic_output

    about = f"{len(found.hits)} of {found.searched} by {found.model}, level {found.level}"
    text = thumbnails(query, about, found.hits)
    with atomic_output(page, overwrite=True) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _text(found: SearchReport, floor: float) -> str:
    """One result a line: score, time, file."""
    if not found.hits:
        return f"nothing matches: none of {found.searched} has a cosine above {floor:g}"
    rows = [("cosine", "time", "file")]
    for hit in found.hits:
        time = (
            f"{hit.start:.2f} s" if hit.frame is not None else f"{hit.start:.2f}-{hit.stop:.2f} s"
        )
        rows.append((f"{hit.score:.3f}", time, printable(hit.file)))
    return table(rows, head=True)
