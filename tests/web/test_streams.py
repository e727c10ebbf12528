"""What ``linc serve`` streams: every frame once, in time; ranges, caching, damage."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from support.asker import Asker
from support.small_video import FRAMES, RATE

import lincodec
from lincodec.web.flights import Stop
from lincodec.web.windows import SECONDS, Stream, cut


def parts(asker: Asker, video: str, kind: str, query: str = "") -> bytes:
    """The initialisation segment and all windows that the playlist names."""
    playlist = asker.ask(f"/video/{video}/{kind}.m3u8{query}").body.decode()
    names = [line for line in playlist.splitlines() if line and not line.startswith("#")]
    init = playlist.split('URI="')[1].split('"')[0]
    return b"".join(asker.ask(f"/video/{video}/{name}").body for name in [init, *names])


def test_the_stream_has_every_frame_at_its_time(asker: Asker, library: Path) -> None:
    video = asker.id("clip.linc")
    with av.open(io.BytesIO(parts(asker, video, "v"))) as file:
        frames = list(file.decode(video=0))
    assert [round(frame.time * RATE) for frame in frames] == list(range(FRAMES))
    with lincodec.open(library / "clip.linc") as source:
        for number in (0, 39, 40, FRAMES - 1):
            shown = frames[number].to_ndarray(format="rgb24").astype(int)
            assert np.abs(shown - source[number].astype(int)).mean() < 4


def test_sizes_and_rates(asker: Asker) -> None:
    video = asker.id("clip.linc")
    with av.open(io.BytesIO(parts(asker, video, "v", "?res=360p&scale=2"))) as file:
        frames = list(file.decode(video=0))
    assert {(frame.width, frame.height) for frame in frames} == {(540, 360)}
    assert len(frames) == 2 * FRAMES
    assert frames[1].time == pytest.approx(0.5 / RATE, abs=1e-3)


def test_the_sound_is_all_there(asker: Asker, library: Path) -> None:
    video = asker.id("clip.linc")
    with av.open(io.BytesIO(parts(asker, video, "a"))) as file:
        packets = [bytes(packet) for packet in file.demux(audio=0) if packet.size]
    from lincodec.container import LincFile

    with (library / "clip.linc").open("rb") as stream:
        track = LincFile(stream).audio()
    assert track is not None
    assert packets == [packet.data for packet in track.packets]


def test_playlists_carry_the_token_on(asker: Asker) -> None:
    video, token = asker.id("clip.linc"), asker.server.token
    master = asker.ask(f"/video/{video}/master.m3u8?token={token}", cookie=None).body.decode()
    assert 'CODECS="avc1.' in master
    assert "mp4a.40.2" in master
    last = master.splitlines()[-1]
    assert last == f"v.m3u8?token={token}"
    child = asker.ask(f"/video/{video}/{last}", cookie=None).body.decode()
    window = child.splitlines()[6]
    assert asker.ask(f"/video/{video}/{window}", cookie=None).status == 200


def test_windows_are_kept_and_known_again(asker: Asker) -> None:
    path = f"/video/{asker.id('clip.linc')}/v/0.m4s"
    first = asker.ask(path)
    assert (first.status, first.headers["content-type"]) == (200, "video/mp4")
    assert "immutable" in first.headers["cache-control"]
    until(lambda: asker.ask(path).headers.get("content-length"))
    again = asker.ask(path)
    assert again.body == first.body
    assert asker.ask(path, if_none_match=first.headers["etag"]).status == 304
    part = asker.ask(path, range="bytes=10-29")
    assert (part.status, part.body) == (206, first.body[10:30])


def test_downloads(asker: Asker, library: Path) -> None:
    video = asker.id("clip.linc")
    whole = asker.ask(f"/video/{video}/file")
    assert whole.body == (library / "clip.linc").read_bytes()
    assert "attachment" in whole.headers["content-disposition"]
    assert asker.ask(f"/video/{video}/source").body == (library / "clip.mp4").read_bytes()
    still = asker.ask(f"/video/{video}/still.png?t=1")
    assert still.body.startswith(b"\x89PNG")
    thumb = asker.ask(f"/api/thumb/{video}?t=1")
    assert thumb.body.startswith(b"\xff\xd8")


def test_damaged_files_are_said_to_be(asker: Asker) -> None:
    listed = {item["name"]: item for item in asker.ask("/api/library").json}
    assert (
        "truncated after" in listed["truncated.linc"]["damage"]
        or listed["truncated.linc"]["damage"]
    )
    assert listed["broken.linc"]["damage"] is None  # its headers are sound
    broken = listed["broken.linc"]["id"]
    found = asker.ask(f"/video/{broken}/v/0.m4s")
    assert (found.status, found.json["damaged"]) == (422, True)
    listed = {item["name"]: item for item in asker.ask("/api/library").json}
    assert "CRC" in listed["broken.linc"]["damage"]
    assert listed["clip.linc"]["damage"] is None
    truncated = listed["truncated.linc"]["id"]
    for path in ("/api/meta/{}", "/api/details/{}", "/api/map/{}", "/video/{}/v/0.m4s"):
        assert asker.ask(path.format(truncated)).status == 422, path
    assert asker.ask(f"/video/{listed['clip.linc']['id']}/v/0.m4s").status == 200


def test_details_and_map(asker: Asker) -> None:
    video = asker.id("clip.linc")
    about = asker.ask(f"/api/details/{video}").json
    assert (about["frames"], about["plays_alone"]) == (FRAMES, True)
    assert [shot["frame"] for shot in about["shots"]] == [0, FRAMES // 2]
    assert about["source_bytes"] > 0
    groups = asker.ask(f"/api/map/{video}").json["groups"]
    assert sum(len(group["points"]) for group in groups) == FRAMES
    assert all(0 <= value <= 1 for group in groups for point in group["points"] for value in point)


def test_a_search_without_a_model_is_refused(asker: Asker) -> None:
    found = asker.ask("/api/search?q=dog")
    assert (found.status, "aligned" in found.json["error"]) == (400, True)
    assert asker.ask("/api/search?q=").status == 400
    assert asker.ask(f"/api/search?q={'x' * 301}").status == 400


def until(done: Callable[[], Any], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


class Slow:
    """In the place of ``Stream.window``: makes nothing until it is told, and counts."""

    def __init__(self) -> None:
        self.begun, self.stopped = 0, 0
        self.go = threading.Event()

    def __call__(self, *given: Any) -> Iterator[bytes]:
        stop = given[-1]
        assert isinstance(stop, Stop)
        self.begun += 1
        yield b"moof"
        while not self.go.wait(0.01):
            if stop.is_set():
                self.stopped += 1
                stop.check()
        yield b"mdat"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    made = Slow()
    monkeypatch.setattr(Stream, "window", lambda _, *given: made(*given))
    return made


def test_equal_requests_share_one_render(asker: Asker, slow: Slow) -> None:
    path = f"/video/{asker.id('clip.linc')}/v/0.m4s"
    with ThreadPoolExecutor(5) as pool:
        answers = [pool.submit(asker.ask, path) for _ in range(5)]
        until(lambda: slow.begun)
        time.sleep(0.2)
        slow.go.set()
        assert {answer.result().body for answer in answers} == {b"moofmdat"}
    assert slow.begun == 1


def test_rendering_stops_with_the_connection(asker: Asker, slow: Slow) -> None:
    path = f"/video/{asker.id('clip.linc')}/v/0.m4s"
    request = f"GET {path} HTTP/1.1\r\nHost: {asker.host}\r\nCookie: {asker.cookie}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", asker.server.port)) as connection:
        connection.sendall(request.encode())
        assert b"200 OK" in connection.recv(100)
        assert (slow.begun, slow.stopped) == (1, 0)
    gone = time.monotonic()
    until(lambda: slow.stopped)
    assert time.monotonic() - gone < 5  # half a second on an idle machine
    slow.go.set()
    assert asker.ask(path).body == b"moofmdat"  # and it begins anew
    assert slow.begun == 2


def test_too_much_at_once_is_put_off(asker: Asker, slow: Slow) -> None:
    video = asker.id("clip.linc")
    paths = [
        f"/video/{video}/v/{number}.m4s?scale={scale}&res={res}"
        for number in range(2)
        for scale in (1, 2, 4)
        for res in ("native", "360p", "480p")
    ]
    with ThreadPoolExecutor(len(paths)) as pool:
        answers = [pool.submit(asker.ask, path) for path in paths]
        until(lambda: sum(answer.done() for answer in answers) >= len(paths) - 12)
        slow.go.set()
        found = sorted(answer.result().status for answer in answers)
    assert found == [200] * 12 + [503] * (len(paths) - 12)


def test_windows_cover_everything_once() -> None:
    starts = [0.0, 0.5, 1.9, 2.0, 2.1, 7.5, 7.6, 8.0]
    windows = cut(starts, 9, SECONDS)
    assert [(window.first, window.stop) for window in windows] == [(0, 3), (3, 5), (5, 7), (7, 8)]
    assert [window.begin for window in windows[1:]] == [window.end for window in windows[:-1]]
    assert (windows[0].begin, windows[-1].end) == (0.0, 9)
