"""The player's modules as one script, with its decoder inside.

The modules are plain: they import each other by name at the top, export declarations, and no two of
them use one name for different things. So a bundle is their texts one after the other.
"""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from importlib import resources

from lincodec.errors import ResourceError

_IMPORT = re.compile(r'^(?:import|export) \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)

#: In the place of ``assets.js``, whose files a bundle has inside.
_ASSETS = """
const DECODER = {decoder};
const WORKER = {worker};
async function decoderBytes() {{
  return fromBase64(DECODER).buffer;
}}
function startWorker() {{
  return new Worker(URL.createObjectURL(new Blob([WORKER], {{ type: "text/javascript" }})));
}}
"""


def player_file(name: str) -> bytes:
    """A file of the player's folder.

    Raises:
        ResourceError: the package was installed without it.
    """
    try:
        return (resources.files("lincodec.web") / "player" / name).read_bytes()
    except OSError as error:
        raise ResourceError(
            f"the player's {name} is missing; reinstall lincodec (in a clone: `make install`)"
        ) from error


def in_order(entry: str) -> list[str]:
    """Names of a module and of all that it imports, each after those it needs."""
    found: list[str] = []

    def visit(name: str) -> None:
        if name in found:
            return
        for needed in _IMPORT.findall(player_file(name).decode("utf-8")):
            visit(needed)
        found.append(name)

    visit(entry)
    return found


def joined(entry: str, replaced: dict[str, str]) -> str:
    """A module and all that it imports as one classic script.

    Args:
        entry: name of the module.
        replaced: texts in the place of some modules.
    """
    texts = []
    for name in in_order(entry):
        text = replaced.get(name) or player_file(name).decode("utf-8")
        texts.append(_EXPORT.sub("", _IMPORT.sub("", text)))
    # in a block, where a name that stands twice is an error
    return '(() => {\n"use strict";\n{\n' + "\n".join(texts) + "}\n})();\n"


@cache
def bundled_player() -> str:
    """A script that makes ``<linc-video>`` known, needs no other file and loads none.

    Raises:
        ResourceError: the package was installed without the player's decoder.
    """
    assets = _ASSETS.format(
        decoder=json.dumps(base64.b64encode(player_file("decoder.wasm")).decode("ascii")),
        worker=json.dumps(joined("worker.js", {})),
    )
    return joined("linc-video.js", {"assets.js": assets})
