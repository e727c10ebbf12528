"""CLIP, SigLIP and their kin: any two-tower model that transformers loads from a directory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from lincodec.errors import UsageError
from lincodec.semantics.extras import transformers
from lincodec.semantics.teacher import Floats, Picture, Teacher, revision_of
from lincodec.system import extras

_MAX_TOKENS = 77
_CONFIGS = ("config.json", "preprocessor_config.json", "processor_config.json")


class DualEncoder(Teacher):
    """An image tower and a text tower with one space, on the CPU, in binary32."""

    def __init__(self, folder: Path) -> None:
        """Load the model of a directory; nothing is fetched.

        Raises:
            UsageError: the directory does not hold such a model.
            ResourceError: transformers or Pillow is not installed.
        """
        library = transformers()
        extras.need("PIL.Image", "search")
        weights = sorted(folder.glob("*.safetensors"))
        if not weights:
            raise UsageError(f"{folder}: no *.safetensors file; save the model in that format")
        local: dict[str, Any] = {"local_files_only": True}
        try:
            model = library.AutoModel.from_pretrained(folder, dtype=torch.float32, **local)
            # the other image processors need torchvision and differ in low bits
            self._processor = library.AutoImageProcessor.from_pretrained(
                folder, backend="pil", **local
            )
            self._tokenizer = library.AutoTokenizer.from_pretrained(folder, **local)
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(
                f"{folder}: cannot be loaded as a CLIP or SigLIP model: {_line(error)}"
            ) from error
        if not hasattr(model, "get_image_features"):
            raise UsageError(f"{folder}: {type(model).__name__} does not embed pictures and text")
        self._model = model.eval().requires_grad_(False)
        self._kind = str(model.config.model_type)
        self._files = [*weights, *(folder / name for name in _CONFIGS if (folder / name).exists())]
        self.model = f"{self._kind}:{folder.resolve().name}"[:255]
        self.preprocessing = described(self._processor)
        self.dimension = self.texts(["a"]).shape[1]

    @cached_property
    def revision(self) -> bytes:  # type: ignore[override]
        """SHA-256 over weights and configuration."""
        return revision_of(self._files)

    def images(self, pictures: Sequence[Picture]) -> Floats:
        """See ``Teacher``."""
        pixels = self._processor(images=list(pictures), return_tensors="pt")["pixel_values"]
        with torch.inference_mode():
            return _features(self._model.get_image_features(pixel_values=pixels))

    def texts(self, sentences: Sequence[str]) -> Floats:
        """See ``Teacher``; longer sentences than the model takes are cut."""
        siglip = self._kind.startswith("siglip")
        longest = getattr(self._model.config.text_config, "max_position_embeddings", _MAX_TOKENS)
        tokens = self._tokenizer(
            list(sentences), padding="max_length" if siglip else True, truncation=True,
            max_length=min(longest, _MAX_TOKENS), return_tensors="pt",
        )  # fmt: skip
        if siglip:  # trained on padded sentences without a mask
            tokens.pop("attention_mask", None)
        with torch.inference_mode():
            return _features(self._model.get_text_features(**tokens))


def _features(found: Any) -> Floats:
    """transformers 4 returns a tensor, 5 an output with ``pooler_output``."""
    tensor = found if torch.is_tensor(found) else found.pooler_output
    vectors: Floats = tensor.float().numpy()
    return vectors


def described(processor: Any) -> str:
    """What an image processor does, as one line for aLGN."""
    steps = []
    if getattr(processor, "do_resize", False):
        steps.append(f"resize {_sides(processor.size)} resample {int(processor.resample)}")
    if getattr(processor, "do_center_crop", False):
        steps.append(f"centre crop {_sides(processor.crop_size)}")
    if getattr(processor, "do_normalize", False):
        mean, spread = (
            "/".join(f"{x:.4g}" for x in values)
            for values in (processor.image_mean, processor.image_std)
        )
        steps.append(f"mean {mean} std {spread}")
    return "; ".join([type(processor).__name__, *steps])[:255]


def _sides(size: Any) -> str:
    """A transformers size in words."""
    names = ("shortest_edge", "longest_edge", "height", "width")
    known = [
        (name, dict.get(size, name) if isinstance(size, dict) else getattr(size, name, None))
        for name in names
    ]
    return " ".join(f"{name} {value}" for name, value in known if value is not None)


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
