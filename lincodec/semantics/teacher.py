"""Embedding models behind one adapter: frames and sentences to vectors of one space."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lincodec.errors import UsageError
from lincodec.types import Planes, VideoInfo
from lincodec.video import orientation
from lincodec.video.color import to_rgb

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]

#: Pictures that go through a model together.
BATCH = 16


class Teacher(ABC):
    """A frozen model that embeds pictures, and sentences too if it has a text side."""

    model: str
    """Name, as stored in aLGN."""
    preprocessing: str
    """What happens to a picture before the model sees it, as stored in aLGN."""
    dimension: int
    """Numbers of an embedding."""
    revision: bytes
    """SHA-256 that identifies the weights, 32 bytes."""

    @abstractmethod
    def images(self, pictures: Sequence[Picture]) -> Floats:
        """Embeddings float32 [n, d] of RGB pictures uint8 [h, w, 3], not normalised."""

    def texts(self, sentences: Sequence[str]) -> Floats:
        """Embeddings float32 [n, d] of sentences, not normalised.

        Raises:
            UsageError: the model has no text side.
        """
        raise UsageError(f"{self.model}: embeds pictures only; search by --image, or align another")

    def vocabulary(self) -> tuple[str, ...]:
        """Names of things that the model knows by heart; empty when it has no such list."""
        return ()

    def embed(self, pictures: Iterable[Picture]) -> Floats:
        """``images`` over any number of pictures, a few at a time."""
        parts = [self.images(batch) for batch in _batches(pictures)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimension), np.float32)


def _batches(pictures: Iterable[Picture]) -> Iterator[list[Picture]]:
    held: list[Picture] = []
    for picture in pictures:
        held.append(picture)
        if len(held) == BATCH:
            yield held
            held = []
    if held:
        yield held


def model_type(folder: Path) -> str:
    """What ``config.json`` of a transformers directory says the model is.

    Raises:
        UsageError: the file is no JSON object.
    """
    path = folder / "config.json"
    try:
        config: Any = json.loads(path.read_text(encoding="utf-8"))
        return str(config.get("model_type", ""))
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(f"{path}: cannot be read as the configuration of a model") from error


def revision_of(paths: Iterable[Path]) -> bytes:
    """SHA-256 over the contents of files, whatever they are called; order matters."""
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.digest()


def upright(planes: Planes, info: VideoInfo) -> Picture:
    """A frame as a viewer sees it: RGB uint8 [h, w, 3], turned, in square samples."""
    rgb = np.rint(to_rgb(planes, info)).astype(np.uint8)
    if info.sar != 1:
        width = max(1, round(rgb.shape[1] * float(info.sar)))
        nearest = (np.arange(width) + 0.5) * rgb.shape[1] / width
        rgb = rgb[:, nearest.astype(np.int64)]
    return np.ascontiguousarray(orientation.upright(rgb, info))
