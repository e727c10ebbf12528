"""Annotated videos for retrieval: what is said of which clip, and from when to when.

``captions``  JSON, path below the video folder to one sentence
``msrvtt``    CSV of the 1k-A split: columns video_id, sentence
``activitynet`` JSON of ActivityNet Captions: id to duration, timestamps and sentences
``coin``      JSON of COIN: database.{id}: class, subset, annotation of label and segment
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Step:
    """A stretch of a video with a sentence of its own."""

    text: str
    start: float
    """Seconds."""
    stop: float


@dataclass(frozen=True)
class Annotated:
    """One video and what is said of it."""

    path: Path
    text: str
    """Of the whole video."""
    label: str = ""
    """Class; empty where there are none."""
    steps: tuple[Step, ...] = ()


def load(kind: str, annotations: Path, folder: Path) -> tuple[list[Annotated], list[str]]:
    """The videos of a set that are in ``folder``, and the names of those that are not."""
    found, missing = [], []
    readers = {"captions": _captions, "msrvtt": _msrvtt, "activitynet": _activitynet, "coin": _coin}
    files = {path.stem: path for path in folder.rglob("*") if path.is_file()}
    for name, text, label, steps in readers[kind](annotations):
        path = folder / name if kind == "captions" else files.get(name)
        if path is None or not path.exists():
            missing.append(name)
        else:
            found.append(Annotated(path, text, label, tuple(steps)))
    return found, missing


Row = tuple[str, str, str, list[Step]]


def _captions(path: Path) -> list[Row]:
    return [(name, text, "", []) for name, text in _json(path).items()]


def _msrvtt(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return [(row["video_id"], row["sentence"], "", []) for row in csv.DictReader(file)]


def _activitynet(path: Path) -> list[Row]:
    rows = []
    for name, entry in _json(path).items():
        pairs = zip(entry["sentences"], entry["timestamps"], strict=True)
        steps = [Step(text.strip(), float(a), float(b)) for text, (a, b) in pairs]
        rows.append((name, " ".join(step.text for step in steps), "", steps))
    return rows


def _coin(path: Path) -> list[Row]:
    rows = []
    for name, entry in _json(path)["database"].items():
        if entry["subset"] != "testing":
            continue
        label = words(entry["class"])
        steps = [Step(a["label"], *map(float, a["segment"])) for a in entry["annotation"]]
        rows.append((name, label, label, steps))
    return rows


def words(name: str) -> str:
    """``ChangeCarTire`` is "change car tire"."""
    return " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)).lower()


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
