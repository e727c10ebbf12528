"""The exception tree: one class per cause, one exit code per class."""

from __future__ import annotations

from typing import ClassVar


class LincError(Exception):
    """Base of every error linc raises on purpose.

    The message is one line that says what failed, where, what was expected and
    found, and what to do next. ``exit_code`` is what the command line returns.
    """

    exit_code: ClassVar[int] = 1


class UsageError(LincError):
    """Options that do not make sense together, or a value out of range."""

    exit_code = 2


class InputError(LincError):
    """The source video cannot be opened or decoded."""

    exit_code = 3


class CorruptError(LincError):
    """The .linc file breaks the format."""

    exit_code = 4


class TruncatedError(CorruptError):
    """The .linc file ends before its trailer."""


class ChecksumError(CorruptError):
    """A stored checksum does not match the bytes."""


class UnsupportedError(LincError):
    """The file is well formed and needs something this version does not have."""

    exit_code = 5


class TargetError(LincError):
    """A requested rate or quality was not reached; the best file was kept."""

    exit_code = 6


class VerifyError(LincError):
    """A decoded digest or the rendered pixels do not match what the file states."""

    exit_code = 7


class ResourceError(LincError):
    """The machine lacks what the job needs (memory, disk, device)."""

    exit_code = 8


class LimitError(ResourceError):
    """The file or request exceeds a configured limit; nothing was allocated."""
