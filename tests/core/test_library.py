"""Loading of the compiled core, and what is said when it cannot be."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lincodec.core import signatures
from lincodec.core.library import library as loaded
from lincodec.core.library import load
from lincodec.errors import ResourceError

CORE = Path(signatures.__file__).parent
SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")


def test_the_core_loads() -> None:
    core = loaded()
    assert core.linc_core_version() == signatures.ABI
    assert core is loaded()


def test_the_lower_level_can_be_had() -> None:
    core = load(CORE, level=2)
    assert Path(core._name).stem == "_linc_core"
    if core.linc_cpu_level() >= 3:
        assert Path(loaded()._name).stem == "_linc_core_v3"


def test_a_missing_library_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"missing: no file .*_linc_core.*make install"):
        load(tmp_path)


def test_a_broken_library_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / f"_linc_core{SUFFIX}").write_bytes(b"not a library")
    with pytest.raises(ResourceError, match=r"_linc_core.* does not load: .*make install"):
        load(tmp_path)


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "ABI", signatures.ABI + 1)
    with pytest.raises(ResourceError, match=r"has interface \d+, .* needs \d+.*make install"):
        load(CORE)


def test_loading_imports_neither_torch_nor_numpy() -> None:
    script = (
        "import sys; from lincodec.core.library import library; library(); "
        "sys.exit(bool({'torch', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def declared() -> dict[str, int]:
    """Every exported function of the headers, with the number of its arguments."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(CORE.glob("*.h")))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    found = re.findall(r"\bLINC_API\s[^;{(]*?(\w+)\(([^)]*)\);", text)
    return {
        name: 0 if arguments.strip() == "void" else arguments.count(",") + 1
        for name, arguments in found
    }


def test_signatures_are_those_of_the_headers() -> None:
    registered = {name: len(types) - 1 for name, types in signatures.SIGNATURES.items()}
    assert registered == declared()


def test_the_version_is_that_of_the_header() -> None:
    text = (CORE / "linc_core.h").read_text(encoding="utf-8")
    assert f"#define LINC_CORE_ABI {signatures.ABI}\n" in text


def test_a_structure_of_another_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    swapped = (signatures.FrameInfo, *signatures.STRUCTURES[1:])
    monkeypatch.setattr(signatures, "STRUCTURES", swapped)
    with pytest.raises(ResourceError, match=r"has a LincFrameInfo of 20 bytes, .*make install"):
        load(CORE)


@pytest.mark.parametrize("structure", signatures.STRUCTURES)
def test_structures_are_those_of_the_headers(structure: type[ctypes.Structure]) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(CORE.glob("linc_*.h")))
    found = re.search(rf"typedef struct Linc{structure.__name__} {{(.*?)}}", text, flags=re.DOTALL)
    assert found
    body = re.sub(r"/\*.*?\*/", "", found[1], flags=re.DOTALL)
    kinds = r"(?:int(?:32|64)_t|float|double|void|Linc[A-Z]\w+)"
    fields = [
        field.strip(" *").split("[")[0]
        for line in re.findall(rf"\b{kinds} ([^;]*);", body)
        for field in line.split(",")
    ]
    assert fields == [field[0] for field in structure._fields_]
