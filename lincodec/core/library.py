"""Finds and loads the compiled core.

On x86-64 there are two libraries from the same sources. The one for level 2 of the instruction set
is loaded first and asked for the processor's level (``linc_cpu_level``, which looks at cpuid and at
what the operating system saves); on level 3 the other one takes its place. No file outside the
package and no environment variable has a say.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from pathlib import Path

from lincodec.core import signatures
from lincodec.errors import ResourceError

_FOLDER = Path(__file__).resolve().parent
_SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
_REBUILD = "reinstall lincodec for this machine (in a clone: `make install`)"


def _open(path: Path) -> ctypes.CDLL:
    """Load a library and check that it is of this version."""
    if not path.is_file():
        raise ResourceError(f"the compiled core is missing: no file {path}; {_REBUILD}")
    try:
        library = ctypes.CDLL(str(path))
        version = int(library.linc_core_version())
        if version != signatures.ABI:
            raise ResourceError(
                f"the compiled core {path} has interface {version}, this version of lincodec "
                f"needs {signatures.ABI}; {_REBUILD}"
            )
        signatures.register(library)
    except (OSError, AttributeError) as error:
        raise ResourceError(
            f"the compiled core {path} does not load: {error}; {_REBUILD}"
        ) from error
    for which, structure in enumerate(signatures.STRUCTURES):
        found, expected = library.linc_structure_bytes(which), ctypes.sizeof(structure)
        if found != expected:
            raise ResourceError(
                f"the compiled core {path} has a Linc{structure.__name__} of {found} bytes, "
                f"this version of lincodec one of {expected}; {_REBUILD}"
            )
    return library


def load(folder: Path, level: int | None = None) -> ctypes.CDLL:
    """The library in ``folder`` for this processor, or the one for a lower ``level``."""
    base = folder / f"_linc_core{_SUFFIX}"
    library = _open(base)
    found = int(library.linc_cpu_level())
    if found == 1:
        raise ResourceError(
            f"the compiled core {base} needs a processor of level x86-64-v2 (SSE4.2 and POPCNT, "
            "as made since 2009), and this one is older"
        )
    if min(found, found if level is None else level) >= 3:
        return _open(folder / f"_linc_core_v3{_SUFFIX}")
    return library


@functools.cache
def library() -> ctypes.CDLL:
    """The compiled core, loaded once a process, with the types of its functions set.

    A call through it releases the interpreter lock. Raises ResourceError if there is none.
    """
    return load(_FOLDER)
