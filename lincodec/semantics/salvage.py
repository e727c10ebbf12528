"""An index made anew from what a damaged one still names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lincodec.errors import CorruptError
from lincodec.semantics.index import AddReport, Index
from lincodec.semantics.store import DATABASE, library_of

#: Names as the database has them in its pages, less what they begin with, whatever stands around.
_NAME = re.compile(rb"/[^\x00-\x1f]{1,4000}?\.linc")


def rebuild(folder: str, report: Callable[[str], None] = lambda _: None) -> AddReport:
    """Make every vector of an index anew; one that is damaged from the names still in its bytes.

    Raises:
        CorruptError: it is damaged and no file that it names is there.
        ResourceError: the folder cannot be written.
    """
    try:
        with Index(folder) as opened:
            return opened.rebuild(report)
    except CorruptError as error:
        names = _named(Path(folder))
        if not names:
            raise CorruptError(
                f"{Path(folder) / DATABASE}: is damaged, and names no file that is there; delete "
                f"{folder} and add the files again"
            ) from error
    for path in (*Path(folder).glob(f"{DATABASE}*"), *Path(folder).glob("*.faiss")):
        with suppress(FileNotFoundError):
            path.unlink()
    with Index(folder) as opened:
        return opened.add(names, report)


def _named(folder: Path) -> list[str]:
    """The files that stand in the bytes of a database and are there."""
    library = os.fsencode(library_of(folder))
    found: dict[str, None] = {}
    for path in sorted(folder.glob(f"{DATABASE}*")):
        for match in _NAME.finditer(path.read_bytes()):
            # what stands before a name may look like a part of it
            parts = match[0].split(b"/")
            for start in range(1, len(parts)):
                name = b"/" + b"/".join(parts[start:])
                there = next((n for n in (library + name, name) if os.path.isfile(n)), None)
                if there is not None:
                    found[os.fsdecode(there)] = None
                    break
    return list(found)
