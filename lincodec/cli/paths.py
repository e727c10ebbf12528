"""Which file a command reads and which it may write, settled before any work is done."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Sequence

import click

from lincodec.cli.text import printable
from lincodec.errors import InputError, ResourceError, UsageError
from lincodec.video import pipes as streams
from lincodec.video.pipes import is_pipe


class Skipped(Exception):
    """The output is there, and what makes it is not to be done again."""

    def __init__(self, output: str) -> None:
        super().__init__(f"{output}: exists; skipped")
        self.output = output


STANDARD = streams.STANDARD


def check_input(source: str, *, pipes: bool = False) -> None:
    """Check that ``source`` is ``-`` or something that can be opened.

    Args:
        pipes: Whether a pipe with a name will do; it is not opened, for that can be done once.

    Raises:
        InputError: there is no such file, or it is a directory, or it may not be read.
    """
    if source == STANDARD:
        return
    if is_pipe(source):
        if pipes:
            return
        raise InputError(f"{source}: is a pipe; expected a file, which can be read anywhere")
    try:
        if stat.S_ISDIR(os.stat(source).st_mode):
            raise InputError(f"{source}: is a directory; expected a file")
        with open(source, "rb"):
            pass
    except FileNotFoundError as error:
        if "://" in source:
            raise InputError(
                f"{source}: is an address; download it first, linc reads files"
            ) from error
        raise InputError(f"{source}: no such file") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{printable(source)}: cannot be opened ({_reason(error)})") from error


def cache_folder() -> str:
    """Where embeddings of frames are kept, by the XDG rules."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "linc")


def data_folder() -> str:
    """Where desktops look for what a user installed, by the XDG rules."""
    given = os.environ.get("XDG_DATA_HOME")
    return given or os.path.join(os.path.expanduser("~"), ".local", "share")


def index_folder(given: str | None) -> str:
    """The folder of an index: as given, else ``$LINC_INDEX``, else ``.linc-index`` here."""
    return given or os.environ.get("LINC_INDEX") or ".linc-index"


def check_index(folder: str) -> None:
    """Check that there is an index.

    Raises:
        UsageError: there is none.
    """
    if not os.path.isfile(os.path.join(folder, "index.sqlite")):
        raise UsageError(f"{folder}: no index here; make one with linc index add, or name --index")


def default_output(source: str, suffix: str) -> str:
    """``clip.mp4`` with ``.linc`` is ``clip.linc``, in the same folder; of a URI, here.

    Raises:
        UsageError: the source is a pipe, which has no name.
    """
    if source == STANDARD:
        raise UsageError("reading from standard input: name the output with -o")
    name = source.rpartition("/")[2] if "://" in source else source
    return os.path.splitext(name)[0] + suffix


def default_outputs(
    sources: Sequence[str], suffix: str, folder: str | None = None
) -> dict[str, str]:
    """The same for several sources, in their own folders or all in one.

    Raises:
        UsageError: two would have the same name.
    """
    found: dict[str, str] = {}
    for source in sources:
        name = default_output(source, suffix)
        found[source] = name if folder is None else os.path.join(folder, os.path.basename(name))
    again = [name for name in found.values() if list(found.values()).count(name) > 1]
    if again or len(found) < len(sources):
        name = again[0] if again else sources[0]
        raise UsageError(f"{name}: is the output of two sources; encode them one by one, with -o")
    if folder is not None:
        os.makedirs(folder, exist_ok=True)
    return found


def settle_output(source: str, output: str, *, yes: bool, no: bool, devices: bool = False) -> bool:
    """Check that ``output`` can and may be written; True when it may replace an existing file.

    On a terminal the user is asked before a file is replaced, unless ``yes`` or ``no`` is set.

    Args:
        devices: Whether pipes and devices may be written to, which needs no question.

    Raises:
        Skipped: it exists, and ``no`` is set.
        UsageError: the output is the input, a directory or in no folder, it exists and may not
            be replaced, or the system refuses to create a file there.
        ResourceError: the disk is full.
    """
    if yes and no:
        raise UsageError("-y and -n cannot be used together")
    folder = os.path.dirname(output) or "."
    try:
        mode = _mode(output)
        if mode is not None and stat.S_ISDIR(mode):
            raise UsageError(f"{output}: is a directory; name a file with -o")
        if mode is not None and not stat.S_ISREG(mode):
            if devices:
                return True
            raise UsageError(f"{output}: is a device or pipe; name a regular file with -o")
        if mode is not None and source != STANDARD and os.path.samefile(source, output):
            raise UsageError(f"{output}: is the input; name another output with -o")
        if not os.path.isdir(folder):
            raise UsageError(f"{output}: there is no folder {folder}; create it first")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:
        refused = f"{printable(output)}: cannot be written ({_reason(error)})"
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ResourceError(f"{refused}; free some space") from error
        raise UsageError(f"{refused}; name another output with -o") from error
    if mode is None:
        return yes  # it may appear while the work is done
    if no:
        raise Skipped(output)
    if not yes and not _confirmed(source, output):
        raise UsageError(f"{output}: exists; replace it with -y or name another with -o")
    return True


def _mode(path: str) -> int | None:
    """Type and permissions of what ``path`` leads to; None when there is nothing."""
    try:
        return os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _confirmed(source: str, output: str) -> bool:
    """Ask on the terminal; no where there is none to ask on."""
    if source == STANDARD or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return click.confirm(f"{printable(output)} exists. Replace it?", err=True)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def check_stdout() -> None:
    """Check that standard output is not a terminal.

    Raises:
        UsageError: it is one, and video would garble it.
    """
    if sys.stdout.isatty():
        raise UsageError("standard output is a terminal; pipe it to a player or name a file")
