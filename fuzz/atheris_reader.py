"""Coverage-guided fuzzing of the readers with Atheris.

    pip install atheris
    python fuzz/atheris_reader.py [-max_total_time=600] [libFuzzer options]

The good vectors are the corpus, the section types the dictionary. A mutator of its own changes
one payload and repairs lengths and checksums, so that the fuzzer gets past them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

with atheris.instrument_imports(include=["lincodec"]):
    import probe

import mutations  # noqa: E402

from lincodec import registry  # noqa: E402


def one_input(data: bytes) -> None:
    """What libFuzzer calls; an EscapeError is a finding."""
    probe.probe(data, render=False)


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """One payload changed by libFuzzer, the file around it made whole again."""
    try:
        sections = mutations.split(data)
        number = seed % len(sections)
        payload = atheris.Mutate(sections[number][1], max_size // 2)
        return mutations.with_payload(data, number, payload)[:max_size]
    except (IndexError, ZeroDivisionError, mutations.struct.error):
        changed: bytes = atheris.Mutate(data, max_size)
        return changed


def main() -> None:
    """Lay out corpus and dictionary, and hand over to libFuzzer."""
    corpus = HERE / "corpus"
    corpus.mkdir(exist_ok=True)
    for name, data in mutations.corpus().items():
        (corpus / name).write_bytes(data)
    words = corpus.with_name("corpus.dict")
    kinds = sorted(kind.decode() for kind in registry.KNOWN_SECTIONS)
    words.write_text("".join(f'"{kind}"\n' for kind in kinds))
    options = [sys.argv[0], f"-dict={words}", *sys.argv[1:], str(corpus)]
    atheris.Setup(options, one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
