"""Talking about a file with a language model on your disk: two routes from latents to an answer.

*Injection*: latents become the visual tokens of a VideoLLaMA3 (paper Eq. 7), see ``inject``.
*Concepts*: what an aligned space recognises over time is told to any language model as text,
see ``concepts``. Neither renders a pixel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from lincodec.semantics.extras import transformers

Messages = list[dict[str, str]]


@dataclass(frozen=True)
class Moment:
    """A stretch of the video that an answer rests on."""

    start: float
    """Seconds."""
    stop: float
    concepts: tuple[str, ...] = ()
    """What was recognised there, likeliest first; empty on the injection route."""


@dataclass(frozen=True)
class Answer:
    """One answer."""

    question: str
    answer: str
    route: str
    """``injection`` or ``concepts``."""
    model: str
    moments: tuple[Moment, ...]
    """Where to look, best first."""


@dataclass(frozen=True)
class ChatOptions:
    """How to talk."""

    model: str | None = None
    """A transformers directory or a .gguf file; None: a small packaged one."""
    space: str | None = None
    """Embedding model of the concept route; None: the packaged one that the file is aligned to."""
    concepts: str | None = None
    """File with one concept a line; None: those the embedding model knows, or a general list."""
    tokens: int = 128
    """Longest answer."""
    cache: str | None = None


class Chat(ABC):
    """A conversation about one open file; questions see the answers before them."""

    route: str
    model: str

    def __init__(self, options: ChatOptions) -> None:
        self.options = options
        self.messages: Messages = []

    def ask(self, question: str, told: Callable[[str], None] = lambda _: None) -> Answer:
        """Ask; ``told`` gets the answer piece by piece while it is made."""
        content = f"{self.preamble()}\n{question}" if not self.messages else question
        self.messages.append({"role": "user", "content": content})
        answer = self.reply(told).strip()
        self.messages.append({"role": "assistant", "content": answer})
        return Answer(question, answer, self.route, self.model, tuple(self.moments(question)))

    @abstractmethod
    def preamble(self) -> str:
        """What the model is told of the video before the first question."""

    @abstractmethod
    def reply(self, told: Callable[[str], None]) -> str:
        """The model's answer to ``messages``."""

    @abstractmethod
    def moments(self, question: str) -> Sequence[Moment]:
        """The times an answer to ``question`` rests on, best first."""


def generate(
    model: Any, tokenizer: Any, inputs: dict[str, Any], tokens: int, told: Callable[[str], None]
) -> str:
    """The likeliest continuation, handed on piece by piece.

    Args:
        model: a causal language model of transformers.
        tokenizer: its tokenizer.
        inputs: of ``model.generate``: token ids or embeddings, and their mask.
        tokens: most tokens of the answer.
        told: gets every finished piece of text.
    """
    library = transformers()
    pieces: list[str] = []

    class Teller(library.TextStreamer):  # type: ignore[misc,name-defined]
        """Collects what the library would print."""

        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            pieces.append(text)
            told(text)

    stop = tokenizer.eos_token_id
    with torch.inference_mode():
        model.generate(
            **inputs, max_new_tokens=tokens, do_sample=False, eos_token_id=stop,
            pad_token_id=stop if tokenizer.pad_token_id is None else tokenizer.pad_token_id,
            streamer=Teller(tokenizer, skip_prompt=True, skip_special_tokens=True),
        )  # fmt: skip
    return "".join(pieces)
