"""Random models of the real classes, small enough to be made in a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTokenizer,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
)

_TOWER = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}


def _alphabet() -> list[str]:
    """The 256 letters of a byte-level tokenizer."""
    from tokenizers.pre_tokenizers import ByteLevel

    return sorted(ByteLevel.alphabet())


def _tokenizer() -> Any:
    letters = _alphabet()
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: index for index, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)


def _text(size: int, **more: int) -> dict[str, Any]:
    special = {"bos_token_id": size - 2, "eos_token_id": size - 1, "pad_token_id": size - 1}
    return {"vocab_size": size, **special, **_TOWER, **more}


def make_clip(folder: Path, *, seed: int = 0, dimension: int = 64) -> Path:
    """A CLIP of 100 thousand random weights, as transformers stores it."""
    torch.manual_seed(seed)
    tokenizer = _tokenizer()
    config = CLIPConfig(
        text_config=_text(len(tokenizer)),
        vision_config={"image_size": 32, "patch_size": 16, **_TOWER},
        projection_dim=dimension,
    )
    CLIPModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    CLIPImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    ).save_pretrained(folder)
    return folder


def make_siglip(folder: Path) -> Path:
    """A SigLIP of random weights."""
    torch.manual_seed(1)
    tokenizer = _tokenizer()
    config = SiglipConfig(
        text_config=_text(len(tokenizer), max_position_embeddings=64),
        vision_config={"image_size": 32, "patch_size": 16, **_TOWER},
    )
    SiglipModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder
