"""Who may ask ``linc serve`` for what, and what each kind of request is answered."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.asker import Asker

from lincodec.web.server import ServeOptions, Server


def test_a_page_of_its_own_gets_an_answer(asker: Asker) -> None:
    found = asker.ask("/api/library", sec_fetch_site="same-origin")
    assert found.status == 200
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert "unsafe-inline" not in found.headers["content-security-policy"]
    assert found.headers["cross-origin-opener-policy"] == "same-origin"
    assert found.headers["cross-origin-embedder-policy"] == "require-corp"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (403, {"cookie": None}),
        (403, {"cookie": "linc=wrong"}),
        (403, {"sec_fetch_site": "cross-site"}),
        (403, {"sec_fetch_site": "same-site"}),
        (400, {"host": "evil.example"}),
        (400, {"host": "127.0.0.1:1"}),
        (400, {"host": None}),
    ],
)
def test_others_do_not(asker: Asker, status: int, headers: dict[str, str | None]) -> None:
    found = asker.ask("/api/library", **headers)
    assert found.status == status
    assert b"clip.linc" not in found.body


def test_the_token_is_exchanged_for_a_cookie(asker: Asker) -> None:
    assert asker.ask("/?token=wrong", cookie=None).status == 403
    found = asker.ask(f"/?token={asker.server.token}", cookie=None)
    assert (found.status, found.headers["location"]) == (303, "/")
    cookie = found.headers["set-cookie"]
    assert cookie.startswith(asker.cookie)
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert asker.ask("/", cookie=cookie.split(";")[0]).status == 200
    opened = asker.ask(f"/?token={asker.server.token}&open=abc", cookie=None)
    assert opened.headers["location"] == "/#/watch/abc"
    hostile = asker.ask(f"/?token={asker.server.token}&open=//evil.example", cookie=None)
    assert hostile.headers["location"] == "/"


def test_the_token_opens_streams_alone(asker: Asker) -> None:
    """VLC and mpv have no cookies; nothing else is to be had with an address."""
    token, video = asker.server.token, asker.id("clip.linc")
    assert asker.ask(f"/video/{video}/master.m3u8?token={token}", cookie=None).status == 200
    assert asker.ask(f"/video/{video}/master.m3u8?token=x", cookie=None).status == 403
    assert asker.ask(f"/video/{video}/master.m3u8", cookie=None).status == 403
    assert asker.ask(f"/api/library?token={token}", cookie=None).status == 403


def test_only_its_own_page_may_post(asker: Asker) -> None:
    origin = f"http://{asker.host}"
    assert asker.ask("/api/search", "POST", b"x").status == 403
    assert asker.ask("/api/search", "POST", b"x", origin="http://evil.example").status == 403
    found = asker.ask("/api/search", "POST", b"this is no picture", origin=origin)
    assert (found.status, "no picture" in found.json["error"]) == (400, True)
    assert asker.ask("/api/library", "POST", b"", origin=origin).status == 405
    for method in ("PUT", "DELETE", "TRACE", "CONNECT", "OPTIONS"):
        assert asker.ask("/api/library", method).status in (400, 405), method


@pytest.mark.parametrize(
    "path",
    [
        "/page/../app.py",
        "/page/%2e%2e/app.py",
        "/page/..%2fapp.py",
        "/player/..%2f..%2fcli%2fmain.py",
        "/page/",
        "/page/none.js",
        "/video/none/master.m3u8",
        "/video/..%2f..%2fetc/v/0.m4s",
        "/video/{id}/v/999.m4s",
        "/video/{id}/v/-1.m4s",
        "/video/{id}/v/0.mp4",
        "/video/{id}/v/%D9%A1.m4s",
        "/video/{id}/v/00000000000000000001.m4s",
        "/video/{id}/x/0.m4s",
        "/video/{id}/x.m3u8",
        "/video/{id}/v/0.m4s?res=99999p",
        "/video/{id}/v/0.m4s?scale=1e9",
        "/api/meta/{id}?scale=3",
        "/api/thumb/{id}?t=nan",
        "/api/thumb/{id}?t=-1",
        "/api/thumb/{id}?t=1e999",
        "/api/thumb/{id}?t=x",
        "/nothing",
    ],
)
def test_what_is_not_there(asker: Asker, path: str) -> None:
    assert asker.ask(path.format(id=asker.id("clip.linc"))).status == 404


def test_names_of_others_are_not_served(asker: Asker, library: Path) -> None:
    (library / "secret.txt").write_text("secret")
    assert not [item for item in asker.ask("/api/library").json if "secret" in item["name"]]


_WORDS = st.text(st.characters(codec="ascii"), max_size=12) | st.sampled_from(
    ["..", "%00", "%ff", "v", "a", "init.mp4", "0.m4s", "master.m3u8", "<script>", "native", "1"]
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    base=st.sampled_from(
        ["/api/meta/", "/api/thumb/", "/api/map/", "/api/search", "/video/", "/page/", "/player/"]
    ),
    parts=st.lists(_WORDS, max_size=3),
    known=st.booleans(),
    query=st.dictionaries(st.sampled_from(["t", "res", "scale", "q", "token"]), _WORDS),
)
def test_nothing_breaks_it(
    asker: Asker, base: str, parts: list[str], known: bool, query: dict[str, str]
) -> None:
    """Whatever is asked for, the answer is no internal error and no markup of the asker's."""
    from urllib.parse import quote, urlencode

    middle = asker.id("clip.linc") if known else ""
    path = base + "/".join([middle, *(quote(part, safe="%.") for part in parts)])
    found = asker.ask(f"{path}?{urlencode(query)}")
    assert found.status in (200, 206, 304, 400, 403, 404, 405, 422, 503), (path, found.status)
    if found.status >= 400:
        assert "html" not in found.headers.get("content-type", "")


def test_an_idle_server_ends(small: Path, tmp_path: Path) -> None:
    running = Server([str(small)], ServeOptions(cache=str(tmp_path / "cache"), idle=1.5))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    asker = Asker(running)
    for _ in range(4):
        time.sleep(0.6)
        assert asker.ask("/api/library").status == 200  # who asks keeps it
    thread.join(30)
    assert not thread.is_alive()
