"""Files whose presentation times are only those of decoding, and what to do about it."""

from __future__ import annotations

from collections import deque
from enum import Enum
from itertools import islice, pairwise

import av
from av.packet import Packet
from av.video.stream import VideoStream

from lincodec.video.source import open_container

#: Packets that are looked at.
_PACKETS = 64
#: Packets at most that a decoder with its threads holds back.
_DELAY = 64


class Stated(Enum):
    """What the times in a file are."""

    SHOWN = "when frames are shown"
    DECODED = "when packets are decoded, as ``dts``"
    MIXED_UP = "when frames are shown, in the order in which packets are decoded"


def stated_times(path: str, stream: VideoStream) -> Stated:
    """What the times of a stream are.

    AVI has no other times than those of decoding; old writers of MP4 and Matroska give them as
    those of showing, so that frames come out of the decoder with times that go back and forth.

    Args:
        path: of the file.
        stream: its video, one frame of which was decoded.
    """
    if stream.container.format.name == "avi":
        return Stated.DECODED
    if not stream.codec_context.reorder_depth:
        return Stated.SHOWN
    with open_container(path) as container:
        packets = container.demux(container.streams[stream.index])
        try:
            found = [packet for packet in islice(packets, _PACKETS) if packet.size]
        except av.error.FFmpegError:
            return Stated.SHOWN
        shown = [packet.pts for packet in found if packet.pts is not None]
        decoded = [packet.dts for packet in found if packet.dts is not None]
    if not shown:
        return Stated.DECODED if decoded else Stated.SHOWN
    rising = len(shown) == len(found) and all(a < b for a, b in pairwise(shown))
    return Stated.MIXED_UP if rising else Stated.SHOWN


class DealtTimes:
    """Deals out times that rise in the order of packets to frames in the order of display.

    Where no frame is reordered nothing changes.
    """

    def __init__(self) -> None:
        self._waiting: deque[int] = deque()

    def sent(self, packet: Packet[VideoStream] | None) -> None:
        """A packet goes to the decoder."""
        if packet is not None and packet.size and packet.pts is not None:
            self._waiting.append(packet.pts)
            if len(self._waiting) > _DELAY:  # packets that gave no frame
                self._waiting.popleft()

    def refused(self) -> None:
        """The decoder did not take the last packet."""
        if self._waiting:
            self._waiting.pop()

    def next(self) -> int | None:
        """The time of the next frame that comes out."""
        return self._waiting.popleft() if self._waiting else None
