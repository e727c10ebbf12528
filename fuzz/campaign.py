"""A long run of hostile files through the readers, with counts.

    python fuzz/campaign.py [--minutes 10] [--seed 1] [--json FILE]

Part one is exhaustive: every single-byte corruption of small files, every truncation of every
vector, every field of every section at the ends of its range with checksums repaired, every
section lost, moved, renamed or spliced. Part two is random until the time is up.
Exits 1 at the first escape, and leaves the file in ``fuzz/escapes``.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import mutations  # noqa: E402
import probe  # noqa: E402

#: Every byte value is tried at every place of these.
SMALL = {"good-minimal"}
Cases = Iterable[tuple[str, bytes]]


def corruptions(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Every byte with every other value, nothing repaired."""
    for at in range(len(data)):
        for value in range(256):
            if value != data[at]:
                yield f"byte {at} = {value}", data[:at] + bytes([value]) + data[at + 1 :]


def flips(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Every bit, nothing repaired."""
    for at in range(8 * len(data)):
        byte = data[at // 8] ^ 1 << at % 8
        yield f"bit {at}", data[: at // 8] + bytes([byte]) + data[at // 8 + 1 :]


def truncations(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Every length."""
    return ((f"first {size}", data[:size]) for size in range(len(data)))


class Campaign:
    """Runs cases, counts what came of them."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.counts: dict[str, collections.Counter[str]] = {}
        self.escapes: list[str] = []
        self.slowest = 0.0
        self.seen: set[bytes] = set()

    def run(self, part: str, cases: Cases, *, render: bool, allowed: Callable[[str], bool]) -> None:
        """Probe every case until the time is up."""
        counter = self.counts.setdefault(part, collections.Counter())
        for what, data in cases:
            if time.monotonic() > self.until:
                return
            digest = hashlib.blake2b(data, digest_size=8).digest()
            if digest in self.seen:
                continue
            self.seen.add(digest)
            begun = time.monotonic()
            try:
                said = probe.probe(data, render=render)
                if not allowed(said):
                    raise probe.EscapeError(f"reader says {said}")
            except probe.EscapeError as error:
                self.escaped(part, what, data, error)
                said = "escape"
            self.slowest = max(self.slowest, time.monotonic() - begun)
            counter[said] += 1

    def escaped(self, part: str, what: str, data: bytes, error: Exception) -> None:
        """Keep the file for a closer look."""
        folder = HERE / "escapes"
        folder.mkdir(exist_ok=True)
        path = folder / f"{hashlib.sha256(data).hexdigest()[:12]}.linc"
        path.write_bytes(data)
        self.escapes.append(f"{part}: {what}: {error} ({path.name})")
        print(self.escapes[-1], flush=True)


def refused(said: str) -> bool:
    """Nothing was repaired: checking must find it."""
    return said not in ("ok", "not rendered")


def anything(_: str) -> bool:
    """Checksums are right, so the file may be sound."""
    return True


def exhaustive(campaign: Campaign, files: dict[str, bytes]) -> None:
    """Part one."""
    for name in sorted(SMALL & files.keys()):
        campaign.run("corruption", corruptions(files[name]), render=False, allowed=refused)
    for data in files.values():
        campaign.run("truncation", truncations(data), render=False, allowed=refused)
        campaign.run("corruption", flips(data), render=False, allowed=refused)
    others = list(files.values())
    for data in files.values():
        cases = mutations.section_mutations(data, others)
        campaign.run("section mutation", cases, render=True, allowed=anything)
    for data in files.values():
        cases = mutations.field_mutations(data)
        campaign.run("field mutation", cases, render=True, allowed=anything)


def main() -> int:
    """Run, print counts, write them as JSON."""
    parser = argparse.ArgumentParser(description="hostile files through the readers")
    parser.add_argument("--minutes", type=float, default=10, help="for all of it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="vectors with one of these in their name")
    parser.add_argument("--json", type=Path, help="where to write the counts")
    given = parser.parse_args()
    torch.set_num_threads(1)
    begun = time.monotonic()
    campaign = Campaign(begun + 60 * given.minutes)
    files = mutations.corpus()
    if given.only:
        files = {n: data for n, data in files.items() if any(word in n for word in given.only)}
    first = next(iter(files.values()))
    probe.probe(first)
    memory = probe.peak()
    exhaustive(campaign, files)
    spent = time.monotonic() - begun
    campaign.run(
        "random mutation", mutations.random_mutations(given.seed, list(files.values())),
        render=True, allowed=anything,
    )  # fmt: skip
    growth = probe.peak() - memory
    if growth > probe.GROWTH:
        campaign.escapes.append(f"memory grew by {growth >> 20} MB")
    found = {
        "vectors": len(files),
        "files": sum(sum(c.values()) for c in campaign.counts.values()),
        "minutes": round((time.monotonic() - begun) / 60, 1),
        "exhaustive_minutes": round(spent / 60, 1),
        "slowest_s": round(campaign.slowest, 2),
        "memory_growth_mb": growth >> 20,
        "escapes": len(campaign.escapes),
        "counts": {part: dict(c.most_common()) for part, c in campaign.counts.items()},
    }
    print(json.dumps(found, indent=1))
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if campaign.escapes else 0


if __name__ == "__main__":
    sys.exit(main())
