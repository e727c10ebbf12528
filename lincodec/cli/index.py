"""``linc index``: keep an index of aligned .linc files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from lincodec.cli import paths
from lincodec.cli.options import Decorator, SectionedCommand, option, output_options
from lincodec.cli.session import Session
from lincodec.cli.text import human_time, printable, table
from lincodec.errors import UsageError

if TYPE_CHECKING:
    from lincodec.semantics.index import AddReport, Index

_HELP = """Keep an index of aligned .linc files, for linc search.

\b
Examples:
  linc index add videos/
  linc index list
  linc index remove videos/old.linc

The index is a cache: everything in it follows from the files. It is the folder .linc-index
here, unless $LINC_INDEX or --index names another.
"""


@click.group("index", help=_HELP)
def index() -> None:
    """Replaced by the help text above."""


def _index_option() -> Decorator:
    return option("Index", "--index", "folder", metavar="DIR", help="Default: .linc-index here.")


def _opened(folder: str | None, *, create: bool = False) -> Index:
    where = paths.index_folder(folder)
    if not create:
        paths.check_index(where)
    from lincodec.semantics.index import Index

    return Index(where)


def _told(session: Session, done: AddReport) -> None:
    """Report an ``add`` or ``rebuild``."""
    for path, why in done.skipped:
        session.warn(why if path in why else f"{path}: {why}")
    fields = {
        "added": list(done.added),
        "unchanged": list(done.unchanged),
        "skipped": [{"file": path, "reason": why} for path, why in done.skipped],
    }
    text = f"{len(done.added)} added, {len(done.unchanged)} unchanged, {len(done.skipped)} skipped"
    session.result(fields, text)


@index.command("add", cls=SectionedCommand)
@click.argument("files", nargs=-1, required=True)
@_index_option()
@output_options(progress=False)
@click.pass_obj
def add(session: Session, /, files: tuple[str, ...], folder: str | None) -> None:
    """Add FILES, and every .linc file below folders; what is known is left alone."""
    with _opened(folder, create=True) as opened:
        done = opened.add(files, lambda _: session.interrupts.check())
    if done.skipped and not done.added and not done.unchanged:
        raise UsageError(f"nothing was added: {done.skipped[0][1]}")
    _told(session, done)


@index.command("remove", cls=SectionedCommand)
@click.argument("files", nargs=-1)
@option("Index", "--missing", is_flag=True, help="Forget every file that is no longer there.")
@_index_option()
@output_options(progress=False)
@click.pass_obj
def remove(session: Session, /, files: tuple[str, ...], missing: bool, folder: str | None) -> None:
    """Forget FILES, and everything below folders; the files themselves stay."""
    if not files and not missing:
        raise UsageError("name files or folders, or --missing")
    with _opened(folder) as opened:
        gone = [*(opened.remove(files) if files else []), *(opened.prune() if missing else [])]
    session.result({"removed": gone}, f"{len(gone)} removed")


@index.command("list", cls=SectionedCommand)
@_index_option()
@output_options(progress=False)
@click.pass_obj
def list_files(session: Session, /, folder: str | None) -> None:
    """List the files and the models they are aligned to."""
    with _opened(folder) as opened:
        files, spaces = opened.store.files(), opened.store.spaces()
        counts = [[opened.store.count(space.id, level) for level in (0, 1)] for space in spaces]
    rows = [("file", "frames", "length")]
    rows += [(printable(f.path), str(f.frames), human_time(f.seconds)) for f in files]
    models = [("model", "dimension", "videos", "segments")]
    models += [
        (printable(s.model), str(s.dimension), str(count[0]), str(count[1]))
        for s, count in zip(spaces, counts, strict=True)
    ]
    fields = {
        "files": [{"file": f.path, "frames": f.frames, "seconds": f.seconds} for f in files],
        "models": [
            {
                "model": s.model,
                "revision": s.revision.hex(),
                "dimension": s.dimension,
                "videos": count[0],
                "segments": count[1],
            }
            for s, count in zip(spaces, counts, strict=True)
        ],
    }
    session.result(fields, table(rows, head=True) + "\n\n" + table(models, head=True))


@index.command("rebuild", cls=SectionedCommand)
@_index_option()
@output_options(progress=False)
@click.pass_obj
def rebuild(session: Session, /, folder: str | None) -> None:
    """Make the index anew from the files it lists."""
    where = paths.index_folder(folder)
    paths.check_index(where)
    from lincodec.semantics.salvage import rebuild as run

    _told(session, run(where, lambda _: session.interrupts.check()))


@index.command("export", cls=SectionedCommand)
@option("Output", "--parquet", "output", required=True, metavar="FILE", help="Parquet file.")
@option(
    "Output",
    "--level",
    type=click.Choice(["video", "segment"]),
    default="segment",
    show_default=True,
    help="One row a video, or one a segment.",
)
@option("Output", "--model", metavar="MODEL", help="Name of the model, when there are several.")
@option("Output", "-y", "--yes", is_flag=True, help="Replace the output if it exists.")
@_index_option()
@output_options(progress=False)
@click.pass_obj
def export(
    session: Session, /, output: str, level: str, model: str | None, yes: bool, folder: str | None
) -> None:
    """Write the vectors for a vector database, such as Milvus."""
    with _opened(folder) as opened:
        from lincodec.semantics.export import write_parquet

        if os.path.exists(output) and not yes:
            raise UsageError(f"{output}: exists; replace it with -y or name another")
        rows = write_parquet(opened, output, level, model)
    session.result({"output": output, "rows": rows}, f"{printable(output)}  {rows} rows")
