"""What linc finds on this machine: the core, cores, devices, extras, folders."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib import metadata, util
from pathlib import Path

from lincodec import __version__
from lincodec.core.library import library
from lincodec.errors import LincError
from lincodec.system.cores import usable_cores

#: Bytes below which a disk is called full.
_LITTLE = 1_000_000_000
#: Libraries of the extras, as they are imported and as they are installed.
EXTRAS: dict[str, tuple[tuple[str, str], ...]] = {
    "search": (("faiss", "faiss-cpu"), ("PIL", "pillow"), ("transformers", "transformers")),
    "chat": (("accelerate", "accelerate"), ("gguf", "gguf"), ("transformers", "transformers")),
    "cluster": (("ray", "ray"),),
    "cloud": (("fsspec", "fsspec"), ("s3fs", "s3fs"), ("aiohttp", "aiohttp")),
    "plot": (("matplotlib", "matplotlib"), ("PIL", "pillow")),
    "parquet": (("pyarrow", "pyarrow"),),
    "gpu": (("triton", "triton"),),
}


class Health(StrEnum):
    """How something is."""

    FINE = "fine"
    MISSING = "missing"
    """Not there, and only some commands need it."""
    BROKEN = "broken"
    """Nothing works like this."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    health: Health
    detail: str


def examine(folders: Sequence[str], models: Sequence[str] = ()) -> list[Finding]:
    """Look at everything; nothing is written that stays.

    Args:
        folders: that are to be written to, such as caches and outputs.
        models: embedding models that are to be loadable.
    """
    found = [Finding("linc", Health.FINE, f"{__version__}, Python {platform.python_version()}")]
    found.append(_looked("core", _core))
    found.append(Finding("cores", Health.FINE, f"{usable_cores()} of {os.cpu_count()} usable"))
    found.append(_looked("device", _devices))
    found += [_extra(name) for name in EXTRAS]
    found += [_looked(f"model {name}", partial(_model, name)) for name in models]
    found += [_folder(folder) for folder in dict.fromkeys(folders)]
    return found


def _looked(what: str, look: Callable[[], str]) -> Finding:
    """What ``look`` says; what it raises is what is wrong."""
    try:
        return Finding(what, Health.FINE, look())
    except (LincError, ImportError, OSError) as error:
        return Finding(what, Health.BROKEN, str(error))


def _core() -> str:
    """Which build of the core this processor runs."""
    loaded = library()
    return f"{Path(loaded._name).name}, processor level {loaded.linc_cpu_level()}"


def _devices() -> str:
    """Devices of torch."""
    torch = importlib.import_module("torch")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    names = [f"cuda:{index} {torch.cuda.get_device_name(index)}" for index in range(count)]
    return ", ".join([f"torch {torch.__version__}: cpu", *names])


def _model(name: str) -> str:
    """A model that latents can be aligned to."""
    teachers = importlib.import_module("lincodec.semantics.teachers")
    found = teachers.load_teacher(name, None)
    return f"{found.model}, {found.dimension} dimensions"


def _extra(name: str) -> Finding:
    """Whether the libraries of an extra are there."""
    versions, missing = [], []
    for module, package in EXTRAS[name]:
        if util.find_spec(module) is None:
            missing.append(package)
        else:
            versions.append(" ".join([package, *_version(package)]))
    if missing:
        said = f"no {', '.join(missing)}; pip install 'lincodec[{name}]'"
        return Finding(f"extra {name}", Health.MISSING, said)
    return Finding(f"extra {name}", Health.FINE, ", ".join(versions))


def _version(package: str) -> Iterator[str]:
    try:
        yield metadata.version(package)
    except metadata.PackageNotFoundError:
        return


def _folder(folder: str) -> Finding:
    """Whether a folder, or what it would be made in, can be written and has room."""
    there = Path(os.path.abspath(folder))
    while not there.exists():
        there = there.parent
    what = f"folder {folder}"
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding(what, Health.BROKEN, f"{there} cannot be written")
    free = shutil.disk_usage(there).free
    health = Health.FINE if free >= _LITTLE else Health.BROKEN
    return Finding(what, health, f"{free / 1e9:.1f} GB free")
