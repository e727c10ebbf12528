"""What is fitted with torch, which is loaded when the first of it is made: segments drawn from
latents, and networks."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lincodec.bitstream.segment import SegmentCode
from lincodec.container import LincArch
from lincodec.encoder.aim import StepFit
from lincodec.encoder.budget import Budget
from lincodec.types import Planes, VideoInfo

if TYPE_CHECKING:
    from lincodec.encoder.linc.segment_fit import SegmentFit


def closed_form(
    frames: Sequence[Planes], info: VideoInfo, arch: LincArch, *, refined: bool, device: str
) -> SegmentFit:
    """One segment's closed form.

    Args:
        frames: the segment's source frames.
        info: the video they come from.
        arch: architecture parameters of the file.
        refined: see ``SegmentFit``.
        device: where it is fitted, a name that ``device_of`` takes.
    """
    devices = importlib.import_module("lincodec.model.devices")
    fits = importlib.import_module("lincodec.encoder.linc.segment_fit")
    found: SegmentFit = fits.SegmentFit(
        frames, info, arch, refined=refined, device=devices.device_of(device)
    )
    return found


def with_weighted_ends(fit: SegmentFit, step: float, continues: bool) -> SegmentFit:
    """The same once frames beside other segments count for what they are worth at a step."""
    weights = importlib.import_module("lincodec.encoder.linc.border_weights")
    weights.weigh_ends(fit, step, continues)
    return fit


def with_network(fit: SegmentFit, seed: int) -> StepFit:
    """A closed form and a network, fitted in turns."""
    joint = importlib.import_module("lincodec.encoder.linc.joint_fit")
    found: StepFit = joint.JointFit(fit, seed)
    return found


def with_enhancement(
    code: SegmentCode,
    frames: Sequence[Planes],
    info: VideoInfo,
    arch: LincArch,
    budget: Budget,
    *,
    seed: int,
    device: str,
) -> SegmentCode:
    """A partitioned segment with a network where it pays, see ``enhancement.enhanced``."""
    devices = importlib.import_module("lincodec.model.devices")
    networks = importlib.import_module("lincodec.encoder.linc.enhancement")
    found: SegmentCode = networks.enhanced(
        code, frames, info, arch, budget, seed, devices.device_of(device)
    )
    return found
