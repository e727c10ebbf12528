"""Fitting a network to the decoded pictures of a partitioned segment (spec clause 8.5).

It stands outside of the loop: pictures are decoded and predicted from without it, and a reader may
leave it out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch

from lincodec.bitstream.segment import Key, SegmentCode, pack_segment
from lincodec.bitstream.segment import Tensor as Coding
from lincodec.container import LincArch
from lincodec.decoder.load import ON_CPU, Rendering
from lincodec.decoder.native import native_frames
from lincodec.decoder.pictures import decoder_of
from lincodec.encoder.aim import DB_PER_LOG_BYTES
from lincodec.encoder.budget import Budget, Schedule
from lincodec.encoder.linc.klt import centred, stacked
from lincodec.encoder.linc.network_fit import Descent
from lincodec.encoder.linc.network_tensors import network_tensors
from lincodec.model.devices import one_thread
from lincodec.model.network import network_shape
from lincodec.registry import Role
from lincodec.types import Planes, VideoInfo
from lincodec.video.metrics import psnr, rgb_error

#: Less time than this is not worth starting for.
_LEAST_SECONDS = 1.0
#: Of so many frames one is measured.
_EVERY = 4


@one_thread()
def enhanced(
    code: SegmentCode,
    source: Sequence[Planes],
    info: VideoInfo,
    arch: LincArch,
    budget: Budget,
    seed: int = 0,
    device: torch.device = ON_CPU.device,
) -> SegmentCode:
    """The segment with a network where it gains more than its bytes cost, else as it is.

    Args:
        code: a partitioned segment.
        source: its frames.
        info: the video they come from.
        arch: of the file, with a network.
        budget: how long the fit may take.
        seed: of its random numbers.
        device: where it runs.
    """
    assert code.pictures is not None, "nothing to enhance"
    if not Schedule(budget).worth(_LEAST_SECONDS):
        return code
    with decoder_of(code.pictures, info) as decoder:
        shown = list(decoder.frames())
    descent = Descent(network_shape(arch, info), seed, device)
    latents = torch.from_numpy(code.values(Role.LATENT)).to(device)
    channels = [
        [centred(codes, info.bit_depth) for codes in stacked(frames, device)]
        for frames in (source, shown)
    ]
    descent.load(channels[0], channels[1], latents)
    schedule = Schedule(budget)

    def clock() -> tuple[float, bool]:
        spent = schedule.share(descent.steps)
        budget.report(min(spent, 1.0), None)
        return spent, budget.over or spent >= 1

    descent.run(clock)
    more: dict[Key, Coding] = {**dict(network_tensors(*descent.result()))}
    joint = replace(code, tensors={**code.tensors, **more})
    gain = _quality(joint, source, info, arch, device) - _mean(source, shown, info)
    return joint if _pays(code, joint, gain) else code


def _quality(
    code: SegmentCode,
    source: Sequence[Planes],
    info: VideoInfo,
    arch: LincArch,
    device: torch.device,
) -> float:
    """Mean RGB PSNR in dB of some frames as a reader shows them."""
    rendering = Rendering(device, ON_CPU.backend)
    frames = native_frames(code, arch, info, rendering, _EVERY)
    return _mean(source, list(frames), info, among=_EVERY)


def _mean(
    source: Sequence[Planes], shown: Sequence[Planes], info: VideoInfo, among: int = 1
) -> float:
    """Mean RGB PSNR in dB of every ``_EVERY``-th frame; of so many frames one is in ``shown``."""
    found = [
        psnr(rgb_error(source[at], shown[at // among], info))
        for at in range(0, len(source), _EVERY)
    ]
    return sum(found) / len(found)


def _pays(plain: SegmentCode, joint: SegmentCode, gain: float) -> bool:
    """Whether ``gain`` dB is worth the bytes, tables included, that ``joint`` takes beyond."""
    before, after = (
        len(header.pack()) + len(weights) + len(latents)
        for header, weights, latents in map(pack_segment, (plain, joint))
    )
    return gain / DB_PER_LOG_BYTES > math.log(after / before)
