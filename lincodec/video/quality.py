"""Options of output encoders: constant quality and speed, by the names that each gives them."""

from __future__ import annotations

from collections.abc import Mapping

from lincodec.errors import UsageError
from lincodec.types import Display, VideoInfo
from lincodec.video.outputs import Coding

#: Constant quality used when the caller gives none: close to transparent, per encoder.
DEFAULT_CRF: Mapping[str, float] = {
    "libx264": 16,
    "libx265": 18,
    "libsvtav1": 22,
    "libvpx-vp9": 22,
    "h264_nvenc": 19,
    "hevc_nvenc": 21,
    "av1_nvenc": 25,
}
#: Options of libx264 where no preset is given, up to so many luma samples of a picture and above:
#: the slowest that do not hold up decoding. At one crf ``superfast`` keeps 0.7 dB less than
#: ``medium``, where ``veryfast`` loses 2; B-frames in fixed places and no weights of references
#: take a quarter off its time for a few per cent of bytes, either way.
_UP_TO, _SLOWER = 250_000, {"preset": "medium"}
_FASTER = {"preset": "superfast", "b_strategy": "0", "weightp": "0"}
#: Of libvpx-vp9, whose own are slow.
_VP9 = {"deadline": "good", "cpu-used": "4", "row-mt": "1"}
_X26X_PRESETS = (
    "ultrafast", "superfast", "veryfast", "faster", "fast",
    "medium", "slow", "slower", "veryslow", "placebo",
)  # fmt: skip
#: Names that people type for the encoder that is meant.
_ALIASES = {
    "h264": "libx264", "avc": "libx264", "x264": "libx264",
    "hevc": "libx265", "h265": "libx265", "x265": "libx265",
    "av1": "libsvtav1", "svtav1": "libsvtav1", "svt-av1": "libsvtav1",
    "vp9": "libvpx-vp9", "vp8": "libvpx", "prores": "prores_ks",
    "jpeg": "mjpeg", "mpeg2": "mpeg2video",
}  # fmt: skip
#: Options that make an encoder lossless.
_LOSSLESS: Mapping[str, Mapping[str, str]] = {
    "libx264": {"qp": "0"},
    "libx265": {"x265-params": "log-level=error:lossless=1"},
    "libvpx-vp9": {"lossless": "1"},
    "libsvtav1": {"svtav1-params": "lossless=1"},
    "ffv1": {},
    "png": {},
    "huffyuv": {},
    "ffvhuff": {},
    "utvideo": {},
}
#: Where encoders take mastering and light levels: option, names, parts of a unit.
_DISPLAY_PARAMS = {
    "libx264": ("x264-params", "mastering-display", "cll", 50000, 10000),
    "libx265": ("x265-params", "master-display", "max-cll", 50000, 10000),
    "libsvtav1": ("svtav1-params", "mastering-display", "content-light", 1, 1),
}
#: Ends of the names of encoders that are a device of the machine.
_DEVICES = ("_nvenc", "_qsv", "_amf", "_vaapi", "_videotoolbox", "_v4l2m2m", "_mf", "_vulkan")


def encoder_name(codec: str) -> str:
    """The encoder that a name means: ``h264`` is libx264."""
    return _ALIASES.get(codec.lower(), codec)


def lossless_options(codec: str) -> Mapping[str, str]:
    """Options that make the encoder ``codec`` lossless.

    Raises:
        UsageError: it has no such mode.
    """
    if codec not in _LOSSLESS:
        raise UsageError(f"{codec} is not lossless; expected one of {', '.join(_LOSSLESS)}")
    return _LOSSLESS[codec]


def is_hardware(codec: str) -> bool:
    """Whether an encoder needs a device and its driver."""
    return codec.endswith(_DEVICES)


def usual_speed(codec: str, samples: int) -> Mapping[str, str]:
    """Options for the speed of an encoder at pictures of so many luma samples; none: its own."""
    if codec == "libvpx-vp9":
        return _VP9
    if codec != "libx264":
        return {}
    return _SLOWER if samples <= _UP_TO else _FASTER


def encoder_options(coding: Coding, info: VideoInfo) -> dict[str, str]:
    """Options for an encoder; ``coding.options`` win over the named ones.

    A ``crf`` of None takes ``DEFAULT_CRF``; encoders without constant quality ignore it. A
    ``preset`` of None takes ``usual_speed`` for pictures of ``info``.

    Raises:
        UsageError: The preset is not one of the encoder's, or it has no lossless mode.
    """
    codec, crf, preset, extra = coding.codec, coding.crf, coding.preset, coding.options
    options: dict[str, str] = {}
    quality = crf if crf is not None else DEFAULT_CRF.get(codec)
    explicit = {"crf", "qp", "b", "cq", "global_quality"} & set(extra)
    if quality is not None and not explicit and not coding.lossless:
        options |= _constant(codec, quality)
    if preset is None:
        named = "preset" in extra
        options |= {} if named else usual_speed(codec, info.width * info.height)
    else:
        if codec in ("libx264", "libx265") and preset not in _X26X_PRESETS:
            raise UsageError(
                f"{codec} has no preset {preset!r}; expected one of {', '.join(_X26X_PRESETS)}"
            )
        options["cpu-used" if codec.startswith("libvpx") else "preset"] = preset
    if codec == "libx265":
        options["x265-params"] = "log-level=error"
    if coding.lossless:
        if crf is not None:
            raise UsageError("--lossless and --crf cannot be used together")
        options |= lossless_options(codec)
    options.update(extra)
    return options


def with_display(
    options: Mapping[str, str], codec: str, display: Display
) -> tuple[dict[str, str], list[str]]:
    """The options of an encoder, and those that state mastering and light levels in its stream.

    Returns:
        All options, and a line where the encoder states no such thing.
    """
    if display.mastering is None and display.light is None:
        return dict(options), []
    if codec not in _DISPLAY_PARAMS:
        return dict(options), [f"{codec} states no HDR mastering and light-level data: left out"]
    key, mastering, light, fine, bright = _DISPLAY_PARAMS[codec]
    params = []
    if display.mastering is not None:
        red, green, blue, white = (display.mastering[k : k + 2] for k in (0, 2, 4, 6))
        points = "".join(
            f"{name}({_scaled(x, fine)},{_scaled(y, fine)})"
            for name, (x, y) in (("G", green), ("B", blue), ("R", red), ("WP", white))
        )
        least, most = display.mastering[8:]
        levels = f"L({_scaled(most, bright)},{_scaled(least, bright)})"
        params.append(f"{mastering}={points}{levels}")
    if display.light is not None:
        params.append("{}={},{}".format(light, *display.light))
    if codec == "libx265":
        params += ["hdr10=1", "repeat-headers=1"]
    given = [options[key]] if key in options else []
    return {**options, key: ":".join([*given, *params])}, []


def _scaled(value: float, unit: int) -> str:
    return f"{value:.6g}" if unit == 1 else f"{round(value * unit)}"


def _constant(codec: str, quality: float) -> dict[str, str]:
    """The options that ask for constant quality."""
    if codec.endswith("_nvenc"):
        return {"rc": "vbr", "cq": f"{quality:g}", "b": "0"}
    return {"global_quality" if codec.endswith("_qsv") else "crf": f"{quality:g}"}
