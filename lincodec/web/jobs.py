"""Videos dropped on the page: encoded one after the other, each in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lincodec.errors import ResourceError, UsageError
from lincodec.system.atomic import cut_to

#: Presets that the page offers.
PRESETS = ("instant", "fast", "medium", "slow")
_WAITING, _RUNNING, _DONE, _FAILED, _CANCELLED = "waiting", "running", "done", "failed", "cancelled"
#: Bytes of a file's name, jobs that are remembered, bytes of the disk that stay free.
_NAME_BYTES, _REMEMBERED, _SPARE = 120, 50, 200_000_000
#: What uploads are called until they are encoded; hidden, so that no library shows them.
_PREFIX = ".linc-upload-"


@dataclass
class Job:
    """One video."""

    id: int
    name: str
    """As it was dropped."""
    preset: str
    upload: Path
    output: Path
    state: str = _WAITING
    percent: float = 0.0
    eta: float | None = None
    """Seconds that are left."""
    message: str = ""
    """What went wrong, or what was made."""
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def fields(self) -> dict[str, Any]:
        """What the page is told."""
        return {
            "id": self.id,
            "name": self.name,
            "preset": self.preset,
            "state": self.state,
            "percent": self.percent,
            "eta": self.eta,
            "message": self.message,
        }


class Jobs:
    """The queue; threads may share it."""

    def __init__(self, folder: Path | None) -> None:
        """
        Args:
            folder: where files appear; None: nothing can be encoded.
        """
        self._folder = folder
        self._lock = threading.Condition()
        self._jobs: dict[int, Job] = {}
        self._last, self._closed = 0, False
        self._thread = threading.Thread(target=self._work, daemon=True, name="encode")
        self._thread.start()

    def listed(self) -> list[dict[str, Any]]:
        """All jobs that are remembered, in order."""
        with self._lock:
            return [job.fields for job in self._jobs.values()]

    async def add(
        self, name: str, preset: str, length: int, parts: AsyncIterator[bytes]
    ) -> dict[str, Any]:
        """Take a video in and have it encoded.

        Args:
            name: of the file as it was dropped; only its last part counts.
            preset: one of ``PRESETS``.
            length: bytes that are to come.
            parts: they.

        Raises:
            UsageError: no folder is served, or there is no such preset.
            ResourceError: the disk has too little room.
        """
        if self._folder is None:
            raise UsageError("only files are served; serve a folder to encode into it")
        if preset not in PRESETS:
            raise UsageError(f"no preset {preset!r}; expected one of {', '.join(PRESETS)}")
        if shutil.disk_usage(self._folder).free < length + _SPARE:
            raise ResourceError(f"{name} has {length} bytes, the disk has no room for it")
        with self._lock:
            self._last += 1
            number = self._last
        shown = _safe(name)
        upload = self._folder / f"{_PREFIX}{os.getpid()}-{number}{Path(shown).suffix}"
        try:
            with upload.open("xb") as file:
                async for part in parts:
                    file.write(part)
        except BaseException:
            upload.unlink(missing_ok=True)
            raise
        with self._lock:
            job = Job(number, shown, preset, upload, self._free_name(shown))
            self._jobs[number] = job
            self._forget()
            self._lock.notify_all()
            return job.fields

    def cancel(self, number: int) -> bool:
        """Give a job up; False where there is none."""
        with self._lock:
            job = self._jobs.get(number)
            if job is None:
                return False
            if job.state in (_WAITING, _RUNNING):
                job.state = _CANCELLED
                if job.process is not None:
                    job.process.terminate()
                else:
                    job.upload.unlink(missing_ok=True)
            return True

    def close(self) -> None:
        """Give all of them up."""
        with self._lock:
            self._closed = True
            numbers = list(self._jobs)
            self._lock.notify_all()
        for number in numbers:
            self.cancel(number)
        self._thread.join(30)

    def _free_name(self, name: str) -> Path:
        """A file that is not there and that no job makes."""
        assert self._folder is not None
        taken = {job.output for job in self._jobs.values()}
        for number in range(1, 10_000):
            path = self._folder / (Path(name).stem + (f"-{number}" if number > 1 else "") + ".linc")
            if path not in taken and not path.exists():
                return path
        raise UsageError(f"{name}: there are too many files of this name")

    def _forget(self) -> None:
        """Drop the oldest of the jobs that ended."""
        ended = [n for n, job in self._jobs.items() if job.state not in (_WAITING, _RUNNING)]
        for number in ended[: max(0, len(self._jobs) - _REMEMBERED)]:
            del self._jobs[number]

    def _work(self) -> None:
        while True:
            with self._lock:
                waiting = [job for job in self._jobs.values() if job.state == _WAITING]
                if self._closed:
                    return
                if not waiting:
                    self._lock.wait()
                    continue
                job = waiting[0]
                job.state = _RUNNING
                job.process = _process(job)
            try:
                self._follow(job, job.process)
            finally:
                job.upload.unlink(missing_ok=True)

    def _follow(self, job: Job, process: subprocess.Popen[str]) -> None:
        """Hear what a process says until it ends."""
        assert process.stderr is not None
        error = ""
        for line in process.stderr:
            with suppress(ValueError):
                said = json.loads(line)
                if said.get("type") == "progress":
                    job.percent, job.eta = said["percent"], said.get("eta_s")
                elif said.get("type", "").startswith("error"):
                    error = said["message"]
        code = process.wait()
        with self._lock:
            if job.state == _CANCELLED:
                return
            job.eta = None
            if code == 0:
                job.state, job.percent, job.message = _DONE, 100.0, job.output.name
            else:
                shown = error or f"linc encode ended with {code}"
                job.state, job.message = _FAILED, shown.replace(str(job.upload), job.name)


def _process(job: Job) -> subprocess.Popen[str]:
    """``linc encode`` of a job, behind everything else that the machine does."""
    command = [
        sys.executable, "-m", "lincodec", "encode", str(job.upload), "-o", str(job.output),
        "--preset", job.preset, "--progress", "json",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, 10)
    return process


def _safe(name: str) -> str:
    """The last part of a name, without what a file system or a shell would take for something."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if c.isprintable()).strip().lstrip(".-")
    stem, dot, suffix = kept.rpartition(".")
    if not dot or not suffix.isalnum():
        stem, suffix = kept, "video"
    return f"{cut_to(stem, _NAME_BYTES) or time.strftime('video %Y-%m-%d %H.%M.%S')}.{suffix[:10]}"
