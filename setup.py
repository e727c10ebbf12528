"""Builds the compiled core into the package; everything else is in pyproject.toml."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from setuptools import Command, Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build import build

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tools"))

import core_build  # noqa: E402

PACKAGE = Path("lincodec", "core")
PLAYER = core_build.PLAYER.relative_to(ROOT)


class BuildCore(Command):
    """Compiles the core for the platform of the wheel, or in place for an editable install."""

    description = "compile lincodec/core, for this machine and for browsers"
    user_options: ClassVar[list[tuple[str, str, str]]] = []
    editable_mode = False

    def initialize_options(self) -> None:
        self.build_lib: str | None = None

    def finalize_options(self) -> None:
        self.set_undefined_options("build", ("build_lib", "build_lib"))
        wheel = self.get_finalized_command("bdist_wheel")
        self.platform = wheel.plat_name if wheel.plat_name_supplied else core_build.here()

    def run(self) -> None:
        folder = ROOT / PACKAGE if self.editable_mode else Path(self.build_lib or "", PACKAGE)
        for old in folder.glob("_linc_core*"):  # of another platform, or half made
            old.unlink()
        core_build.build(self.platform, folder)
        core_build.build_player(Path(ROOT if self.editable_mode else self.build_lib or "", PLAYER))

    def get_source_files(self) -> list[str]:
        files = [*core_build.sources(), *core_build.headers(), Path(core_build.__file__)]
        files += sorted(core_build.CORE.glob("freestanding/*.c"))
        files += sorted(core_build.PLAYER.parent.glob("*.js"))
        return [str(file.resolve().relative_to(ROOT)) for file in files]

    def get_outputs(self) -> list[str]:
        names = core_build.TARGETS[self.platform].libraries()
        files = [PLAYER, *(PACKAGE / name for name in names)]
        return [str(Path(self.build_lib or "", file)) for file in files]

    def get_output_mapping(self) -> dict[str, str]:
        base = Path(self.build_lib or "")
        return {output: str(Path(output).relative_to(base)) for output in self.get_outputs()}


class Build(build):
    sub_commands: ClassVar = [*build.sub_commands, ("build_core", None)]


class PlatformWheel(bdist_wheel):
    """A wheel for one platform and any Python 3: the core knows nothing of Python."""

    def get_tag(self) -> tuple[str, str, str]:
        name = self.plat_name if self.plat_name_supplied else core_build.local_tag()
        return "py3", "none", name


class PlatformDistribution(Distribution):
    def has_ext_modules(self) -> bool:
        return True


setup(
    distclass=PlatformDistribution,
    cmdclass={"build": Build, "build_core": BuildCore, "bdist_wheel": PlatformWheel},
)
