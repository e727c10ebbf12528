"""What the statuses of the compiled core mean in Python."""

from __future__ import annotations

from lincodec.errors import CorruptError, LimitError, ResourceError, UnsupportedError

_CORRUPT, _UNSUPPORTED, _LIMIT, _MEMORY = 1, 2, 3, 4


def check(status: int, where: str) -> None:
    """Raise what a status other than LINC_OK means.

    Args:
        status: a ``LincStatus``.
        where: what was being decoded, for the message.

    Raises:
        CorruptError: the bytes contradict the specification.
        UnsupportedError: they use something that this version does not know.
        LimitError: they are larger than the specification allows.
        ResourceError: there is no memory.
        ValueError: the call was wrong.
    """
    if status == 0:
        return
    if status == _CORRUPT:
        raise CorruptError(f"{where}: its bytes are damaged or not what the format allows")
    if status == _UNSUPPORTED:
        raise UnsupportedError(f"{where}: it uses a tool that is unknown; update linc")
    if status == _LIMIT:
        raise LimitError(f"{where}: it is larger than the format allows")
    if status == _MEMORY:
        raise ResourceError(f"{where}: out of memory")
    raise ValueError(f"{where}: the core refused the call with status {status}")
