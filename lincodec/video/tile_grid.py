"""Still pictures that are stored as a grid of tiles, as phones write them (HEIF, AVIF)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
from av.video.frame import VideoFrame

from lincodec.errors import InputError
from lincodec.types import Display, Planes, VideoInfo
from lincodec.video.display import display_losses, display_of
from lincodec.video.facts import facts_of, side_data
from lincodec.video.media import Header, RawFrame
from lincodec.video.pixels import frame_info, pixel_layout, planes_of
from lincodec.video.source import base_info, is_tile, open_container, reason

#: A still has no rate; FFmpeg gives pictures this one.
_RATE = Fraction(25)


class TileGrid:
    """The one picture of a file that is cut into tiles of one size, row by row."""

    clock_resets = False

    def __init__(self, path: str) -> None:
        """Decode and join the tiles of ``path``.

        Raises:
            InputError: they cannot be decoded, or do not make up the picture.
        """
        self.warnings: list[str] = []
        self.time_base = 1 / _RATE
        with open_container(path) as container:
            found = facts_of(container)
            tiles = [stream for stream in container.streams.video if is_tile(stream)]
            if found.grid is None or not tiles:
                raise InputError(f"{path}: has parts of a picture, and nothing says how they join")
            frames: dict[int, VideoFrame] = {}
            try:
                for packet in container.demux(tiles):
                    for frame in packet.decode():
                        if isinstance(frame, VideoFrame):
                            frames.setdefault(packet.stream.index, frame)
            except av.error.FFmpegError as error:
                raise InputError(f"{path}: a tile cannot be decoded: {reason(error)}") from error
            missing = [tile.index for tile in tiles if tile.index not in frames]
            if missing:
                raise InputError(f"{path}: tile {missing[0]} of the picture cannot be decoded")
            first = frames[tiles[0].index]
            layout = pixel_layout(first.format.name)
            tile = frame_info(first, layout, base_info(tiles[0], first, self.warnings))
            pieces = [planes_of(frames[each.index], layout, tile) for each in tiles]
        rotation = round(found.grid_rotation) % 360
        self.info = replace(
            tile, width=found.grid[0], height=found.grid[1], fps=_RATE,
            rotation=rotation if rotation % 90 == 0 else 0,
        )  # fmt: skip
        self._picture = _joined(path, pieces, tile, self.info)
        self.display: Display = display_of(side_data(first))
        self.warnings += display_losses(side_data(first))
        self.warnings.append(f"the picture is put together from {len(tiles)} tiles")
        codec = tiles[0].codec_context.codec.canonical_name
        self.header = Header("heif", codec, first.format.name, float(self.time_base), 1, None)

    def frames(self) -> Iterator[RawFrame]:
        """The picture."""
        yield RawFrame(0, 1, lambda: self._picture)

    def frames_from(self, seconds: float) -> None:
        """There is one frame: always None."""
        return

    def total_seconds(self) -> float:
        """Of one frame."""
        return float(self.time_base)

    def close(self) -> None:
        """Nothing is open."""


def _joined(path: str, pieces: list[Planes], tile: VideoInfo, whole: VideoInfo) -> Planes:
    """Tiles row by row, cut to the size of the picture."""
    columns, rows = -(-whole.width // tile.width), -(-whole.height // tile.height)
    if columns * rows != len(pieces):
        raise InputError(
            f"{path}: {len(pieces)} tiles of {tile.width}x{tile.height} do not make up a picture "
            f"of {whole.width}x{whole.height}"
        )
    planes = []
    for index, (height, width) in enumerate(whole.plane_sizes):
        lines = [
            np.concatenate([piece[index] for piece in pieces[k : k + columns]], axis=1)
            for k in range(0, len(pieces), columns)
        ]
        planes.append(np.ascontiguousarray(np.concatenate(lines)[:height, :width]))
    return tuple(planes)
