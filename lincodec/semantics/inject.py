"""Chat by injection: latents in the place of VideoLLaMA3's visual tokens (paper section 3.6).

The file is aligned to the features of the model's own vision tower (``tower``), so its
heads map latents to the 4 visual tokens of a frame. Those are counted in the file like all of
it; nothing is fitted to one video outside of it. The model's projector and language model
do the rest, and neither pixels nor the vision tower take part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lincodec.bitstream.embedding import Aligned, normalised
from lincodec.container import LincFile
from lincodec.errors import UsageError
from lincodec.semantics.chat import Chat, ChatOptions, Messages, Moment, generate
from lincodec.semantics.extras import transformers
from lincodec.semantics.index import alignment_to, seconds_at
from lincodec.semantics.teacher import Floats
from lincodec.semantics.tower import TOKENS, VideoTower

#: Most frames that the model is told of.
FRAMES = 32


class InjectedChat(Chat):
    """A conversation with a VideoLLaMA3 that is given features instead of pixels."""

    route = "injection"

    def __init__(self, linc: LincFile, folder: Path, options: ChatOptions) -> None:
        """
        Args:
            linc: an open file, aligned to this very model.
            folder: of the model.
            options: how to talk.

        Raises:
            UsageError: the file is not aligned to the model.
        """
        super().__init__(options)
        self.tower = VideoTower(folder)
        self.llm = VideoLlm(self.tower.loaded, folder)
        self.model = self.tower.model
        data = alignment_to(linc, self.tower.revision)
        frames = np.unique(np.linspace(0, linc.n_frames - 1, FRAMES).round().astype(int)).tolist()
        times = linc.times()
        self.times = [seconds_at(times, frame) for frame in frames]
        self.features = _features(Aligned(linc, data), frames) * np.float32(data.scale)

    def preamble(self) -> str:
        """Placeholders of the visual tokens, with their times."""
        return self.llm.placeholders(self.times)

    def reply(self, told: Callable[[str], None]) -> str:
        """See ``Chat``."""
        inputs = self.llm.inputs(self.messages, torch.from_numpy(self.features))
        return generate(self.llm.model, self.llm.tokenizer, inputs, self.options.tokens, told)

    def moments(self, question: str) -> Sequence[Moment]:
        """The whole video: the model does not tell which of its tokens it used."""
        return [Moment(self.times[0], self.times[-1])]


def _features(aligned: Aligned, frames: Sequence[int]) -> Floats:
    """Unit vectors [n, d] of frames, from the segments that hold them."""
    rows = []
    for index, entry in enumerate(aligned.linc.segments):
        inside = [f - entry.first_frame for f in frames if entry.first_frame <= f < entry.end_frame]
        if inside:
            rows.append(aligned.segment(index, inside))
    return normalised(np.concatenate(rows))


class VideoLlm:
    """A VideoLLaMA3 whose visual tokens are given as features, before the projector."""

    def __init__(self, model: Any, folder: Path) -> None:
        """
        Args:
            model: from ``tower.load_model``.
            folder: that it came from; the tokenizer is there too.
        """
        self.model = model
        self.width = int(model.config.vision_config.hidden_size)
        self.slot = int(model.config.video_token_id)
        self.tokenizer = transformers().AutoTokenizer.from_pretrained(folder, local_files_only=True)

    def placeholders(self, times: Sequence[float]) -> str:
        """``Time 0.0s:`` and four slots, for every time."""
        slot = self.tokenizer.convert_ids_to_tokens(self.slot)
        return ",".join(f"Time {time:.1f}s:{slot * TOKENS}" for time in times)

    def tokens(self, messages: Messages) -> Tensor:
        """Token ids [1, n] of a conversation."""
        found = self.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        ids: Tensor = found["input_ids"]
        return ids

    def inputs(self, messages: Messages, features: Tensor) -> dict[str, Tensor]:
        """What ``generate`` takes: the conversation with features in its slots.

        Args:
            messages: with as many slots as there are features.
            features: float32 [n, 4 * width], a frame a row.

        Raises:
            UsageError: slots and features do not match.
        """
        ids = self.tokens(messages)
        slots, rows = int((ids == self.slot).sum()), features.reshape(-1, self.width)
        if slots != len(rows):
            raise UsageError(f"{len(rows)} visual features for {slots} places in the prompt")
        with torch.inference_mode():
            embedded = self.model.get_input_embeddings()(ids)
            visual = self.model.model.projector(rows).to(embedded.dtype)
            where = (ids == self.slot).unsqueeze(-1).expand_as(embedded)
            embedded = embedded.masked_scatter(where, visual)
        return {"inputs_embeds": embedded, "attention_mask": torch.ones_like(ids)}
