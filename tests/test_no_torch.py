"""Help, info, verify and presets start at once: they do not import torch."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GOOD = sorted((ROOT / "format_spec" / "vectors" / "good").glob("*.linc"))

_PROBE = """
import sys
from lincodec.cli.main import run
code = run(sys.argv[1:])
heavy = sorted({"torch", "av"} & set(sys.modules))
print("CODE", code, "HEAVY", *heavy, file=sys.stderr)
"""


def modules_of(*arguments: object) -> str:
    """Exit code and heavy modules after a command line run in a fresh interpreter."""
    command = [sys.executable, "-c", _PROBE, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("encode", "--help"),
        ("decode", "--help"),
        ("compare", "--help"),
        ("frame", "--help"),
        ("cut", "--help"),
        ("concat", "--help"),
        ("presets",),
    ],
    ids=" ".join,
)
def test_help_needs_neither_torch_nor_av(arguments: tuple[str, ...]) -> None:
    assert modules_of(*arguments) == "CODE 0 HEAVY"


@pytest.mark.parametrize("command", ["info", "verify"])
def test_looking_at_a_file_needs_neither_torch_nor_av(command: str) -> None:
    assert GOOD, "format_spec/vectors/good is empty"
    assert modules_of(command, GOOD[0]) == "CODE 0 HEAVY"


def test_decoding_to_nowhere_needs_neither_torch_nor_av() -> None:
    exact = next(path for path in GOOD if path.stem == "good-pictures-pyramid")
    assert modules_of("decode", exact, "--format", "null", "-o", "x") == "CODE 0 HEAVY"


def cpu_seconds(*command: str) -> float:
    """CPU time, user and system, of a command: the best of three."""
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, capture_output=True, timeout=60, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def test_help_is_instant() -> None:
    bare = cpu_seconds(sys.executable, "-c", "pass")
    asked = (sys.executable, "-m", "lincodec", "--help")
    with_help = min(cpu_seconds(*asked) for _ in range(3))  # the cores may be shared
    assert with_help - bare < 0.3


def test_importing_the_package_imports_nothing_heavy() -> None:
    probe = "import sys, lincodec; sys.exit(bool({'torch', 'numpy', 'av'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", probe], timeout=60, check=False).returncode == 0


_REFUSING = """
import importlib.abc, sys
class Refused(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("torch is refused here")
sys.meta_path.insert(0, Refused())
from lincodec.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


def without_torch(*arguments: object) -> None:
    """A command line in an interpreter that cannot import torch."""
    command = [sys.executable, "-c", _REFUSING, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("preset", ["instant", "fast", "medium"])
def test_moving_pictures_are_coded_and_shown_where_torch_cannot_be_imported(
    preset: str, tmp_path: Path, clip: Callable[[str], Path]
) -> None:
    coded, shown = tmp_path / "clip.linc", tmp_path / "clip.y4m"
    without_torch("encode", clip("carphone"), "-o", coded, "--preset", preset, "--frames", "9")
    without_torch("verify", coded)
    without_torch("decode", coded, "-o", shown)
    without_torch("frame", coded, "-t", "0", "-o", tmp_path / "still.png")
    for size in ("x0.5", "100x90", "x2"):
        without_torch("decode", coded, "-o", tmp_path / "sized.y4m", "-y", "--res", size)
    without_torch("decode", coded, "-o", tmp_path / "twice.y4m", "--fps-scale", "2")
    assert shown.stat().st_size > coded.stat().st_size
