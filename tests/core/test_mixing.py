"""The mixing coder in C: there and back, and broken bytes, where possible under sanitizers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import core_build  # noqa: E402
import core_harness  # noqa: E402

CORE = ROOT / "lincodec" / "core"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled with what it needs of the core alone."""
    out = tmp_path_factory.mktemp("mixing") / "mixing"
    command = core_harness.any_compiler()
    checks = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    files = [*sorted(CORE.glob("mix*.c")), CORE / "rans.c", CORE / "context.c"]
    core_build.compile_into(
        [
            *command, *core_build.COMMON, "-g1", "-O1", *(checks if len(command) == 1 else []),
            "-I", CORE, ROOT / "tests" / "core" / "mixing.c", *files,
        ],
        out,
    )  # fmt: skip
    return out


def test_there_and_back_and_broken(program: Path) -> None:
    done = subprocess.run([program, "1", "12", "8"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
