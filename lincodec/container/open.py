"""Opening a file by its path: the one place where a .linc file is found or not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from lincodec.errors import InputError


def open_file(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file for reading.

    Raises:
        InputError: it is not there, or may not be read; says in one line why.
    """
    try:
        if Path(path).is_fifo():  # opening it would wait for someone who writes
            raise InputError(f"{os.fspath(path)}: is a pipe; expected a file")
        return Path(path).open("rb")
    except OSError as error:
        raise InputError(f"{os.fspath(path)}: cannot be opened: {error.strerror}") from error
