"""How much a file asks of a reader, from HEAD and ARCH alone (spec clause 9.1)."""

from __future__ import annotations

from lincodec.container.arch import Arch, LincArch
from lincodec.container.head import Head
from lincodec.limits import Limits

#: Tensor elements that a segment may have whatever the length of the file.
FREE_ELEMENTS = 1 << 24


def multiply_adds(arch: Arch, head: Head) -> int:
    """Multiplications of the network for one frame at native size."""
    width, height = head.width, head.height
    if not isinstance(arch, LincArch):
        positions = -(-width // arch.patch) * -(-height // arch.patch)
        block = (arch.kernel * arch.patch) ** 2 * 3
        return positions * arch.hidden * (arch.layers * arch.hidden + block)
    if arch.net_layers == 0:
        return 0
    stride, wide = arch.net_stride, arch.net_channels
    sx, sy = head.chroma_shift or (0, 0)
    planes = 0 if head.chroma_shift is None else 2
    samples = stride**2 + planes * (stride >> sx) * (stride >> sy)
    cells = -(-width // stride) * -(-height // stride)
    return cells * wide * (10 * samples + 9 * wide * (arch.net_layers - 1))


def check_work(arch: Arch, head: Head, limits: Limits) -> None:
    """Check the network against ``work``.

    Raises:
        LimitError: one frame takes more multiplications.
    """
    limits.check("work", multiply_adds(arch, head), "ARCH")


def check_expansion(elements: int, file_size: int, limits: Limits) -> None:
    """Check the elements of a segment against the length of the file.

    Entropy-coded zeros take next to no bytes, so without this a file of a few hundred bytes
    could ask for as much as ``params`` allows.

    Raises:
        LimitError: there are too many.
    """
    beyond = max(0, elements - FREE_ELEMENTS)
    limits.check("expansion", -(-beyond // max(file_size, 1)), "SEGM")
