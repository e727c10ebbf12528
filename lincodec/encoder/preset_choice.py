"""The preset that an encode asks for: one of linc's, or one of the user's own made from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, get_type_hints

from lincodec.encoder.presets import PRESETS, Preset
from lincodec.errors import UsageError
from lincodec.options import EncodeOptions

#: Fields that a table sets under other names, or not at all.
_APART = {"name", "inr"}
#: Least and largest number of a field; others are 0 or above.
_RANGES: dict[str, tuple[float, float]] = {
    "segment": (1, 65535), "network_channels": (1, 256), "network_layers": (1, 32),
    "quality": (-60, 120),
}  # fmt: skip
_LARGEST = 1e9
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def resolve(name: str, table: Mapping[str, Any] | None = None, own: Iterable[str] = ()) -> Preset:
    """The preset called ``name``.

    Args:
        name: of a preset of linc, or of the user's own.
        table: what the user's own is, see ``own_preset``; None: it is one of linc's.
        own: names of the user's own, for who has none of that name.

    Raises:
        UsageError: there is none, then it lists the names; or the table makes no preset.
    """
    if table is not None:
        return own_preset(name, table)
    if name not in PRESETS:
        known = ", ".join([*PRESETS, *own])
        raise UsageError(f"--preset {name}: unknown; expected one of {known}")
    return PRESETS[name]


def own_preset(name: str, table: Mapping[str, Any]) -> Preset:
    """A preset made from one of linc's.

    Args:
        name: none that linc has.
        table: ``base``, the name of the preset it is made from (default: medium); any field of
            ``Preset``, with dashes or underscores; ``model``, settings of a paper preset's network.

    Raises:
        UsageError: the name is taken or no name, or something in the table is no such value.
    """
    where = f"preset {name}"
    if name in PRESETS:
        raise UsageError(f"{where}: linc has one of that name; choose another")
    if not _NAME.fullmatch(name):
        raise UsageError(f"preset {name!r}: expected a name of letters, digits, _ . and -")
    given = {str(key).replace("-", "_"): value for key, value in table.items()}
    base = given.pop("base", "medium")
    if base not in PRESETS:
        raise UsageError(f"{where}: base is {base!r}, expected one of {', '.join(PRESETS)}")
    preset = PRESETS[base]
    model = given.pop("model", None)
    kinds = {f.name: k for f, k in zip(fields(Preset), _kinds(), strict=True)}
    for key, value in given.items():
        if key not in kinds or key in _APART:
            known = ", ".join(["base", "model", *(k for k in kinds if k not in _APART)])
            raise UsageError(f"{where}: there is no {key!r}; expected one of {known}")
        given[key] = _value(f"{where}: {key}", kinds[key], value, _RANGES.get(key, (0, _LARGEST)))
    changed = {"summary": f"{base}, changed", **given}
    return replace(_with_model(preset, model, where), **changed, name=name)


def _kinds() -> list[Any]:
    """Types of the fields of a preset, in their order."""
    hints = get_type_hints(Preset)
    return [hints[field.name] for field in fields(Preset)]


def _value(where: str, kind: Any, value: Any, limits: tuple[float, float]) -> Any:
    """A value of a table as that of a field; false stands for None."""
    if kind not in _KINDS:  # pairs of whole numbers, or none
        if value is False:
            return None
        if not isinstance(value, list) or len(value) != 2:
            raise UsageError(f"{where} is {value!r}, expected a list of two numbers, or false")
        return tuple(_value(where, int, item, limits) for item in value)
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise UsageError(f"{where} is {value!r}, expected {_KINDS[kind]}")
    if isinstance(value, int | float) and not limits[0] <= value <= limits[1]:
        raise UsageError(f"{where} is {value!r}, expected {limits[0]:g} to {limits[1]:g}")
    return kind(value)


def _with_model(preset: Preset, model: Any, where: str) -> Preset:
    """The preset with other settings of its paper network."""
    if model is None:
        return preset
    if not isinstance(model, Mapping):
        raise UsageError(f"{where}: model is {model!r}, expected a table such as {{rank = 20}}")
    if preset.inr is None:
        raise UsageError(f"{where}: model is for presets made from paper-s, paper-m or paper-l")
    words = {True: "yes", False: "no"}
    texts = {
        str(key): words[value] if isinstance(value, bool) else str(value)
        for key, value in model.items()
    }
    try:
        return replace(preset, inr=preset.inr.replaced(texts))
    except UsageError as error:
        raise UsageError(f"{where}: {str(error).removeprefix('--model ')}") from error


def settled(options: EncodeOptions, preset: Preset) -> EncodeOptions:
    """The options with what they leave to the preset about cutting a video at its scenes."""
    if options.scene_cut is not None:
        return options
    return replace(options, scene_cut=preset.scene_cut)
