"""The page of ``linc serve`` in Chromium, as somebody uses it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.asker import HOSTILE
from support.axe import serious
from support.chromium import Page
from support.small_video import FRAMES, RATE, moving
from support.tiny_models import make_clip

import lincodec
from lincodec.cli.main import run
from lincodec.video.still import png
from lincodec.web.server import ServeOptions, Server

#: What Chromium logs of answers that the page expects and shows.
_EXPECTED = "responded with a status of 422"


def complaints(tab: Page) -> list[str]:
    return [text for text in tab.complaints if _EXPECTED not in text]


@pytest.fixture
def page(tab: Page, server: Server) -> Page:
    """The library on a screen."""
    tab.resize(1280, 900)
    tab.open(server.address())
    tab.until("document.querySelectorAll('.card').length === 4")
    return tab


def watched(page: Page, name: str = "clip.linc", more: str = "") -> Page:
    """The view of one file, loaded."""
    cards = "[...document.querySelectorAll('.card')]"
    link = f"{cards}.find((c) => c.textContent.includes({json.dumps(name)}))"
    page.run(f"void (location.hash = {link}.getAttribute('href') + {json.dumps(more)})")
    page.until("Boolean(window.watch?.meta) && watch.video.readyState >= 2")
    page.until("Boolean(watch.map.data) && watch.timeline.shots.length === 2")
    return page


def at(page: Page, frame: int) -> None:
    """Wait until a frame is shown."""
    page.until(f"watch.frame === {frame} && !watch.video.seeking && watch.video.readyState >= 2")


def test_the_library_shows_what_there_is(page: Page) -> None:
    names = page.run("[...document.querySelectorAll('.card .name')].map((e) => e.textContent)")
    assert sorted(names) == sorted(["broken.linc", "clip.linc", "truncated.linc", HOSTILE])
    page.until(
        "document.querySelectorAll('.card .broken').length === 2"
    )  # one found by its picture
    page.until("[...document.querySelectorAll('.card img')].every((i) => i.naturalWidth > 0)")
    facts = page.run("[...document.querySelectorAll('.card .facts')].map((e) => e.textContent)")
    assert any("→" in text and "00:03" in text and "96×64" in text for text in facts)
    assert page.run("document.querySelectorAll('main img[src=x], main b').length") == 0
    assert not complaints(page)


def test_a_video_plays_with_sound(page: Page) -> None:
    watched(page)
    page.run("void watch.video.play()")
    page.until("watch.video.currentTime > 0.5")
    assert page.run("watch.video.webkitAudioDecodedByteCount") > 0
    assert page.run("watch.video.videoWidth") == 96
    page.until("watch.video.ended")
    assert page.run("watch.video.getVideoPlaybackQuality().totalVideoFrames") > FRAMES // 2
    assert page.run("watch.video.duration") == pytest.approx(FRAMES / RATE, abs=0.05)
    assert not complaints(page)


def test_keys_step_and_seek(page: Page) -> None:
    watched(page)
    page.run("watch.seek(1)")
    at(page, RATE)
    for key, frame in ((".", 21), (".", 22), (",", 21), ("Home", 0), (".", 1)):
        page.press(key)
        at(page, frame)
    page.press("ArrowRight")  # beyond the end
    at(page, FRAMES - 1)
    page.press("Home")
    page.press(" ", "Space", " ")
    page.until("!watch.video.paused")
    page.press("k")
    page.until("watch.video.paused")
    page.press("m")
    assert page.run("watch.video.muted")
    assert not complaints(page)


def test_the_map_and_the_timeline_go_to_a_moment(page: Page) -> None:
    watched(page)
    page.run("watch.seek(0.5)")
    at(page, 10)
    click = """(() => {
      const map = watch.map, box = map.canvas.getBoundingClientRect(), index = 24;
      const [x, y] = map.place(map.group.points[index], box.width);
      const where = { clientX: box.left + x, clientY: box.top + y };
      map.canvas.dispatchEvent(new MouseEvent("click", where));
      const wanted = `${map.group.points[index]}`;
      return map.group.points.findIndex((point) => `${point}` === wanted);
    })()"""
    at(page, page.run(click))
    assert page.run("watch.map.frame") == page.run("watch.frame")
    page.run("watch.timeline.slider.value = 2.2")
    page.run("watch.timeline.slider.dispatchEvent(new Event('input'))")
    at(page, 44)
    hover = """(() => { const box = watch.timeline.root.getBoundingClientRect();
      const where = { clientX: box.left + box.width / 2, clientY: box.top + 5 };
      watch.timeline.root.dispatchEvent(new PointerEvent("pointermove", where)); })()"""
    page.run(hover)
    page.until("!watch.timeline.hover.hidden && watch.timeline.image.naturalWidth > 0")
    assert page.run("watch.timeline.time.textContent") == "00:01"


def test_the_source_is_shown_beside(page: Page) -> None:
    watched(page)
    page.run("watch.seek(1.5)")
    at(page, 30)
    page.run("watch.splitter.click()")
    page.until("watch.split.source.readyState >= 2 && !watch.split.source.seeking")
    page.until("Math.abs(watch.split.source.currentTime - watch.video.currentTime) < 0.002")
    page.run("watch.split.set(25)")
    assert page.run("getComputedStyle(watch.video).clipPath") == "inset(0px 0px 0px 25%)"
    page.run("watch.splitter.click()")
    assert page.run("document.querySelectorAll('.stage video').length") == 1


def test_size_rate_and_speed_are_chosen(page: Page) -> None:
    watched(page)
    page.run("watch.seek(1)")
    at(page, 20)
    choose = """(label, value) => { const select = [...document.querySelectorAll(".controls label")]
      .find((l) => l.textContent.startsWith(label)).querySelector("select");
      select.value = value; select.dispatchEvent(new Event("change")); }"""
    page.run(f"({choose})('Size', '360p')")
    page.until("watch.video.videoHeight === 360 && watch.video.readyState >= 2")
    at(page, 20)
    page.run(f"({choose})('Frames', '2')")
    page.until("watch.meta.times.step < 0.03 && watch.video.readyState >= 2")
    at(page, 40)
    page.run(f"({choose})('Speed', 's0.5')")
    assert page.run("watch.video.playbackRate") == 0.5


def test_a_browser_without_media_source_takes_hls(page: Page) -> None:
    watched(page)
    page.run("void (window.MediaSource = undefined, window.ManagedMediaSource = undefined)")
    page.run("watch.change({})")
    page.until("watch.video.currentSrc.includes('.m3u8') && watch.video.readyState >= 2")
    page.run("void watch.video.play()")
    page.until("watch.video.currentTime > 0.5 && watch.video.webkitAudioDecodedByteCount > 0")
    assert page.run("watch.video.videoWidth") == 96
    assert not complaints(page)


def test_many_seeks_leave_nothing_running(page: Page, server: Server) -> None:
    watched(page)
    page.run(
        "(async () => { for (let i = 0; i < 80; i++) { watch.seek((i * 0.77) % 3);"
        " await new Promise((done) => setTimeout(done, 3)); } })()"
    )
    at(page, int(79 * 0.77 % 3 * RATE + 1e-3))
    page.run("void (location.hash = '#/')")
    page.until("document.querySelectorAll('.card').length === 4")
    page.until("document.querySelectorAll('video').length === 0")
    wait_for_landing(server)


def wait_for_landing(server: Server) -> None:
    done = threading.Event()
    for _ in range(200):
        if not len(server._site.flights):
            return
        done.wait(0.05)
    raise AssertionError("something is still being made")


def test_damage_is_said_on_the_page(page: Page) -> None:
    link = (
        "[...document.querySelectorAll('.card')].find((c) => c.textContent.includes('truncated'))"
    )
    page.run(f"void (location.hash = {link}.getAttribute('href'))")
    page.until("document.querySelector('h1').textContent === 'Damaged video'")
    assert "truncated" in page.run("document.getElementById('status').textContent")
    watched_again = "[...document.querySelectorAll('.card')].length"
    page.run("void (location.hash = '#/')")
    page.until(f"{watched_again} === 4")
    watched(page)


def test_a_phone(page: Page) -> None:
    """No sideways scrolling at 360 pixels, in either view."""
    page.send(
        "Emulation.setEmulatedMedia",
        features=[{"name": "prefers-color-scheme", "value": "dark"}],
    )
    page.resize(360, 640)
    wide = "document.documentElement.scrollWidth <= 360"
    assert page.run(wide)
    watched(page)
    assert page.run(wide)
    assert page.run("watch.stage.getBoundingClientRect().width") > 300
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(22, 22, 21)"


@pytest.mark.usefixtures("axe")
def test_axe_finds_nothing_serious(page: Page) -> None:
    for view in ("library", "watch"):
        if view == "watch":
            watched(page)
        assert not serious(page), view


@pytest.fixture
def searchable(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A library of one file that is aligned to a random CLIP."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    model, folder = make_clip(tmp_path / "clip-model"), tmp_path / "aligned"
    folder.mkdir()
    out = folder / "clip.linc"
    assert run(["align", str(small), "--model", str(model), "-o", str(out), "-q"]) == 0
    options = ServeOptions(cache=str(tmp_path / "cache"), model=str(model))
    running = Server([str(folder)], options)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    yield running
    running.stop()
    thread.join(20)


def test_search_finds_moments_and_goes_there(tab: Page, searchable: Server) -> None:
    tab.resize(1280, 900)
    tab.open(searchable.address())
    tab.until("document.querySelectorAll('.card').length === 1")
    tab.run("document.querySelector('#search input').value = 'a red disc'")
    tab.run("document.querySelector('#search').requestSubmit()")
    tab.until("document.querySelectorAll('ol .card').length > 0")
    assert tab.run("location.hash") == "#/search/a%20red%20disc"
    assert "moment" in tab.run("document.getElementById('status').textContent")
    target = tab.run("document.querySelector('ol .card').getAttribute('href')")
    seconds = float(target.split("/")[-1])
    tab.run("document.querySelector('ol .card').click()")
    tab.until("Boolean(window.watch?.meta) && watch.video.readyState >= 2")
    assert tab.run("watch.video.currentTime") >= seconds - 0.01


def test_a_dropped_picture_is_searched_for(tab: Page, searchable: Server) -> None:
    tab.resize(1280, 900)
    tab.open(searchable.address())
    tab.until("document.querySelectorAll('.card').length === 1")
    data = list(png(moving(8)))
    drop = f"""(() => {{
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array({data})], "disc.png", {{ type: "image/png" }}));
      const how = {{ dataTransfer: transfer, bubbles: true, cancelable: true }};
      document.dispatchEvent(new DragEvent("drop", how));
    }})()"""
    tab.run(drop)
    tab.until("document.querySelectorAll('ol .card').length > 0")
    assert tab.run("document.querySelector('h1').textContent") == "Search: disc.png"


def test_hostile_tags_are_text(tab: Page, small: Path, tmp_path: Path) -> None:
    """Titles and comments of a source end up in the details, and on an exported page nowhere."""
    folder = tmp_path / "tagged"
    folder.mkdir()
    markup = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    lincodec.encode(
        small.with_suffix(".mp4"), folder / "clip.linc", preset="instant", frames=10,
        tags={"title": markup, "<b>key</b>": "value"},
    )  # fmt: skip
    running = Server([str(folder)], ServeOptions(cache=str(tmp_path / "cache")))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    try:
        tab.open(running.address(running.library.items()[0].id))
        tab.until("document.querySelectorAll('table tr').length > 4")
        shown = tab.run("document.querySelector('table').textContent")
        assert markup in shown
        assert "<b>key</b>" in shown
        assert (
            tab.run("document.querySelectorAll('main img[src=x], main script, th b').length") == 0
        )
        assert tab.run("document.title") == "clip.linc – linc"
    finally:
        running.stop()
        thread.join(20)
