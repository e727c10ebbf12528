"""The core's decoder under AddressSanitizer and UndefinedBehaviorSanitizer.

    python tools/core_sanitize.py run [--mutations 300000] [CASE...]
    python tools/core_sanitize.py fuzz --minutes 30 [CASE...]

``run`` decodes every case and then broken variants of them (gcc, or clang if there is no gcc);
``fuzz`` is libFuzzer (clang). A CASE is a segment (.case) or a file (.linc); where none are given,
random ones and the vectors are taken.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import core_cases
from core_build import ROOT, BuildError
from core_harness import BUILD, WARNINGS, compile_harness, compiler

FUZZ = ROOT / "fuzz"

SANITIZERS = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def sanitize(cases: Sequence[Path], mutations: int) -> None:
    """Decode every case, then broken variants, with sanitizers that end the program at a report."""
    command = [compiler("gcc", "clang"), *SANITIZERS, *WARNINGS]
    harness = compile_harness(BUILD / "harness-sanitize", command)
    for threads in (1, 4):
        subprocess.run([harness, "-t", str(threads), *cases], check=True, stdout=subprocess.DEVNULL)
    print(f"{len(cases)} sound cases, 1 and 4 threads: no report", flush=True)
    keep = BUILD / "last.case"
    began = time.monotonic()
    subprocess.run([harness, "-m", str(mutations), "-k", keep, *cases], check=True)
    print(f"{mutations} broken variants: no report, {time.monotonic() - began:.0f} s")


def fuzz(cases: Sequence[Path], minutes: float) -> None:
    """Run libFuzzer from the cases; what it finds interesting stays in ``fuzz/corpus/core``."""
    command = [compiler("clang"), *SANITIZERS, "-fsanitize=fuzzer"]
    target = compile_harness(BUILD / "core_target", command, FUZZ / "core_target.c")
    corpus, escapes = FUZZ / "corpus" / "core", FUZZ / "escapes"
    corpus.mkdir(parents=True, exist_ok=True)
    escapes.mkdir(parents=True, exist_ok=True)
    for case in cases:
        shutil.copy(case, corpus)
    subprocess.run(
        [target, f"-max_total_time={minutes * 60:.0f}", "-max_len=65536", "-timeout=20",
         "-rss_limit_mb=4096", "-print_final_stats=1", f"-artifact_prefix={escapes}{os.sep}",
         corpus],
        check=True,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("what", choices=["run", "fuzz"])
    parser.add_argument("--mutations", type=int, default=300_000)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("cases", type=Path, nargs="*")
    chosen = parser.parse_intermixed_args()
    try:
        cases = core_cases.make_cases(chosen.cases, BUILD / "cases")
        if chosen.what == "run":
            sanitize(cases, chosen.mutations)
        else:
            fuzz(cases, chosen.minutes)
    except (BuildError, subprocess.CalledProcessError) as error:
        sys.exit(f"core_sanitize: {error}")


if __name__ == "__main__":
    main()
