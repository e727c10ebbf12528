"""The embedding models there are, by the names that users give."""

from __future__ import annotations

from pathlib import Path

from lincodec.errors import UsageError
from lincodec.semantics.conse import Conse
from lincodec.semantics.dual import DualEncoder
from lincodec.semantics.teacher import Teacher, model_type
from lincodec.semantics.tower import VideoTower


def load_teacher(name: str, cache: str | None = None) -> Teacher:
    """The embedding model of that name.

    Args:
        name: ``conse``, or a directory that holds a CLIP, SigLIP or VideoLLaMA3 model as
            transformers stores it.
        cache: folder where a model may keep what it computes once; None: nowhere.

    Raises:
        UsageError: there is no such model.
        ResourceError: a library it needs is not installed.
    """
    if name == "conse":
        return Conse(cache)
    folder = Path(name)
    if not (folder / "config.json").is_file():
        raise UsageError(
            f"{name}: no embedding model; expected conse or a directory with config.json, "
            "model.safetensors and the tokenizer of a CLIP or SigLIP model"
        )
    if model_type(folder) == "video_llama_3":
        return VideoTower(folder)
    return DualEncoder(folder)
