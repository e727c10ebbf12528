"""The encoding through tinycudann; import this module only when tinycudann is there."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import tinycudann
import torch
from torch import Tensor

from lincodec.container import GridLevel
from lincodec.model.hashgrid.levels import tcnn_settings


class TcnnEncoding:
    """tinycudann's HashGrid in binary32, fed with our table.

    Args:
        levels: the level table; it must be one that tinycudann derives.
        positions: float32 [N, 2] on a CUDA device.

    Raises:
        UsageError: tinycudann would derive another level table.
    """

    def __init__(self, levels: Sequence[GridLevel], positions: Tensor) -> None:
        self.positions, self.settings = positions, tcnn_settings(levels)
        self.modules: dict[int, torch.nn.Module] = {}

    def __call__(self, table: Tensor) -> Tensor:
        """Features float32 [N, L * F] of a table float32 [E, F], level by level."""
        features = table.shape[1]
        if features not in self.modules:
            config = {"otype": "HashGrid", "n_features_per_level": features, **self.settings}
            self.modules[features] = tinycudann.Encoding(2, config, dtype=torch.float32)
        given = {"params": table.reshape(-1)}
        found: Tensor = torch.func.functional_call(self.modules[features], given, (self.positions,))
        return found

    def at(self, index: Tensor) -> TcnnEncoding:
        """The encoding of the positions with these numbers, int64 [M]."""
        some = copy.copy(self)
        some.positions = self.positions[index].contiguous()
        return some
