"""Chat: injected features are as good as pixels, and the concept route with real weights."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from support.engine import Linc
from support.tiny_models import make_llm, make_videollama3

from lincodec.bitstream.embedding import mean_cosine
from lincodec.container import LincFile
from lincodec.errors import UsageError
from lincodec.options import Span
from lincodec.semantics.align import AlignOptions, align
from lincodec.semantics.chat import ChatOptions
from lincodec.semantics.inject import InjectedChat, VideoLlm
from lincodec.semantics.teacher import Picture, upright
from lincodec.semantics.tower import TOKENS, VideoTower
from lincodec.video.reader import FrameReader


@pytest.fixture(scope="session")
def videollama3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a random VideoLLaMA3."""
    return make_videollama3(tmp_path_factory.mktemp("models") / "tiny-videollama3")


@pytest.fixture
def pictures(clip: Callable[[str], Path]) -> list[Picture]:
    """Six frames of a real video."""
    with FrameReader(str(clip("bikes")), span=Span(0, None, 6)) as reader:
        return [upright(frame.planes, reader.info) for frame in reader]


@pytest.fixture(scope="session")
def told(
    aligned: Path,
    videollama3: Path,
    clip: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, bytes]:
    """Two videos aligned to the model's own features, as bytes by name."""
    out, folder = {}, tmp_path_factory.mktemp("told")
    for name, source in (("car1", "carphone"), ("bikes", "bikes")):
        path = folder / f"{name}.linc"
        options = AlignOptions(str(videollama3), source=str(clip(source)), start=0, weight=1.0)
        align(str(aligned / f"{name}.linc"), str(path), options)
        out[name] = path.read_bytes()
    return out


def opened(told: dict[str, bytes], name: str, folder: Path) -> InjectedChat:
    linc = LincFile(io.BytesIO(told[name]), name=name)
    return InjectedChat(linc, folder, ChatOptions(tokens=12))


def test_pixels_features_and_injection_give_equal_logits(
    videollama3: Path, pictures: list[Picture]
) -> None:
    tower = VideoTower(videollama3)
    llm = VideoLlm(tower.loaded, videollama3)
    patches, grid, merge = tower.patches(pictures)
    features = torch.from_numpy(tower.images(pictures))
    assert features.shape == (6, TOKENS * 48)
    messages = [{"role": "user", "content": llm.placeholders([0.0] * 6) + "\nWhat is this?"}]
    ids = llm.tokens(messages)
    assert int((ids == llm.slot).sum()) == 6 * TOKENS
    with torch.inference_mode():
        pixels = tower.loaded(
            input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values_videos=patches,
            video_grid_thw=grid, video_merge_sizes=merge,
        ).logits  # fmt: skip
        injected = tower.loaded(**llm.inputs(messages, features)).logits
        other = tower.loaded(**llm.inputs(messages, features.flip(1))).logits
    torch.testing.assert_close(injected, pixels, atol=1e-5, rtol=1e-5)
    assert float((other - pixels).abs().max()) > 1e-3


