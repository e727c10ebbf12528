"""Parts that machines leave in a folder, and what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.encodings import Encoding

from lincodec.cli.main import run
from lincodec.cluster.inline import Inline
from lincodec.cluster.shards import PartFolder, Shard
from lincodec.encoder.encode import fit_share
from lincodec.errors import UsageError
from lincodec.options import EncodeOptions


def fitted(folder: PartFolder, source: Path, shard: Shard, **options: Any) -> tuple[int, int]:
    """One machine's turn."""
    wanted = EncodeOptions(**{"preset": "instant", "segment": 5, **options})
    folder.begin(str(source), wanted)
    with Inline() as executor:
        return fit_share(str(source), wanted, folder, executor, shard.takes)


@pytest.mark.parametrize("options", [{}, {"size": 9000}, {"psnr": 31.0}], ids=str)
def test_shards_in_any_order_make_the_same_file(
    uneven: Path, tmp_path: Path, encoded: Encoding, options: dict[str, Any]
) -> None:
    local, report = encoded(uneven, segment=5, **options)
    folder = PartFolder(tmp_path / "parts")
    counts = [fitted(folder, uneven, Shard(k, 3), **options) for k in (2, 0, 1, 0)]
    if "size" not in options:  # parts that are told their bits wait for those before them
        assert [missing for _, missing in counts] == [counts[0][1], counts[1][1], 0, 0]
        assert sum(done for done, _ in counts) == report.segments
    assert counts[0][1] > counts[1][1]
    (tmp_path / "parts" / f"part-{0:09d}").write_bytes(b"damaged")
    source, again = folder.encode()
    with Inline() as executor:
        assert encoded(Path(source), executor, folder, **vars(again))[0] == local


def test_one_folder_is_of_one_encode(uneven: Path, tmp_path: Path) -> None:
    folder = PartFolder(tmp_path / "parts")
    with pytest.raises(UsageError, match="no parts here"):
        folder.encode()
    folder.begin(str(uneven), EncodeOptions(quality=40.0))
    folder.begin(str(uneven), EncodeOptions(quality=40.0, tags={"a": "b"}))
    with pytest.raises(UsageError, match="was begun with quality 40"):
        folder.begin(str(uneven), EncodeOptions(quality=41.0))


def test_from_the_command_line(
    uneven: Path, tmp_path: Path, encoded: Encoding, capsys: pytest.CaptureFixture[str]
) -> None:
    local, _ = encoded(uneven, segment=5)
    out = tmp_path / "clip.linc"
    base = ["encode", str(uneven), "-o", str(out), "--preset", "instant", "--segment", "5"]
    assert run([*base, "--shard", "1/2"]) == 0
    assert "linc assemble" in capsys.readouterr().out
    assert run(["assemble", f"{out}.parts"]) == 0
    assert out.read_bytes() == local
    assert not Path(f"{out}.parts").exists()
    for wrong in ("2/2", "x", "1/0", "-1/2"):
        assert run([*base, "--shard", wrong]) == 2
    assert run(["assemble", str(tmp_path)]) == 2
