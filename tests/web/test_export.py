"""Files to give away: a page plays from the disk, without a network; an MP4 fits a size."""

from __future__ import annotations

import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from support.axe import serious
from support.chromium import Page
from support.small_video import FRAMES, RATE

import lincodec
from lincodec.errors import ChecksumError, TargetError, UsageError
from lincodec.web.bundle import bundled_player, in_order, joined
from lincodec.web.export import export_mp4, export_page, export_player

VECTORS = Path(__file__).resolve().parents[2] / "format_spec" / "vectors" / "good"
HOSTILE = "\"><img src=x onerror=alert(1)>'</title></script><script>alert(2)</script>$player"


def test_the_page_plays_from_the_disk_without_a_network(
    tab: Page, small: Path, tmp_path: Path
) -> None:
    made = export_page(str(small), str(tmp_path / "page.html"))
    assert (made.width, made.height) == (96, 64)
    assert made.bytes == (tmp_path / "page.html").stat().st_size
    tab.offline()
    tab.open((tmp_path / "page.html").as_uri())
    tab.run("void (window.v = document.querySelector('linc-video'))")
    tab.until("v.player?.clock && v.player.shown === 0")
    assert tab.run("v.duration") == pytest.approx(FRAMES / RATE)
    tab.run("v.play()")
    tab.until("v.currentTime > 0.4")
    assert tab.run("v.player.sound.element.webkitAudioDecodedByteCount") > 0
    tab.until("v.ended")
    assert tab.run("v.player.drawn + v.player.dropped") == FRAMES
    assert not tab.complaints
    assert not [url for url in tab.requested if not url.startswith(("file:", "blob:"))]


@pytest.mark.usefixtures("axe")
def test_axe_finds_nothing_serious(tab: Page, small: Path, tmp_path: Path) -> None:
    export_page(str(small), str(tmp_path / "page.html"))
    tab.open((tmp_path / "page.html").as_uri())
    tab.until("document.querySelector('linc-video').player?.shown === 0")
    assert not serious(tab)


def test_the_page_shows_hostile_names_as_text(tab: Page, small: Path, tmp_path: Path) -> None:
    export_page(str(small), str(tmp_path / "page.html"), HOSTILE)
    tab.open((tmp_path / "page.html").as_uri())
    tab.until("document.querySelector('linc-video').player")
    assert tab.run("document.title") == HOSTILE
    assert tab.run("document.querySelector('h1').textContent") == HOSTILE
    assert tab.run("document.querySelectorAll('img').length") == 0
    assert tab.run("document.querySelectorAll('script').length") == 2
    assert not tab.complaints


def test_a_file_that_needs_a_network_is_refused(player: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"frames 0 to 1 .*need a network; .*--mp4"):
        export_page(str(VECTORS / "good-network-2.linc"), str(tmp_path / "page.html"))
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_refused(player: Path, small: Path, tmp_path: Path) -> None:
    data = bytearray(small.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "broken.linc").write_bytes(data)
    with pytest.raises(ChecksumError):
        export_page(str(tmp_path / "broken.linc"), str(tmp_path / "page.html"))
    assert [path.name for path in tmp_path.iterdir()] == ["broken.linc"]


def test_the_script_is_whole_and_names_nothing_twice(
    node: str, player: Path, tmp_path: Path
) -> None:
    """In one block two declarations of a name are an error of the language."""
    export_player(str(tmp_path / "linc-video.js"))
    assert (tmp_path / "linc-video.js").read_text("utf-8") == bundled_player()
    (tmp_path / "worker.js").write_text(joined("worker.js", {}), encoding="utf-8")
    for script in tmp_path.glob("*.js"):
        done = subprocess.run([node, "--check", script], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    modules = {path.name for path in player.glob("*.js")}
    assert set(in_order("linc-video.js")) | set(in_order("worker.js")) == modules
    assert "</script" not in bundled_player()
    assert "import " not in "".join(
        line for line in bundled_player().splitlines(keepends=True) if not line.startswith("//")
    ).replace("import.meta", "")


def test_an_mp4_has_at_most_the_size_asked_for(small: Path, tmp_path: Path) -> None:
    large = export_mp4(str(small), str(tmp_path / "large.mp4"))
    assert large.crf == 18
    limit = large.bytes - 900  # most of it is sound
    less = export_mp4(str(small), str(tmp_path / "less.mp4"), limit)
    assert less.bytes == (tmp_path / "less.mp4").stat().st_size <= limit
    assert less.crf is not None
    assert less.crf > 18
    with av.open(str(tmp_path / "less.mp4")) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video)]
    assert len(frames) == FRAMES
    with lincodec.open(small) as source:
        assert np.abs(frames[7].astype(int) - source[7].astype(int)).mean() < 6


def test_what_cannot_be_so_small_is_said(small: Path, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"the smallest MP4 has \d+ bytes, more than the 2000"):
        export_mp4(str(small), str(tmp_path / "tiny.mp4"), 2000)
    assert not list(tmp_path.iterdir())
