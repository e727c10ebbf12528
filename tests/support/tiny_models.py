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
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2Tokenizer,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
    VideoLlama3Config,
    VideoLlama3ForConditionalGeneration,
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


CHAT_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{m['role']}}\n{{m['content']}}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_QWEN = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    "bos_token_id": None,
}


def _chat_tokenizer() -> Any:
    words = {word: index for index, word in enumerate(_alphabet())}
    tokenizer = Qwen2Tokenizer(vocab=words, merges=[])
    tokenizer.add_special_tokens(
        {
            "eos_token": "<|im_end|>",
            "pad_token": "<|endoftext|>",
            "additional_special_tokens": ["<|im_start|>", "<|video_pad|>", "<|image_pad|>"],
        }
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def make_videollama3(folder: Path, *, seed: int = 0) -> Path:
    """A VideoLLaMA3 of 200 thousand random weights."""
    torch.manual_seed(seed)
    tokenizer = _chat_tokenizer()
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    config = VideoLlama3Config(
        text_config={"model_type": "qwen2", "vocab_size": len(tokenizer), **_QWEN, **ends},
        vision_config={**_TOWER, "hidden_size": 48, "intermediate_size": 96, "patch_size": 14},
        image_token_id=tokenizer.convert_tokens_to_ids("<|image_pad|>"),
        video_token_id=tokenizer.convert_tokens_to_ids("<|video_pad|>"),
    )
    VideoLlama3ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_llm(folder: Path) -> Path:
    """A causal language model of random weights, with a chat template."""
    torch.manual_seed(2)
    tokenizer = _chat_tokenizer()
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    Qwen2ForCausalLM(Qwen2Config(vocab_size=len(tokenizer), **_QWEN, **ends)).save_pretrained(
        folder
    )
    tokenizer.save_pretrained(folder)
    return folder
