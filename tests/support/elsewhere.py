"""A device for machines that have none: tensors with values that say they lie on ``meta``.

On ``meta`` itself nothing has values, so code that looks at them cannot run. Here every operation
on a ``Far`` tensor is done on the CPU and its result is ``Far`` again, as a GPU would keep it: what
mixes devices is refused, and values come back by ``.cpu()`` or as single numbers alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

from lincodec.model import basis

META = torch.device("meta")
#: Operations that wait until a GPU has finished, by what they do.
_WAITS = {
    "aten._local_scalar_dense": "number",
    "aten.nonzero": "places",
    "aten.masked_select": "places",
    "aten._to_copy": "copy",
}
_MADE_FROM_LISTS = (torch.tensor, torch.as_tensor, Tensor.new_tensor)


class Far(Tensor):
    """A tensor whose device is ``meta`` and that has values all the same, in ``near``."""

    near: Tensor

    @staticmethod
    def __new__(cls, near: Tensor) -> Far:
        made: Far = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, near.size(), strides=near.stride(), storage_offset=near.storage_offset(),
            dtype=near.dtype, device=META,
        )  # fmt: skip
        made.near = near
        return made

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(
        cls, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return _done(operation, args, kwargs or {})


def _done(operation: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """An operation of the dispatcher with the values of far tensors; results lie where they do."""
    tensors = [a for a in tree_flatten((args, dict(kwargs)))[0] if isinstance(a, Tensor)]
    far = [t for t in tensors if isinstance(t, Far)]
    lost = [t for t in tensors if t.device == META and not isinstance(t, Far)]
    assert not lost, f"{operation}: a tensor was made on the device where nobody sees it"
    name, goes_to = str(operation), kwargs.get("device")
    copied = name.startswith("aten._to_copy")
    if far:
        plain = [t for t in tensors if not isinstance(t, Far) and t.dim()]
        assert not plain, f"{operation}: {len(far)} tensors of the device, {len(plain)} others"
    there = goes_to == META or (bool(far) and not (copied and goes_to is not None))
    given, named = tree_map(lambda a: a.near if isinstance(a, Far) else a, (args, dict(kwargs)))
    if goes_to == META:
        named["device"] = torch.device("cpu")
    found = operation(*given, **named)
    if not there:
        return found
    known = {id(t.near): t for t in far}  # what changes a tensor in place gives the same one
    return tree_map(lambda a: known.get(id(a), Far(a)) if isinstance(a, Tensor) else a, found)


class _Operations(TorchDispatchMode):
    """Sees what makes tensors from nothing, and counts what waits."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: Counter[str] = Counter()

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        with self:  # what is made of other operations, where inference mode left it whole
            found = operation.decompose(*args, **(kwargs or {}))
        if found is not NotImplemented:
            return found
        self._count(operation, args, (kwargs or {}).get("device"))
        return _done(operation, args, kwargs or {})

    def _count(self, operation: Any, args: Sequence[Any], goes_to: torch.device | None) -> None:
        kind = next((k for name, k in _WAITS.items() if str(operation).startswith(name)), None)
        stays = kind == "copy" and goes_to in (None, META)
        if kind and not stays and isinstance(args[0], Far):
            self.waits[kind] += 1


class _Lists(TorchFunctionMode):
    """Lists become tensors below the dispatcher: here they do before."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if function in _MADE_FROM_LISTS and kwargs.get("device") == META:
            return function(*args, **{**kwargs, "device": "cpu"}).to(META)
        if function is Tensor.new_tensor and isinstance(args[0], Far):
            return torch.tensor(*args[1:], **{"dtype": args[0].dtype, **kwargs}).to(META)
        indexed = function in (Tensor.__getitem__, Tensor.__setitem__)
        if indexed and isinstance(args[0], Far):
            args = (args[0], _placed(args[1]), *args[2:])
        return function(*args, **kwargs)


def _placed(index: Any) -> Any:
    """An index whose lists are tensors of the device."""
    if isinstance(index, tuple):
        return tuple(_placed(part) for part in index)
    return torch.tensor(index).to(META) if isinstance(index, list) else index


@contextmanager
def elsewhere() -> Iterator[Counter[str]]:
    """Makes ``meta`` a device with values for this thread.

    Yields:
        How often the CPU waited for it: for a ``number``, for ``places`` that a condition holds
        at, for a ``copy``.
    """
    operations = _Operations()
    _forget()
    # inference mode hands whole functions to the dispatcher and lets no view be far
    with patch.object(torch, "inference_mode", torch.no_grad), _Lists(), operations:
        try:
            yield operations.waits
        finally:
            _forget()


def _forget() -> None:
    """Drop the matrices that are kept for every device."""
    basis.cosine_matrix.cache_clear()
