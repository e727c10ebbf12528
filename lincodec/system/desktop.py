"""What desktops know of .linc files: their type, what opens them, thumbnails (freedesktop.org)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from lincodec.system.atomic import atomic_output

MIME_TYPE = "video/x-linc"

_MIME = """<?xml version="1.0" encoding="UTF-8"?>
<!-- shared-mime-info: xdg-mime install linc.xml -->
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="video/x-linc">
    <comment>linc neural video</comment>
    <generic-icon name="video-x-generic"/>
    <magic priority="80">
      <match type="string" offset="0" value="\\x89LNC\\r\\n\\x1a\\n"/>
    </magic>
    <glob pattern="*.linc"/>
  </mime-type>
</mime-info>
"""
_APPLICATION = """[Desktop Entry]
Type=Application
Name=linc
Comment=Watch .linc videos in the browser
Exec={play} %f
Icon=video-x-generic
MimeType={mime};
Categories=AudioVideo;Video;Player;
NoDisplay=true
Terminal=false
"""
_THUMBNAILER = """[Thumbnailer Entry]
Exec={frame} %i -o %o --res %sp -y -q
MimeType={mime};
"""

#: Where files are below the folder of the user's data, and what they hold.
_FILES = {
    "mime/packages/linc.xml": _MIME,
    "applications/linc.desktop": _APPLICATION,
    "thumbnailers/linc.thumbnailer": _THUMBNAILER,
}
#: What has to be told of a change, where it is installed: program, folder.
_TOLD = (
    ("update-mime-database", "mime"),
    ("update-desktop-database", "applications"),
)


def install(data: Path, command: Sequence[str]) -> list[Path]:
    """Write the files, in the place of older ones.

    Args:
        data: folder of the user's data, ``~/.local/share`` as a rule.
        command: what runs linc.

    Returns:
        What was written.

    Raises:
        UsageError: a file cannot be written.
    """
    program = " ".join(map(_quoted, command))
    written = []
    for name, text in _FILES.items():
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        filled = (
            text
            if name.endswith(".xml")
            else text.format(
                play=f"{program} play --idle 10", frame=f"{program} frame", mime=MIME_TYPE
            )
        )
        with atomic_output(path, overwrite=True) as temporary:
            temporary.write_text(filled, encoding="utf-8")
        written.append(path)
    _tell(data)
    return written


def uninstall(data: Path) -> list[Path]:
    """Remove the files; returns those that were there."""
    found = [data / name for name in _FILES if (data / name).exists()]
    for path in found:
        path.unlink()
    _tell(data)
    return found


def _tell(data: Path) -> None:
    for program, folder in _TOLD:
        where = shutil.which(program)
        if where is not None and (data / folder).is_dir():
            subprocess.run([where, str(data / folder)], capture_output=True, check=False)


def _quoted(argument: str) -> str:
    """An argument of Exec: in double quotes, with what is special there escaped."""
    for special in ("\\", '"', "`", "$"):
        argument = argument.replace(special, "\\" + special)
    return '"' + argument.replace("\\", "\\\\").replace("%", "%%") + '"'
