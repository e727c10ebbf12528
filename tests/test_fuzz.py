"""A small part of ``make fuzz``: broken files end in an error, or in a sound answer."""

from __future__ import annotations

import ast
import itertools
import random
import sys
from pathlib import Path

import mutations
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lincodec import registry
from lincodec.container import LincFile

if sys.platform == "win32":
    pytest.skip("the probe needs SIGALRM", allow_module_level=True)

from probe import EscapeError, probe

FILES = mutations.corpus()
SMALL = FILES["good-minimal"]


def test_repairing_a_sound_file_changes_nothing() -> None:
    for data in FILES.values():
        assert mutations.join(data[:8], mutations.split(data)) == data


def test_every_section_type_is_in_the_corpus() -> None:
    found = {kind for data in FILES.values() for kind, _ in mutations.split(data)}
    assert found >= registry.KNOWN_SECTIONS


def test_every_corrupted_byte_is_found() -> None:
    chance = random.Random(7)
    for at in range(len(SMALL)):
        value = SMALL[at] ^ chance.randint(1, 255)
        assert probe(SMALL[:at] + bytes([value]) + SMALL[at + 1 :], render=False) != "ok", at


@pytest.mark.parametrize("name", ["good-everything", "good-network-one-of-two"])
def test_every_truncation_is_found(name: str) -> None:
    for size in range(0, len(FILES[name]), 5):
        assert probe(FILES[name][:size], render=False) == "TruncatedError", size


@pytest.mark.parametrize("seed", range(4))
def test_repaired_mutations(seed: int) -> None:
    files = list(FILES.values())
    every = itertools.chain(
        itertools.islice(mutations.random_mutations(seed, files), 60),
        itertools.islice(mutations.field_mutations(files[seed]), seed, None, 97),
    )
    found = {probe(data) for _, data in every}
    assert "CorruptError" in found


@given(st.sampled_from(sorted(FILES)), st.integers(0), st.binary(max_size=64))
@settings(max_examples=60, deadline=None)
def test_a_payload_of_anything(name: str, number: int, payload: bytes) -> None:
    sections = mutations.split(FILES[name])
    probe(mutations.with_payload(FILES[name], number % len(sections), payload), render=False)


def test_the_probe_finds_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: LincFile) -> object:
        raise KeyError("oops")

    monkeypatch.setattr(LincFile, "verify_structure", broken)
    with pytest.raises(EscapeError, match="KeyError"):
        probe(SMALL)


def test_no_code_is_ever_taken_from_a_file(root: Path) -> None:
    """Clause 12: a file holds numbers and no code."""
    modules, calls = {"pickle", "marshal", "shelve", "dill"}, {"eval", "exec", "compile"}
    for path in (root / "lincodec").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert not modules & {alias.name for alias in node.names}, path.name
            if isinstance(node, ast.ImportFrom):
                assert node.module not in modules, path.name
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                assert name not in calls, path.name
                if name in ("np.load", "torch.load"):
                    given = {word.arg: ast.unparse(word.value) for word in node.keywords}
                    safe = given.get("allow_pickle") == "False" or given.get("weights_only")
                    assert safe, f"{path.name}: {ast.unparse(node)}"
