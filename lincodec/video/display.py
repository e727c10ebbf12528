"""What frames carry for displays beside their samples."""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping

from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType

from lincodec.types import Display

#: What is lost of each kind of data, for people; kinds with the same text are one thing.
_LOST = {
    SideDataType.DYNAMIC_HDR_PLUS: "dynamic HDR metadata (HDR10+) is",
    SideDataType.DYNAMIC_HDR_VIVID: "dynamic HDR metadata (HDR Vivid) is",
    SideDataType.DOVI_METADATA: "dynamic HDR metadata (Dolby Vision) is",
    SideDataType.DOVI_RPU_BUFFER: "dynamic HDR metadata (Dolby Vision) is",
    SideDataType.AMBIENT_VIEWING_ENVIRONMENT: "the ambient viewing environment is",
    SideDataType.A53_CC: "closed captions inside the video (CEA-608/708) are",
    SideDataType.ICC_PROFILE: "the ICC colour profile is",
    SideDataType.AFD: "the active format description is",
    SideDataType.PANSCAN: "the pan-and-scan window is",
}
#: AVMasteringDisplayMetadata: ten ratios, then whether primaries and luminance are stated.
_MASTERING = struct.Struct("=20iii")
#: AVContentLightMetadata: MaxCLL, MaxFALL.
_LIGHT = struct.Struct("=II")
#: AVSphericalMapping: projection, yaw, pitch, roll, bounds, padding.
_SPHERICAL = struct.Struct("=IiiiIIIII")
#: AVStereo3D: type, flags.
_STEREO = struct.Struct("=II")
_INVERTED = 1


def display_losses(kinds: Collection[SideDataType]) -> list[str]:
    """One line for each thing among ``kinds`` that is left out."""
    lost = dict.fromkeys(text for kind, text in _LOST.items() if kind in kinds)
    tags = "; the colour tags are kept"
    return [f"{text} left out{tags if 'HDR' in text else ''}" for text in lost]


def display_of(found: Mapping[SideDataType, SideData]) -> Display:
    """What the data of a frame say that is kept."""
    light = _fields(_LIGHT, found.get(SideDataType.CONTENT_LIGHT_LEVEL))
    stereo = _fields(_STEREO, found.get(SideDataType.STEREO3D))
    mastering = _fields(_MASTERING, found.get(SideDataType.MASTERING_DISPLAY_METADATA))
    return Display(
        mastering=_mastering(mastering),
        light=(light[0], light[1]) if light and any(light) else None,
        spherical=_fields(_SPHERICAL, found.get(SideDataType.SPHERICAL)),
        stereo=(stereo[0], stereo[1] & _INVERTED) if stereo and stereo[0] else None,
    )


def _fields(form: struct.Struct, data: SideData | None) -> tuple[int, ...] | None:
    """The numbers at the start of side data; None: there is none, or too little."""
    raw = b"" if data is None else bytes(data)
    return form.unpack_from(raw) if len(raw) >= form.size else None


def _mastering(fields: tuple[int, ...] | None) -> tuple[float, ...] | None:
    if fields is None or not (fields[20] and fields[21]):
        return None
    pairs = zip(fields[0:20:2], fields[1:20:2], strict=True)
    return tuple(round(over / under, 7) if under else 0.0 for over, under in pairs)
