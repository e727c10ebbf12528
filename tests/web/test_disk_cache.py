"""Rendered pieces on disk: whole, bounded, the oldest goes first."""

from __future__ import annotations

import os
from pathlib import Path

from lincodec.web.disk_cache import DiskCache, key_of


def test_what_is_put_is_got(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "cache", 1000)
    key = key_of("a", 1)
    assert cache.get(key) is None
    assert cache.put(key, [b"one", b"two"]).read_bytes() == b"onetwo"
    found = cache.get(key)
    assert found is not None
    assert found.read_bytes() == b"onetwo"
    assert DiskCache(tmp_path / "cache", 1000).get(key) == found
    assert key_of("a", 1) == key
    assert key_of("a", "1") != key


def test_the_least_recently_used_goes(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "cache", 1000)
    keys = [key_of(number) for number in range(4)]
    for age, key in enumerate(keys[:3]):
        path = cache.put(key, [bytes(300)])
        os.utime(path, (age, age))
    cache.get(keys[0])  # used again
    cache.put(keys[3], [bytes(300)])
    assert [cache.get(key) is not None for key in keys] == [True, False, True, True]


def test_one_that_is_larger_than_all_stays_until_the_next(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "cache", 100)
    first = cache.put(key_of(1), [bytes(500)])
    assert first.exists()
    cache.put(key_of(2), [bytes(10)])
    assert not first.exists()
