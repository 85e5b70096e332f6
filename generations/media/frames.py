"""Decode the pictures of a clip as its samples come: all of them, or the key frames only; keep one for the poster."""

from __future__ import annotations

import time
from typing import cast

from av.codec.context import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from generations.media.mp4 import NotAVideo
from generations.media.nal import SampleCheck, refuse_text

# Of a file that is made to keep a worker busy; a 10 s clip decodes in one to three seconds.
DECODE_SECONDS = 60
# Key frames up to here serve as poster: one at the end shows where a clip leads.
LATEST_POSTER = 0.5


class TookTooLong(NotAVideo):
    """Not decoded in the time that a clip may take: on a machine that is busy, this proves nothing."""

    def __init__(self, seconds: float = DECODE_SECONDS) -> None:
        super().__init__(f"it was not decoded within {seconds:g} s")


class Patience:
    """Ends decoding in time."""

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = DECODE_SECONDS if seconds is None else seconds
        self.ends = time.monotonic() + self.seconds

    def check(self) -> None:
        """Raises: TookTooLong."""
        if time.monotonic() > self.ends:
            raise TookTooLong(self.seconds)


class _Frames:
    """The frame for the poster, and times by the track's clock, as frames that a decoder kept back have none."""

    def __init__(self, stream: VideoStream, poster_seconds: float) -> None:
        self.decoder, self.tick = stream.codec_context, float(stream.time_base or 0)
        self.poster_seconds = poster_seconds
        self.poster: VideoFrame | None = None

    def _seconds(self, ticks: int | None) -> float:
        return (ticks or 0) * self.tick


class AllFrames(_Frames):
    """Decodes every frame; keeps the first one at or after a time, or the last, as `poster`."""

    def __init__(self, stream: VideoStream, poster_seconds: float) -> None:
        super().__init__(stream, poster_seconds)
        self.frames = 0

    def take(self, packet: Packet[VideoStream]) -> None:
        """Raises: NotAVideo, FFmpegError."""
        refuse_text(bytes(packet))
        for frame in packet.decode():
            self.frames += 1
            _refuse_damage(frame)
            if self.poster is None or (self._seconds(self.poster.pts)) < self.poster_seconds:
                self.poster = frame

    def finish(self, patience: Patience) -> int:
        """Return how many frames there were."""
        return self.frames


class KeyFrames(_Frames):
    """Checks every sample, and decodes those that a decoder can start with.

    The `poster` is the key frame nearest a time. The first one does not count, as it equals the start image: where no
    other is near, the frames are decoded up to that time. What is decoded only as a check is decoded without the loop
    filter, which smooths the picture and finds nothing.
    """

    def __init__(self, stream: VideoStream, check: SampleCheck, poster_seconds: float, duration_seconds: float) -> None:
        super().__init__(stream, poster_seconds)
        self.sample_check, self.checker = check, _without_loop_filter(self.decoder)
        self.latest = duration_seconds * LATEST_POSTER
        self.samples = 0
        self.beginning: list[Packet[VideoStream]] = []  # up to the time of the poster
        self.is_past_poster = False
        self.nearest: Packet[VideoStream] | None = None  # the key frame for the poster

    def take(self, packet: Packet[VideoStream]) -> None:
        """Raises: NotAVideo, FFmpegError."""
        if not packet.size:
            return
        starts_alone = self.sample_check.check(bytes(packet))
        self.samples += 1
        if starts_alone and packet.is_keyframe and self.samples > 1:
            self._take_key(packet)
        if not self.is_past_poster:
            self.beginning.append(packet)
            # Samples come in the order of decoding: all that is shown up to then has come.
            self.is_past_poster = self._seconds(packet.dts) > self.poster_seconds

    def finish(self, patience: Patience) -> int:
        """Decode the first key frame, and on to the poster where no other serves; return how many samples came."""
        if self.nearest:
            self.poster = next(iter(_decoded(self.decoder, self.nearest)), None)
        if self.poster:
            _decoded(self.checker, *self.beginning[:1])
        else:
            self._decode_to_poster(patience)
        self.beginning.clear()
        return self.samples

    def _take_key(self, packet: Packet[VideoStream]) -> None:
        """Decode a key frame now, or in the end if it may become the poster."""
        at, other = self._seconds(packet.pts), packet
        if at <= self.latest and (self.nearest is None or self._distance(packet) < self._distance(self.nearest)):
            self.nearest, other = packet, self.nearest
        if other:
            _decoded(self.checker, other)

    def _distance(self, packet: Packet[VideoStream]) -> float:
        return abs(self._seconds(packet.pts) - self.poster_seconds)

    def _decode_to_poster(self, patience: Patience) -> None:
        self.decoder.skip_frame = "NONREF"  # the frames that no other needs
        for packet in (*self.beginning, None):
            patience.check()
            for frame in self.decoder.decode(packet):
                _refuse_damage(frame)
                self.poster = frame
                if self._seconds(frame.pts) >= self.poster_seconds:
                    return


def _without_loop_filter(decoder: VideoCodecContext) -> VideoCodecContext:
    """Return another decoder of the same track."""
    other = cast("VideoCodecContext", CodecContext.create(decoder.codec.name, "r"))
    other.extradata, other.thread_count = decoder.extradata, decoder.thread_count
    other.options = decoder.options | {"skip_loop_filter": "all"}
    return other


def _decoded(decoder: VideoCodecContext, *packets: Packet[VideoStream]) -> list[VideoFrame]:
    """Decode these samples by themselves. Raises: NotAVideo, FFmpegError."""
    frames = [frame for packet in (*packets, None) for frame in decoder.decode(packet)]
    decoder.flush_buffers()
    for frame in frames:
        _refuse_damage(frame)
    return frames


def _refuse_damage(frame: VideoFrame) -> None:
    if frame.is_corrupt:
        raise NotAVideo("a part of its picture is damaged")