def test_patches_are_those_of_the_image_processor(
    videollama3: Path, pictures: list[Picture]
) -> None:
    from PIL import Image
    from transformers.models.video_llama_3 import image_processing_pil_video_llama_3 as processing

    tower = VideoTower(videollama3)
    small = [Image.fromarray(p).resize((56, 56), Image.Resampling.BICUBIC) for p in pictures]
    processor = processing.VideoLlama3ImageProcessorPil(
        merge_size=2, size={"shortest_edge": 1, "longest_edge": 56 * 56}
    )
    theirs = processor(images=small, return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(tower.patches(pictures)[0], theirs.float(), atol=1e-6, rtol=0)


def test_a_file_takes_the_place_of_its_pixels(
    told: dict[str, bytes], videollama3: Path, clip: Callable[[str], Path]
) -> None:
    """Features from the latents are the tower's, and the model says the same of both."""
    chat = opened(told, "bikes", videollama3)
    with FrameReader(str(clip("bikes")), span=Span(0, None, 18)) as reader:
        pictures = [upright(frame.planes, reader.info) for frame in reader]
    features = chat.tower.images(pictures)
    assert chat.features.shape == features.shape
    assert mean_cosine(chat.features, features) > 0.99
    norms = [np.linalg.norm(rows, axis=1).mean() for rows in (chat.features, features)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-3)
    found = chat.ask("What happens?")
    exact = opened(told, "bikes", videollama3)
    exact.features = features
    assert exact.ask("What happens?").answer == found.answer
    assert found.route == "injection"


def test_different_videos_get_different_answers(told: dict[str, bytes], videollama3: Path) -> None:
    answers = []
    for name in ("car1", "bikes"):
        chat = opened(told, name, videollama3)
        pieces: list[str] = []
        answers.append(chat.ask("What happens?", pieces.append).answer)
        assert "".join(pieces).strip() == answers[-1]
        assert answers[-1]
    assert answers[0] != answers[1]


def test_a_wrong_number_of_features_is_refused(told: dict[str, bytes], videollama3: Path) -> None:
    chat = opened(told, "car1", videollama3)
    chat.features = chat.features[:-1]
    with pytest.raises(UsageError, match=r"68 visual features for 72 places"):
        chat.ask("What happens?")


def test_a_file_that_is_not_aligned_to_the_model(
    aligned: Path, videollama3: Path, linc: Linc
) -> None:
    result = linc("chat", aligned / "car1.linc", "--model", videollama3, "--question", "What?")
    assert result.code == 2
    assert result.err.endswith("is not aligned to this model; run linc align first\n")


def test_concepts_are_told_to_any_language_model(
    aligned: Path, tmp_path: Path, tiny_clip: Path, linc: Linc
) -> None:
    llm = make_llm(tmp_path / "llm")
    words = tmp_path / "words.txt"
    words.write_text("dog\ncar\n\nman in a car\nbicycle\nbus\n")
    arguments = ("--model", llm, "--space", tiny_clip, "--concepts", words, "--tokens", 5)
    asked = ("--question", "What is it?", "--question", "And then?")
    result = linc("chat", aligned / "bikes.linc", *arguments, *asked, "--json")
    assert result.code == 0, result.err
    done = result.lines[-1]
    assert done["type"] == "chat-done"
    assert [answer["question"] for answer in done["answers"]] == ["What is it?", "And then?"]
    for answer in done["answers"]:
        assert answer["route"] == "concepts"
        assert len(answer["moments"][0]["concepts"]) == 4
        assert set(answer["moments"][0]["concepts"]) <= {*words.read_text().splitlines()}
    text = linc("chat", aligned / "bikes.linc", *arguments, "--question", "What is it?").out
    assert "  [0.0-0.7 s: " in text
    default = linc("chat", aligned / "bikes.linc", "--model", llm, "--space", tiny_clip, *asked)
    assert default.code == 0, default.err


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (("--concepts", "{tmp}/none.txt"), "cannot be read as text"),
        (("--concepts", "{tmp}/empty.txt"), "holds no concept"),
        (("--model", "{tmp}/no.gguf"), "cannot be loaded as a language model"),
        ((), "name the directory of that model with --space"),
    ],
)
def test_conversations_that_cannot_be(
    aligned: Path,
    tmp_path: Path,
    tiny_clip: Path,
    linc: Linc,
    changes: tuple[str, ...],
    message: str,
) -> None:
    (tmp_path / "empty.txt").write_text("\n")
    space = ("--space", tiny_clip) if changes else ()
    given = [text.format(tmp=tmp_path) for text in changes]
    result = linc("chat", aligned / "car1.linc", "--question", "What?", *space, *given)
    assert result.code in (2, 3)
    assert message in result.err
    assert result.err.count("\n") == 1
