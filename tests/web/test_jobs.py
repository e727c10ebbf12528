"""Videos dropped on the page: taken in, encoded, given up; nothing else is left on the disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from support.asker import Answer, Asker
from support.chromium import Page

import lincodec
from lincodec.web.jobs import Jobs, _safe
from lincodec.web.server import Server


def post(asker: Asker, path: str, body: bytes = b"") -> Answer:
    return asker.ask(path, "POST", body, origin=f"http://{asker.host}")


def job(asker: Asker, number: int) -> Any:
    return next(one for one in asker.ask("/api/jobs").json if one["id"] == number)


def until(done: Callable[[], Any], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def uploads(library: Path) -> list[Path]:
    return list(library.glob(".linc-upload-*"))


def test_a_video_is_encoded_into_the_library(asker: Asker, library: Path, small: Path) -> None:
    data = small.with_suffix(".mp4").read_bytes()
    made = post(asker, "/api/jobs?name=../a/new%20one.mp4&preset=instant", data)
    assert (made.status, made.json["name"], made.json["state"]) == (201, "new one.mp4", "waiting")
    until(lambda: job(asker, made.json["id"])["state"] == "done")
    with lincodec.open(library / "new one.linc") as video:
        assert len(video) == 60
    assert not uploads(library)
    again = post(asker, "/api/jobs?name=new%20one.mp4&preset=instant", data)
    until(lambda: job(asker, again.json["id"])["state"] == "done")
    assert job(asker, again.json["id"])["message"] == "new one-2.linc"


def test_what_is_no_video_is_said(asker: Asker, library: Path) -> None:
    made = post(asker, "/api/jobs?name=notes.mp4&preset=instant", b"no video")
    until(lambda: job(asker, made.json["id"])["state"] == "failed")
    message = job(asker, made.json["id"])["message"]
    assert "notes.mp4" in message
    assert ".linc-upload" not in message
    assert not uploads(library)
    assert not (library / "notes.linc").exists()


def test_jobs_are_given_up(asker: Asker, library: Path, small: Path) -> None:
    """One that runs, and one that waits behind it."""
    data = small.with_suffix(".mp4").read_bytes()
    first = post(asker, "/api/jobs?name=one.mp4&preset=slow", data).json["id"]
    second = post(asker, "/api/jobs?name=two.mp4&preset=slow", data).json["id"]
    until(lambda: job(asker, first)["state"] == "running")
    assert post(asker, f"/api/jobs/{second}/cancel").status == 200
    assert post(asker, f"/api/jobs/{first}/cancel").status == 200
    assert {job(asker, first)["state"], job(asker, second)["state"]} == {"cancelled"}
    until(lambda: not uploads(library))
    third = post(asker, "/api/jobs?name=three.mp4&preset=instant", data).json["id"]
    until(lambda: job(asker, third)["state"] == "done")  # the queue goes on
    assert not [path for path in library.iterdir() if path.stem in ("one", "two")]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/jobs?name=a.mp4&preset=none", 400, "no preset"),
        ("/api/jobs?name=a.mp4", 400, "no preset"),
        ("/api/jobs/99/cancel", 404, "no such job"),
    ],
)
def test_refusals(asker: Asker, path: str, status: int, words: str) -> None:
    found = post(asker, path, b"x")
    assert (found.status, words in found.json["error"]) == (status, True)
    assert post(asker, "/api/jobs?name=a.mp4&preset=fast").status == 411


def test_files_alone_take_nothing_in() -> None:
    jobs = Jobs(None)
    assert jobs.listed() == []
    jobs.close()


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd", "passwd.video"),
        ("C:\\x\\clip.mp4", "clip.mp4"),
        (".hidden.mkv", "hidden.mkv"),
        ("--help.mp4", "help.mp4"),
        ("a\nb\0c.mp4", "abc.mp4"),
        ("clip.m p4", "clip.m p4.video"),
    ],
)
def test_names_are_made_safe(given: str, safe: str) -> None:
    assert _safe(given) == safe
    assert len(_safe("x" * 1000 + ".mp4").encode()) < 140


def test_an_mp4_for_a_chat(asker: Asker, library: Path) -> None:
    found = asker.ask(f"/video/{asker.id('clip.linc')}/mp4?size=1")
    assert found.status == 200
    assert 0 < len(found.body) < 1_000_000
    assert "clip.mp4" in found.headers["content-disposition"]
    (library / "got.mp4").write_bytes(found.body)
    with av.open(str(library / "got.mp4")) as file:
        assert len(list(file.decode(video=0))) == 60
    assert asker.ask(f"/video/{asker.id('clip.linc')}/mp4?size=x").status == 404


def test_a_video_dropped_on_the_page(tab: Page, server: Server, small: Path) -> None:
    tab.resize(1280, 900)
    tab.open(server.address())
    tab.until("document.querySelectorAll('.card').length === 4")
    data = list(small.with_suffix(".mp4").read_bytes())
    drop = f"""(() => {{
      const transfer = new DataTransfer();
      const bytes = new Uint8Array({data});
      transfer.items.add(new File([bytes], "dropped.mp4", {{ type: "video/mp4" }}));
      const how = {{ dataTransfer: transfer, bubbles: true, cancelable: true }};
      document.querySelector('[aria-label="Preset"]').value = "instant";
      document.dispatchEvent(new DragEvent("drop", how));
    }})()"""
    tab.run(drop)
    tab.until("document.querySelectorAll('.jobs li').length === 1")
    tab.until("document.querySelector('.jobs li').textContent.includes('done: dropped.linc')", 120)
    tab.until("document.querySelectorAll('.card').length === 5")
