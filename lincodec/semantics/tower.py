"""VideoLLaMA3's own visual features as an embedding model (paper Eq. 7).

What the language model is given of a frame is four tokens: the vision tower's features of the
frame at 56x56, before the projector. A file that is aligned to them can be talked about
(``linc chat``) with no pixel and no vision tower.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lincodec.errors import UsageError
from lincodec.semantics.extras import transformers
from lincodec.semantics.teacher import Floats, Picture, Teacher, revision_of
from lincodec.system import extras

#: Tokens along each axis of a frame.
GRID = 2
#: Tokens of a frame.
TOKENS = GRID * GRID
_MERGE = 2  # patches that the tower merges along each axis of a token


class VideoTower(Teacher):
    """The vision tower of a VideoLLaMA3 directory; four tokens a frame, one after the other."""

    def __init__(self, folder: Path) -> None:
        """Load the model; nothing is fetched.

        Raises:
            UsageError: the directory does not hold one.
            ResourceError: transformers or Pillow is not installed.
        """
        self._pil: Any = extras.need("PIL.Image", "chat")
        self.loaded = load_model(folder)
        vision = self.loaded.config.vision_config
        self._patch = int(vision.patch_size)
        self._width = int(vision.hidden_size)
        self._files = [*sorted(folder.glob("*.safetensors")), folder / "config.json"]
        side = GRID * _MERGE * self._patch
        self.model = f"videollama3:{folder.resolve().name}"[:255]
        self.preprocessing = f"resize {side}x{side} bicubic, x / 127.5 - 1; {TOKENS} tokens"
        self.dimension = TOKENS * self._width

    @cached_property
    def revision(self) -> bytes:  # type: ignore[override]
        """SHA-256 over weights and configuration."""
        return revision_of(self._files)

    def images(self, pictures: Sequence[Picture]) -> Floats:
        """See ``Teacher``: float32 [n, 4 * width]."""
        patches, grid, merge = self.patches(pictures)
        with torch.inference_mode():
            found = self.loaded.model.get_video_features(patches, grid, merge)
        features: Floats = found.last_hidden_state.float().numpy().reshape(-1, self.dimension)
        return features

    def patches(self, pictures: Sequence[Picture]) -> tuple[Tensor, Tensor, Tensor]:
        """Pixels, grid and merge size, as the model's forward pass takes them of a video.

        Patches are in the model's order: frame, token row and column, patch within the token.
        """
        p, m, side = self._patch, _MERGE, GRID * _MERGE * self._patch
        bicubic = self._pil.Resampling.BICUBIC
        small = [
            np.asarray(self._pil.fromarray(picture).resize((side, side), bicubic), np.float32)
            for picture in pictures
        ]
        x = torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2) / 127.5 - 1
        x = x.reshape(len(small), 3, GRID, m, p, GRID, m, p).permute(0, 2, 5, 3, 6, 1, 4, 7)
        grid = torch.tensor([[len(small), GRID * m, GRID * m]])
        return x.reshape(-1, 3 * p * p), grid, torch.tensor([m])


def load_model(folder: Path) -> Any:
    """A VideoLLaMA3 model, frozen, on the CPU, in binary32.

    Raises:
        UsageError: the directory does not hold one.
    """
    library = transformers()
    try:
        model = library.VideoLlama3ForConditionalGeneration.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32
        )
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"{folder}: cannot be loaded as VideoLLaMA3: {error}") from error
    return model.eval().requires_grad_(False)
