"""Bytes to sections and back: the .linc container (standard library only)."""

from lincodec.container.alignment import AlignmentData, HeadData
from lincodec.container.arch import (
    Arch,
    GridLevel,
    LatentInrArch,
    LincArch,
    arch_name,
    parse_arch,
)
from lincodec.container.audio import pack_audio, parse_audio
from lincodec.container.beside import pack_beside, parse_beside
from lincodec.container.damaged import DamagedFile, Loss
from lincodec.container.head import Head, chroma_of
from lincodec.container.metadata import pack_metadata, parse_metadata
from lincodec.container.quality import Quality
from lincodec.container.reader import LincFile, SegmentData
from lincodec.container.sections import Section, pack_section
from lincodec.container.segment import SegmentHeader, TensorEntry
from lincodec.container.structure import StructureReport
from lincodec.container.times import constant_times, pack_times, parse_times
from lincodec.container.tracks import pack_track, parse_track
from lincodec.container.trailer import Done, SegmentEntry
from lincodec.container.writer import LincWriter

__all__ = [
    "AlignmentData",
    "Arch",
    "DamagedFile",
    "Done",
    "GridLevel",
    "Head",
    "HeadData",
    "LatentInrArch",
    "LincArch",
    "LincFile",
    "LincWriter",
    "Loss",
    "Quality",
    "Section",
    "SegmentData",
    "SegmentEntry",
    "SegmentHeader",
    "StructureReport",
    "TensorEntry",
    "arch_name",
    "chroma_of",
    "constant_times",
    "pack_audio",
    "pack_beside",
    "pack_metadata",
    "pack_section",
    "pack_times",
    "pack_track",
    "parse_arch",
    "parse_audio",
    "parse_beside",
    "parse_metadata",
    "parse_times",
    "parse_track",
]
