"""How well files play in headless Chromium: from ``linc serve``, and by the player alone.

    python -m benchmarks.web.play live CLIP.linc [--seconds 20] [--out RESULT.json]
    python -m benchmarks.web.play alone CLIP.linc
    python -m benchmarks.web.play seeks CLIP.linc

``live``: without a cache, how long seeks take, cold and cached, how far ``currentTime`` came in
so many seconds, and the frames that were dropped. ``alone``: the last two of an exported page, with
its decoder as WebAssembly. ``seeks``: memory of the server before and after 200 seeks all over a
file, none of which waits for the one before, and how long it goes on rendering when the page is
left. Chromium draws in software here, on the cores that decode.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.chromium import Chromium, Page  # noqa: E402  (found through the line above)

from lincodec.web.export import export_page  # noqa: E402
from lincodec.web.server import ServeOptions, Server  # noqa: E402

#: Places near the end that are sought, backwards, 3 s apart: none was rendered with another.
_SEEKS = 3


def watched(page: Page, script: str, seconds: float) -> dict[str, float]:
    """Play for so long; what ``script`` gives then, and how far it came for each second."""
    before, begun = page.run(script), time.monotonic()
    time.sleep(seconds)
    after, wall = page.run(script), time.monotonic() - begun
    shown = after["frames"] - before["frames"]
    dropped = after["dropped"] - before["dropped"]
    return {
        "seconds": round(wall, 2),
        "progress": round((after["time"] - before["time"]) / wall, 4),
        "frames": shown,
        "dropped": dropped,
        "dropped_share": round(dropped / max(1, shown), 4),
    }


def live(path: Path, seconds: float) -> dict[str, Any]:
    """From ``linc serve`` with an empty cache."""
    with tempfile.TemporaryDirectory() as cache:
        server = Server([str(path)], ServeOptions(cache=cache))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            with Chromium() as browser:
                return _live(browser.page(), server, seconds)
        finally:
            server.stop()
            thread.join(10)


def _live(page: Page, server: Server, seconds: float) -> dict[str, Any]:
    item = server.library.items()[0]
    page.resize(1280, 900)
    begun = time.monotonic()
    page.open(server.address(item.id))
    page.until("Boolean(window.watch?.meta) && watch.video.readyState >= 2")
    opened = time.monotonic() - begun
    spots = [page.run("watch.meta.seconds") - 1 - 3 * k for k in range(_SEEKS)]
    cold = [_seek(page, spot) for spot in spots]
    _seek(page, 0)
    page.run("void watch.video.play()")
    page.until("watch.video.currentTime > 0.05")
    state = (
        "(() => { const v = watch.video, q = v.getVideoPlaybackQuality();"
        " return { time: v.currentTime, frames: q.totalVideoFrames,"
        " dropped: q.droppedVideoFrames };"
        " })()"
    )
    played = watched(page, state, seconds)
    page.run("watch.video.pause()")
    page.run("watch.change({})")  # the same windows again, from the cache
    page.until("watch.video.readyState >= 2")
    cached = [_seek(page, spot) for spot in spots]
    return {
        **played,
        "first_picture_s": round(opened, 2),
        "seek_cold_s": cold,
        "seek_cached_s": cached,
    }


def _seek(page: Page, seconds: float) -> float:
    """Seconds until the picture of a time is there."""
    took: float = page.run(
        "new Promise((done) => { const begun = performance.now();"
        " watch.video.addEventListener('seeked',"
        " () => done((performance.now() - begun) / 1000), { once: true });"
        f" watch.seek({seconds}); }})"
    )
    return round(took, 3)


def seeks(path: Path, seconds: float) -> dict[str, Any]:
    """200 seeks all over a file."""
    with tempfile.TemporaryDirectory() as cache:
        server = Server([str(path)], ServeOptions(cache=cache))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            with Chromium() as browser:
                return _seeks(browser.page(), server)
        finally:
            server.stop()
            thread.join(10)


def _seeks(page: Page, server: Server) -> dict[str, Any]:
    page.resize(1280, 900)
    page.open(server.address(server.library.items()[0].id))
    page.until("Boolean(window.watch?.meta) && watch.video.readyState >= 2")
    memory = [_resident()]
    for _ in range(4):
        page.run(
            "(async () => { for (let i = 0; i < 50; i++) {"
            " watch.seek((i * 7.3) % (watch.meta.seconds - 0.1));"
            " await new Promise((done) => setTimeout(done, 100)); } })()"
        )
        memory.append(_resident())
    page.run("watch.change({ res: '1080p' })")  # nothing of it is in the cache
    flights, begun = server._site.flights, time.monotonic()
    while not len(flights) and time.monotonic() < begun + 20:
        time.sleep(0.005)
    page.run("watch.close()")
    left = time.monotonic()
    while len(flights) and time.monotonic() < left + 20:
        time.sleep(0.005)
    return {"resident_mb": memory, "stops_after_s": round(time.monotonic() - left, 3)}


def _resident() -> int:
    """Megabytes of this process, which is the server, in memory."""
    status = Path("/proc/self/status").read_text("ascii")
    return round(int(status.split("VmRSS:")[1].split()[0]) / 1000)


def alone(path: Path, seconds: float) -> dict[str, Any]:
    """By the page that ``linc export`` makes."""
    with tempfile.TemporaryDirectory() as folder, Chromium() as browser:
        export_page(str(path), str(Path(folder, "page.html")))
        page = browser.page()
        page.resize(1280, 900)
        page.open(Path(folder, "page.html").as_uri())
        page.run("void (window.v = document.querySelector('linc-video'))")
        page.until("Boolean(v.player?.clock) && v.player.shown >= 0")
        page.run("v.play()")
        page.until("v.currentTime > 0.05")
        state = (
            "({ time: v.currentTime, dropped: v.player.dropped,"
            " frames: v.player.drawn + v.player.dropped, })"
        )
        return watched(page, state, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("what", choices=("live", "alone", "seeks"))
    parser.add_argument("clip", type=Path)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--out", type=Path, help="add the result to this JSON file")
    chosen = parser.parse_args()
    run = {"live": live, "alone": alone, "seeks": seeks}[chosen.what]
    found = {"what": chosen.what, "clip": chosen.clip.name, **run(chosen.clip, chosen.seconds)}
    print(json.dumps(found, indent=1))
    if chosen.out:
        known = json.loads(chosen.out.read_text("utf-8")) if chosen.out.exists() else []
        chosen.out.write_text(json.dumps([*known, found], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
