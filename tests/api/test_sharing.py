"""Videos in threads and other processes, and what many of their pictures take."""

from __future__ import annotations

import gc
import random
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

import lincodec as lc
from lincodec.api import painter
from lincodec.decoder.render import Renderer


class Pairs(Dataset[Any]):
    """A data set as one writes it: opened in the parent, used in the workers."""

    def __init__(self, video: lc.Video) -> None:
        self.video = video

    def __len__(self) -> int:
        return len(self.video)

    def __getitem__(self, index: int) -> tuple[int, NDArray[np.uint8]]:
        return index, self.video[index]


@pytest.mark.parametrize(("start", "used"), [("fork", False), ("fork", True), ("spawn", True)])
def test_a_data_loader_with_two_workers(coded: Path, start: str, *, used: bool) -> None:
    with lc.open(coded) as video:
        whole = video[:]
        if not used:
            video = lc.open(coded)
        loader = DataLoader(
            Pairs(video), batch_size=5, shuffle=True, num_workers=2, multiprocessing_context=start
        )
        seen = []
        for numbers, pictures in loader:
            assert np.array_equal(pictures.numpy(), whole[numbers.numpy()])
            seen += numbers.tolist()
        assert sorted(seen) == list(range(len(whole)))
        assert np.array_equal(video[3], whole[3])


def test_a_video_is_a_data_set(coded: Path) -> None:
    video = lc.open(coded)
    loader = DataLoader(video, batch_size=7, num_workers=2, multiprocessing_context="fork")
    assert np.array_equal(np.concatenate([batch.numpy() for batch in loader]), video[:])


@pytest.mark.parametrize("cache_bytes", [1, 1 << 29])
def test_threads(coded: Path, predicted: Path, cache_bytes: int) -> None:
    for path in (coded, predicted):
        with lc.open(path) as video:
            whole = video[:]
        with lc.open(path, cache_bytes=cache_bytes) as video, ThreadPoolExecutor(8) as pool:
            order = random.Random(1).choices(range(len(whole)), k=50)
            futures = [pool.submit(video.__getitem__, index) for index in order]
            for index, future in zip(order, futures, strict=True):
                assert np.array_equal(future.result(), whole[index])


def test_memory_is_bounded(coded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive: weakref.WeakSet[Renderer] = weakref.WeakSet()

    class Watched(Renderer):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            alive.add(self)

    monkeypatch.setattr(painter, "Renderer", Watched)
    before = threading.active_count()
    with lc.open(coded) as video:
        weight = max(video._painter._weight(k) for k in range(4))
    with lc.open(coded, cache_bytes=2 * weight + 10) as video:
        cache, most, numbers = video._painter._cache, 0, random.Random(2)
        for _ in range(100):
            _ = video[numbers.randrange(len(video))]
            assert cache.bytes <= 2 * weight + 10
            most = max(most, len(alive))
    assert most <= 3
    gc.collect()
    assert not alive
    assert threading.active_count() <= before + 6  # those told to end may not have yet


def test_running_through_while_others_read(coded: Path) -> None:
    with lc.open(coded) as video:
        whole = video[:]
        for number, picture in enumerate(video):
            assert np.array_equal(picture, whole[number])
            assert np.array_equal(video[-1 - number], whole[-1 - number])
