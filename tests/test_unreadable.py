"""A file that cannot be opened ends in one error, whoever was asked to read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lincodec.cli.main import run
from lincodec.decoder.decode import decode
from lincodec.decoder.info import info
from lincodec.decoder.reader import LincReader
from lincodec.decoder.stills import contact_sheet, still
from lincodec.decoder.verify import verify
from lincodec.encoder.encode import encode
from lincodec.errors import InputError
from lincodec.options import DecodeOptions, EncodeOptions, Span
from lincodec.plots.latents import plot_latents
from lincodec.tools.compare import compare
from lincodec.tools.edit import concat, cut

Reads = Callable[[str, str], object]

#: Everything that opens a file that a user names.
READERS: dict[str, Reads] = {
    "info": lambda source, _: info(source),
    "verify": lambda source, _: verify(source),
    "decode": lambda source, out: decode(source, f"{out}.y4m", DecodeOptions()),
    "recover": lambda source, out: decode(source, f"{out}.y4m", DecodeOptions(recover=True)),
    "reader": lambda source, _: LincReader(source),
    "still": lambda source, out: still(source, out, 0.0),
    "sheet": lambda source, out: contact_sheet(source, out, (2, 2)),
    "cut": lambda source, out: cut(source, out, Span()),
    "concat": lambda source, out: concat([source, source], out),
    "compare": lambda source, _: compare(source, source),
    "plot": lambda source, out: plot_latents(source, f"{out}.html"),
    "encode": lambda source, out: encode(source, out, EncodeOptions()),
}


@pytest.mark.parametrize("reads", READERS.values(), ids=READERS)
@pytest.mark.parametrize("place", ["missing.linc", "folder.linc"])
def test_a_file_that_cannot_be_opened(reads: Reads, place: str, tmp_path: Path) -> None:
    (tmp_path / "folder.linc").mkdir()
    source = tmp_path / place
    with pytest.raises(InputError) as caught:
        reads(str(source), str(tmp_path / "out"))
    assert str(source) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.linc"]


@pytest.mark.parametrize(
    "command",
    ["info", "verify", "decode", "frame", "cut", "concat", "compare", "chat", "plot latents"],
)
def test_commands_say_so_in_a_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(tmp_path / "missing.linc")
    more = {
        "cut": ["--frames", "1"], "concat": [source], "compare": [source],
    }.get(command, [])  # fmt: skip
    outputs = {"decode": "x.mp4", "frame": "x.png", "cut": "x.linc", "concat": "x.linc"}
    if command in outputs:
        more += ["-o", str(tmp_path / outputs[command])]
    assert run([*command.split(), source, *more]) == 3
    error = capsys.readouterr().err
    assert "missing.linc" in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())
