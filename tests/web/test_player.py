"""The element <linc-video> in Chromium: time, seeking, colours, and what is said of bad files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.chromium import Page
from support.small_video import FRAMES, RATE, write_source

import lincodec
from lincodec.container import LincFile

VECTORS = Path(__file__).resolve().parents[2] / "format_spec" / "vectors" / "good"
Open = Callable[..., Page]

_PAGE = """<!doctype html><html lang="en"><title>player</title><link rel="icon" href="data:,">
<script type="module" src="player/linc-video.js"></script>
<linc-video id="v" src="{src}" {attributes}></linc-video>"""

_SHOWN = "v.player?.clock && v.player.shown >= 0"


@pytest.fixture
def opened(tab: Page, player: Path, served: Callable[[Path], str], tmp_path: Path) -> Open:
    """``opened(file, attributes)``: a page that has loaded the player with a file."""

    def show(file: Path, attributes: str = "", folder: str = "", until: str = _SHOWN) -> Page:
        (tmp_path / "player").symlink_to(player)
        (tmp_path / "clip.linc").symlink_to(file)
        page = _PAGE.format(src=f"{folder}clip.linc", attributes=attributes)
        (tmp_path / "page.html").write_text(page)
        tab.open(f"{served(tmp_path)}/page.html")
        tab.until(f"Boolean({until})")
        return tab

    return show


def test_it_plays_with_sound_to_the_end(opened: Open, small: Path) -> None:
    with small.open("rb") as stream:
        assert len(LincFile(stream).segments) >= 2
    tab = opened(small)
    assert tab.run("v.duration") == pytest.approx(FRAMES / RATE)
    assert tab.run("v.paused")
    tab.run("v.play()")
    tab.until("v.currentTime > 0.5")
    sound = tab.run("({at: v.player.sound.element.currentTime, now: v.currentTime})")
    assert sound["at"] == pytest.approx(sound["now"], abs=0.1)
    assert tab.run("v.player.sound.element.webkitAudioDecodedByteCount") > 0
    tab.until("v.ended")
    shown = tab.run("v.player.drawn + v.player.dropped")
    assert shown == FRAMES
    assert tab.run("v.player.shown") == FRAMES - 1
    tab.run("v.play()")  # from the beginning
    tab.until("v.currentTime > 0 && v.currentTime < 2 && !v.paused")
    assert not tab.complaints


def test_it_seeks_and_steps(opened: Open, small: Path) -> None:
    tab = opened(small, folder="ranges/")
    for seconds in (2.4, 0.3, 1.7, 2.95, 0.0):
        tab.run(f"v.currentTime = {seconds}")
        frame = round(seconds * RATE)
        tab.until(f"v.player.shown === {frame}")
        assert tab.run("v.currentTime") == pytest.approx(seconds)
    tab.run("v.focus()")
    tab.press(".")
    tab.until("v.player.shown === 1")
    tab.press(".")
    tab.until("v.player.shown === 2")
    tab.press(",")
    tab.until("v.player.shown === 1")
    tab.press("End")
    tab.until(f"v.player.shown === {FRAMES - 1}")
    tab.press("ArrowLeft")
    tab.until("v.player.shown === 0")
    tab.press(" ", "Space", " ")
    tab.until("!v.paused")
    tab.press(" ", "Space", " ")
    tab.until("v.paused")
    assert tab.run("v.player.error") is None


def test_many_seeks_leave_no_pictures_behind(opened: Open, small: Path) -> None:
    tab = opened(small)
    tab.run(
        "(async () => { for (let i = 0; i < 60; i++) { v.currentTime = (i * 0.73) % v.duration;"
        " await new Promise((done) => setTimeout(done, 2)); } })()"
    )
    frame = round(59 * 0.73 % (FRAMES / RATE) * RATE - 0.5)
    tab.until(f"v.player.shown === {frame}")
    assert tab.run("v.player.queue.pictures.size") <= FRAMES
    assert tab.run("v.player.queue.jobs.size") <= 4


def pixels(tab: Page) -> np.ndarray:
    """What the canvas shows, [height, width, 3]."""
    found: dict[str, Any] = tab.run(
        "(() => { const c = v.controls.canvas, flat = document.createElement('canvas');"
        " flat.width = c.width; flat.height = c.height; const d = flat.getContext('2d');"
        " d.drawImage(c, 0, 0);"
        " return { w: c.width, h: c.height,"
        " data: [...d.getImageData(0, 0, c.width, c.height).data] }; })()"
    )
    return np.array(found["data"], np.int32).reshape(found["h"], found["w"], 4)[..., :3]


@pytest.mark.parametrize("screen", ["gl", "flat"])
@pytest.mark.parametrize(
    "vector",
    [
        "good-pictures-444", "good-444", "good-grey", "good-10bit-bt2020", "good-odd-size",
        "good-rotated", "good-mirrored", "good-pictures-422", "good-pictures-16bit",
    ],
)  # fmt: skip
def test_colours_are_those_of_lincodec(opened: Open, vector: str, screen: str) -> None:
    """Matrix, range, depth, rotation; chroma is filtered by WebGL, so that it may differ there."""
    path = VECTORS / f"{vector}.linc"
    tab = opened(path, "flat" if screen == "flat" else "")
    kinds = {"gl": "GlScreen", "flat": "FlatScreen"}
    assert tab.run("v.player.screen.constructor.name") == kinds[screen]
    with lincodec.open(path) as video:
        wanted = video[0].astype(np.int32)
    found = pixels(tab)
    assert found.shape == wanted.shape
    difference = np.abs(found - wanted)
    if screen == "flat" or "444" in vector or "grey" in vector:
        assert difference.max() <= 2
    else:
        grey_found, grey_wanted = found @ [2, 5, 1] / 8, wanted @ [2, 5, 1] / 8
        assert np.abs(grey_found - grey_wanted).mean() < 12
        assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.9


def test_damage_is_said_and_the_rest_plays(opened: Open, small: Path, tmp_path: Path) -> None:
    with small.open("rb") as stream:
        entries = LincFile(stream).segments
    data = bytearray(small.read_bytes())
    data[entries[0].offset + entries[0].length // 2] ^= 0x55
    broken = tmp_path / "broken.linc"
    broken.write_bytes(data)
    tab = opened(broken, until="v.player?.clock")
    tab.until("v.shadowRoot.querySelector('[role=alert]').textContent.includes('damaged')")
    tab.run("v.play()")
    tab.until("v.ended")
    assert tab.run("v.player.shown") == FRAMES - 1
    assert tab.run("v.player.drawn") > 0


@pytest.mark.parametrize(
    ("vector", "words"), [("good-inr-hash", "architecture 1"), ("good-network-2", "neural network")]
)
def test_what_needs_a_network_is_said(opened: Open, vector: str, words: str) -> None:
    said = f"v.shadowRoot.textContent.includes({json.dumps(words)})"
    opened(VECTORS / f"{vector}.linc", until=said)


def test_a_missing_file_is_said(opened: Open, tmp_path: Path) -> None:
    opened(tmp_path / "none.linc", until="v.error && v.shadowRoot.textContent.includes('404')")


@pytest.mark.parametrize("codec", ["libmp3lame", "libopus", "flac"])
def test_other_sound_plays_and_seeks(opened: Open, tmp_path: Path, codec: str) -> None:
    write_source(tmp_path / "source.mkv", codec)
    lincodec.encode(tmp_path / "source.mkv", tmp_path / "heard.linc", preset="instant")
    tab = opened(tmp_path / "heard.linc")
    assert tab.run("v.player.soundError") is None
    for start in (1.5, 0):
        tab.run(f"v.currentTime = {start}")
        tab.run("v.play()")
        tab.until(f"v.currentTime > {start} + 0.3")
        found = tab.run("[v.player.sound.element.currentTime, v.currentTime]")
        assert found[0] == pytest.approx(found[1], abs=0.1)
        tab.run("v.pause()")
    assert tab.run("v.player.sound.element.webkitAudioDecodedByteCount") > 0
    assert not tab.run("v.player.sound.failed")
