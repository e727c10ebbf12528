"""Output files that appear under their name only when they are complete."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from lincodec.errors import ResourceError, UsageError
from lincodec.system.locks import lock

#: Temporary files of this process that are on disk now.
_UNFINISHED: set[Path] = set()
#: Seconds for which a file without a lock may be one that is just being made.
_FRESH = 30
#: What the name of every temporary file has.
_MARK = ".linc.tmp"
#: Bytes of the output's name that the temporary one has; systems end names at 255.
_NAME_BYTES, _SUFFIX_BYTES = 100, 64


@contextmanager
def atomic_output(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary path beside ``path``; put it in place when the block succeeds.

    The temporary file is hidden, has a name of its own and the same suffix, and is removed
    when the block raises. On success it is flushed to disk, renamed, and the directory
    is flushed too, so that a crash leaves the old file or the new one. A symbolic link
    is followed, so the file it points to is replaced. A device or pipe is written directly.

    Args:
        path: The final name.
        overwrite: Whether an existing file may be replaced.

    Yields:
        The path to write to; it exists and is empty, unless ``path`` is a device.

    Raises:
        UsageError: the output exists, is a directory, or cannot be created.
        ResourceError: the disk is full.
    """
    final = Path(os.path.realpath(path))
    if _is_special(final):
        yield final
        return
    if final.exists() and not overwrite:
        raise UsageError(f"{path}: already exists; use -y to replace it")
    _sweep(final)
    temporary, mine = _create_beside(final)
    try:
        try:
            yield temporary
        except FileNotFoundError as error:
            if error.filename != str(temporary):
                raise
            raise UsageError(f"{final}: its folder went away meanwhile; write elsewhere") from error
        with _explained(final):
            mine.close()
            _flush(temporary)
            _put_in_place(temporary, final, overwrite=overwrite)
    finally:
        with suppress(OSError):  # it was renamed, or its folder went away
            temporary.unlink()
        mine.close()
        _UNFINISHED.discard(temporary)


def is_temporary(name: str) -> bool:
    """Whether a file name is one that ``atomic_output`` gives to an unfinished file."""
    start, mark, rest = name.rpartition(_MARK)
    letters = rest.partition(".")[0]
    hidden = start.startswith(".") and mark and os.path.basename(name) == name and "\0" not in name
    return bool(hidden) and len(letters) == 8 and set(letters) <= set("0123456789abcdef")


def discard_unfinished() -> None:
    """Remove every temporary file of this process; for an exit that unwinds nothing."""
    for temporary in tuple(_UNFINISHED):
        with suppress(OSError):
            temporary.unlink()


def cut_to(name: str, most: int) -> str:
    """The start of a file name that has at most ``most`` bytes and no half of a character."""
    data = os.fsencode(name)[:most]
    whole = data.decode(errors="ignore")
    return whole if os.fsencode(name).startswith(whole.encode()) else os.fsdecode(data)


def _is_special(path: Path) -> bool:
    """Whether the output is a device, pipe or socket; raise for a directory."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
    if stat.S_ISDIR(mode):
        raise UsageError(f"{path}: is a directory, expected a file name")
    return not stat.S_ISREG(mode)


def _sweep(final: Path) -> None:
    """Remove what killed processes left of the same output: nobody holds its lock."""
    start = _start_of(final)
    with suppress(OSError):
        for path in final.parent.iterdir():
            ours = path.name.startswith(f"{start}{_MARK}") and is_temporary(path.name)
            if not ours or path in _UNFINISHED or path.suffix != final.suffix:
                continue
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _FRESH:
                    remove_stale(path)


def remove_stale(path: Path) -> None:
    """Remove a temporary file that no process holds any more; anything else is left alone."""
    if is_temporary(path.name):
        with suppress(OSError), path.open("rb+") as file:
            if lock(file):
                path.unlink()


def _start_of(final: Path) -> str:
    """What the name of every temporary file of an output begins with."""
    return f".{cut_to(final.stem, _NAME_BYTES)}"


def _create_beside(final: Path) -> tuple[Path, BinaryIO]:
    """A new empty hidden file in the directory of ``final``, with the permissions of the umask.

    It is locked while the file object is open.
    """
    suffix = final.suffix if len(os.fsencode(final.suffix)) <= _SUFFIX_BYTES else ""
    temporary = final.with_name(f"{_start_of(final)}{_MARK}{secrets.token_hex(4)}{suffix}")
    _UNFINISHED.add(temporary)
    with _explained(final):
        number = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
    mine = os.fdopen(number, "rb+")
    if os.name == "posix":  # elsewhere a lock keeps the encoder out too
        lock(mine)
    return temporary, mine


@contextmanager
def _explained(final: Path) -> Iterator[None]:
    """Turn errors of the operating system into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ResourceError(f"{final}: {error.strerror}; free some space") from error
        raise UsageError(f"{final}: cannot be written: {error.strerror}") from error


def _flush(path: Path) -> None:
    """Force the contents of a file to disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _put_in_place(temporary: Path, final: Path, *, overwrite: bool) -> None:
    """Rename; without ``overwrite`` a file that appeared meanwhile is left alone."""
    if overwrite:
        temporary.replace(final)
    else:
        try:
            os.link(temporary, final)
        except FileExistsError as error:
            raise UsageError(f"{final}: already exists; use -y to replace it") from error
        except OSError:  # a file system without hard links
            temporary.replace(final)
    directory = getattr(os, "O_DIRECTORY", None)
    if directory is None:
        return
    with suppress(OSError):  # some file systems cannot flush a directory
        handle = os.open(final.parent, directory)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
