"""What frames carry for displays beside their samples."""

from __future__ import annotations

from collections.abc import Collection

from av.sidedata.sidedata import Type as SideDataType

#: What is lost of each kind of data, for people; kinds with the same text are one thing.
_LOST = {
    SideDataType.MASTERING_DISPLAY_METADATA: "HDR mastering and light-level data",
    SideDataType.CONTENT_LIGHT_LEVEL: "HDR mastering and light-level data",
    SideDataType.DYNAMIC_HDR_PLUS: "dynamic HDR metadata (HDR10+)",
    SideDataType.DYNAMIC_HDR_VIVID: "dynamic HDR metadata (HDR Vivid)",
    SideDataType.DOVI_METADATA: "dynamic HDR metadata (Dolby Vision)",
    SideDataType.DOVI_RPU_BUFFER: "dynamic HDR metadata (Dolby Vision)",
    SideDataType.AMBIENT_VIEWING_ENVIRONMENT: "the ambient viewing environment",
    SideDataType.SPHERICAL: "the 360-degree (spherical) projection",
    SideDataType.STEREO3D: "the stereo 3D arrangement of the picture",
    SideDataType.A53_CC: "closed captions inside the video (CEA-608/708)",
    SideDataType.ICC_PROFILE: "the ICC colour profile",
    SideDataType.AFD: "the active format description",
    SideDataType.PANSCAN: "the pan-and-scan window",
}
_COLOUR = "; the colour tags are kept"


def display_losses(kinds: Collection[SideDataType]) -> list[str]:
    """One line for each thing among ``kinds`` that is left out."""
    lost = dict.fromkeys(text for kind, text in _LOST.items() if kind in kinds)
    lines = []
    for text in lost:
        verb = "are" if text.startswith(("HDR", "closed")) else "is"
        lines.append(f"{text} {verb} left out{_COLOUR if 'HDR' in text else ''}")
    return lines
