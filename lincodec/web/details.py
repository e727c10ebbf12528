"""What the page says of a file: segments, bytes by part, quality, and its latents as points."""

from __future__ import annotations

from typing import Any

import numpy as np

from lincodec.bitstream.embedding import segment_latents
from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.decoder.info import describe
from lincodec.errors import LincError, UsageError
from lincodec.plots.latents import map_latents
from lincodec.plots.projection import project
from lincodec.web.library import Item
from lincodec.web.page import unplayable

#: Points of a map at most: more cannot be told apart.
_POINTS = 4000


def details(item: Item) -> dict[str, Any]:
    """The fields of ``info`` that the page shows.

    Raises:
        CorruptError: the file is damaged.
    """
    with open_file(item.path) as stream:
        linc = LincFile(stream, name=item.path.name)
        about = describe(linc)
        about["plays_alone"] = unplayable(linc) is None
        times = linc.times()
    begin = times.pts[0]
    quality = (about["quality"] or {}).get("segments", [])
    about["shots"] = [
        {
            "start": float((times.pts[segment["first_frame"]] - begin) * times.time_base),
            "frame": segment["first_frame"],
            "frames": segment["frames"],
            "cut": not segment["continues"],
            "kind": segment["kind"],
            "bytes": segment["length"],
            "psnr": quality[index] if index < len(quality) else None,
        }
        for index, segment in enumerate(about.pop("segment_list"))
    ]
    about["source_bytes"] = None if item.source is None else item.source.stat().st_size
    for key in ("file", "sections"):
        del about[key]
    return about


def latent_map(item: Item) -> dict[str, Any]:
    """Points of the frames in the plane, from 0 to 1 both ways.

    Files that are aligned to a model, or have one segment, have one map; segments of others have
    one each, for their latents have nothing in common.

    Returns:
        ``space``, and ``groups``: first frame, and points [x, y] of every ``every``-th frame.

    Raises:
        UsageError: the file has no latents.
    """
    with open_file(item.path) as stream:
        linc = LincFile(stream, name=item.path.name)
        every = -(-linc.n_frames // _POINTS)
        try:
            whole = map_latents(linc, None, "pca")
            groups = [(0, whole.projection.points)]
            space = whole.space
        except UsageError:
            groups = [
                (entry.first_frame, project(segment_latents(linc, index), "pca").points)
                for index, entry in enumerate(linc.segments)
            ]
            space = "latents of each segment"
        except LincError as error:
            raise UsageError(f"{item.path.name}: has no map: {error}") from error
    return {
        "space": space,
        "every": every,
        "groups": [
            {"first": first, "points": _spread(points[::every])} for first, points in groups
        ],
    }


def _spread(points: np.ndarray) -> list[list[float]]:
    low, high = points.min(axis=0), points.max(axis=0)
    scale = np.where(high > low, high - low, 1)
    found: list[list[float]] = np.round((points - low) / scale, 4).tolist()
    return found
