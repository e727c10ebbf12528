"""Recognising that memory ran out, in whatever words a library says so."""

from __future__ import annotations

_WORDS = ("can't allocate memory", "out of memory", "not enough memory")


def ran_out(error: BaseException) -> bool:
    """Whether an exception means that memory could not be allocated.

    PyTorch raises ``RuntimeError`` on the CPU and a class of its own on a GPU; numpy and
    Python raise ``MemoryError``.
    """
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in text for words in _WORDS)
