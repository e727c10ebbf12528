"""Chat by concepts: what an aligned space recognises over time, told to a language model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lincodec.bitstream.embedding import Aligned, normalised
from lincodec.container import AlignmentData, LincFile
from lincodec.errors import InputError, UsageError
from lincodec.semantics.chat import Chat, ChatOptions, Moment, generate
from lincodec.semantics.extras import transformers
from lincodec.semantics.index import alignment_to, seconds_at
from lincodec.semantics.teacher import Floats, Teacher
from lincodec.semantics.teachers import load_teacher
from lincodec.system import extras

#: Seconds of the video that share a line of concepts, at least,
_SPAN = 2.0
#: and most lines.
_LINES = 12
#: Concepts a line.
_CONCEPTS = 4
#: Moments that an answer names.
_SHOWN = 2

_TASK = (
    "You answer questions about a video that you cannot see. A program recognised these things in "
    "it; it can be wrong. Answer in one or two short sentences and use only this list."
)


@dataclass(frozen=True)
class _Line:
    """A moment and its place in the aligned space."""

    moment: Moment
    vector: Floats


class ConceptChat(Chat):
    """A conversation with any causal language model."""

    route = "concepts"

    def __init__(self, linc: LincFile, path: Path, options: ChatOptions) -> None:
        """
        Args:
            linc: an open file, aligned to a model with a text side.
            path: of the language model.
            options: how to talk.

        Raises:
            UsageError: the file is not aligned to such a model, or ``path`` is no language model.
        """
        super().__init__(options)
        self.teacher, data = _space(linc, options)
        self.lines = _recognised(linc, data, self.teacher, options)
        self.llm, self.tokenizer = load_llm(path)
        self.model = path.name

    def preamble(self) -> str:
        """The task, and what was recognised when."""
        lines = [
            f"{line.moment.start:.1f} to {line.moment.stop:.1f} seconds: "
            + ", ".join(line.moment.concepts)
            for line in self.lines
        ]
        return "\n".join([_TASK, "", *lines, ""])

    def reply(self, told: Callable[[str], None]) -> str:
        """See ``Chat``."""
        tokens = self.tokenizer.apply_chat_template(
            self.messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        inputs = {name: tokens[name] for name in ("input_ids", "attention_mask")}
        return generate(self.llm, self.tokenizer, inputs, self.options.tokens, told)

    def moments(self, question: str) -> Sequence[Moment]:
        """The lines that are nearest to the question."""
        wanted = normalised(self.teacher.texts([question]))[0]
        order = sorted(self.lines, key=lambda line: -float(line.vector @ wanted))
        return [line.moment for line in order[:_SHOWN]]


def _space(linc: LincFile, options: ChatOptions) -> tuple[Teacher, AlignmentData]:
    """An embedding model with a text side that the file is aligned to."""
    name = options.space
    if name is None:
        found = [data.model for data in linc.alignments()]
        if not any(model.startswith("conse-") for model in found):
            known = ", ".join(found) or "nothing"
            raise UsageError(
                f"{linc.name}: is aligned to {known}; name the directory of that model with "
                "--space, or run linc align --model conse"
            )
        name = "conse"
    teacher = load_teacher(name, options.cache)
    data: AlignmentData = alignment_to(linc, teacher.revision)
    return teacher, data


def vocabulary(teacher: Teacher, path: str | None) -> list[str]:
    """The concepts to look for.

    Raises:
        InputError: the file cannot be read.
        UsageError: it is empty.
    """
    if path is None:
        known = teacher.vocabulary()
        if known:
            return list(known)
        text = resources.files("lincodec.semantics").joinpath("concepts.txt").read_text("utf-8")
    else:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot be read as text ({error})") from error
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not found:
        raise UsageError(f"{path}: holds no concept; expected one a line")
    return found


def _recognised(
    linc: LincFile, data: AlignmentData, teacher: Teacher, options: ChatOptions
) -> list[_Line]:
    """Lines of equal length over the video, each with the concepts nearest to its frames."""
    names = vocabulary(teacher, options.concepts)
    texts = normalised(teacher.texts([f"a photo of a {name}" for name in names]))
    frames, times = normalised(Aligned(linc, data).frames()), linc.times()
    length = seconds_at(times, linc.n_frames) - seconds_at(times, 0)
    count = min(_LINES, len(frames), max(1, math.ceil(length / _SPAN)))
    edges = [len(frames) * i // count for i in range(count + 1)]
    lines = []
    for first, stop in pairwise(edges):
        vector = normalised(frames[first:stop].mean(axis=0))
        best = np.argsort(-(texts @ vector), kind="stable")[:_CONCEPTS]
        start, end = seconds_at(times, first), seconds_at(times, stop)
        lines.append(_Line(Moment(start, end, tuple(names[i] for i in best)), vector))
    return lines


def load_llm(path: Path) -> tuple[Any, Any]:
    """A causal language model and its tokenizer, frozen, on the CPU, in binary32.

    Args:
        path: a directory of transformers, or a .gguf file.

    Raises:
        UsageError: it cannot be loaded, or has no chat template.
        ResourceError: a library is not installed.
    """
    library = transformers()
    folder, more = path, {}
    if path.suffix == ".gguf":
        for module in ("gguf", "accelerate"):
            extras.need(module, "chat")
        folder, more = path.parent, {"gguf_file": path.name}
    try:
        with extras.quiet():
            tokenizer = library.AutoTokenizer.from_pretrained(folder, local_files_only=True, **more)
            model = library.AutoModelForCausalLM.from_pretrained(
                folder, local_files_only=True, dtype=torch.float32, **more
            )
    except (OSError, ValueError, KeyError) as error:
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise UsageError(f"{path}: cannot be loaded as a language model: {line}") from error
    if not getattr(tokenizer, "chat_template", None):
        raise UsageError(f"{path}: has no chat template; use a model that was made for chat")
    return model.eval().requires_grad_(False), tokenizer
