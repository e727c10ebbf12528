"""The benchmarks measure what they say."""

from __future__ import annotations

from pathlib import Path

import anchors
import av
import pytest
import rd


@pytest.fixture(scope="module")
def clip() -> anchors.Clip:
    """A few frames of carphone."""
    return anchors.load_clip("carphone", 16)


def test_frames_compared_with_themselves(clip: anchors.Clip) -> None:
    assert clip.samples == 176 * 144 * 16
    quality = anchors.measure(clip, clip.frames)
    assert quality == anchors.Quality(100.0, 100.0, 100.0, pytest.approx(1.0))
    with pytest.raises(ValueError, match="shorter"):
        anchors.measure(clip, clip.frames[:-1])


@pytest.mark.parametrize("name", anchors.ANCHORS)
def test_anchors_have_one_key_frame_and_b_frames(
    clip: anchors.Clip, tmp_path: Path, name: str
) -> None:
    path = str(tmp_path / "anchor.mp4")
    point = anchors.encode_anchor(clip, name, 40, path)
    with av.open(path) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        assert [packet.is_keyframe for packet in packets] == [True] + 15 * [False]
    with av.open(path) as container:
        kinds = {
            av.video.frame.PictureType(frame.pict_type).name for frame in container.decode(video=0)
        }
    assert name == "svtav1" or "B" in kinds  # AV1 frames that are not key frames all count as P
    assert 0.9 * sum(packet.size for packet in packets) - 800 < point.bytes
    assert point.bytes < Path(path).stat().st_size
    assert 20 < point.quality.psnr_rgb < 45


def test_an_anchor_is_found_at_a_number_of_bytes(clip: anchors.Clip, tmp_path: Path) -> None:
    path = str(tmp_path / "anchor.mp4")
    point = anchors.match_bytes(clip, "x264", 4000, path, say=lambda line: None)
    assert abs(point.bytes / 4000 - 1) <= 0.03
    assert anchors.stream_bytes(path) == point.bytes
    assert [file.name for file in tmp_path.iterdir()] == ["anchor.mp4"]


def test_bd_rates_are_per_cent_of_the_anchor() -> None:
    def point(codec: str, bpp: float, db: float) -> anchors.Point:
        return anchors.Point(codec, "", 0, bpp, anchors.Quality(db, db, db, None), 0.0, 0.0)

    points = [
        point(codec, scale * 2.0**k, 30.0 + k)
        for codec, scale in (("x265", 1.0), ("linc", 0.8))
        for k in range(4)
    ]
    found = rd.bd_rates([*points, point("alone", 1.0, 30.0)])
    assert found["rgb"] == {"x265": {}, "linc": {"x265": -20.0}}
