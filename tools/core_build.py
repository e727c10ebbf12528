"""Compile the core (``lincodec/core/*.c``) with the C compiler inside the package ``ziglang``.

    python tools/core_build.py                      for this machine, in place
    python tools/core_build.py --platform win_amd64 --out DIR
    python tools/core_build.py --wasm build/linc_core.wasm
    python tools/core_build.py --player             the decoder of lincodec/web/player

The setup script calls this as well. Every library is one call of the compiler, which keeps its
objects in a cache of its own (``ZIG_GLOBAL_CACHE_DIR``). The core is compiled without a C library
(``lincodec/core/freestanding``): nothing but the sources is compiled, and one library does for
glibc and musl. On x86-64 there are two: for levels 2 and 3 of the instruction set.
"""

from __future__ import annotations

import argparse
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "lincodec" / "core"
#: The decoder that comes with the player for browsers.
PLAYER = ROOT / "lincodec" / "web" / "player" / "decoder.wasm"

ZIG = (sys.executable, "-m", "ziglang", "cc")

#: What every build of the core has in common, whichever compiler. One rounding everywhere, so no
#: contraction; the encoder's few binary64 sums then come out alike on every machine.
COMMON = ("-std=c11", "-ffp-contract=off", "-fvisibility=hidden", "-DLINC_BUILD")


class BuildError(Exception):
    """The core cannot be built here; says what to do."""


@dataclass(frozen=True)
class Target:
    """A platform: zig's name, what its libraries are called, which are made for which processor."""

    triple: str
    suffix: str
    processors: dict[str, str]
    extra: tuple[str, ...] = ()

    def libraries(self) -> list[str]:
        """File names of the libraries."""
        return [stem + self.suffix for stem in self.processors]


_X86 = {"_linc_core": "x86_64_v2", "_linc_core_v3": "x86_64_v3"}
_ELF = ("-fPIC", "-nostdlib", "-s")
_MACOS = ("-nostdlib", "-Wl,-s")
#: malloc and memcpy from the runtime that every Windows 10 has; the probe of large stack frames
#: from the compiler's.
_WINDOWS = ("-nostdlib", "-s", "-lucrtbase", "-lcompiler_rt")

#: By tag of the wheel. The glibc in a triple only picks the ABI: nothing of it is linked.
TARGETS: dict[str, Target] = {
    "manylinux_2_17_x86_64": Target("x86_64-linux-gnu.2.17", ".so", _X86, _ELF),
    "manylinux_2_17_aarch64": Target(
        "aarch64-linux-gnu.2.17", ".so", {"_linc_core": "generic"}, _ELF
    ),
    "macosx_11_0_x86_64": Target("x86_64-macos.11.0", ".dylib", _X86, _MACOS),
    "macosx_11_0_arm64": Target("aarch64-macos.11.0", ".dylib", {"_linc_core": "apple_m1"}, _MACOS),
    "win_amd64": Target("x86_64-windows-gnu", ".dll", _X86, _WINDOWS),
}

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_SYSTEMS = {
    "linux-x86_64": "manylinux_2_17_x86_64",
    "linux-aarch64": "manylinux_2_17_aarch64",
    "darwin-x86_64": "macosx_11_0_x86_64",
    "darwin-aarch64": "macosx_11_0_arm64",
    "windows-x86_64": "win_amd64",
}


def here() -> str:
    """Key of this machine in TARGETS."""
    machine = platform.machine().lower()
    name = f"{platform.system().lower()}-{_MACHINES.get(machine, machine)}"
    if name not in _SYSTEMS:
        known = ", ".join(sorted(_SYSTEMS))
        raise BuildError(
            f"the core is not built for {name}, only for {known}: add it to {__file__}"
        )
    return _SYSTEMS[name]


def local_tag() -> str:
    """Platform tag of a wheel that is made here and stays here."""
    name = here()
    return name.replace("manylinux_2_17", "linux")


def sources() -> list[Path]:
    """Every C file of the library, in a fixed order."""
    return sorted(CORE.glob("*.c"))


def headers() -> list[Path]:
    """Every header that the sources may include."""
    return sorted([*CORE.glob("*.h"), *CORE.glob("freestanding/*.h")])


def run(command: Sequence[str | Path]) -> None:
    """Run a compiler; its own words are the error."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    except OSError as error:
        raise BuildError(f"{command[0]} does not run: {error}") from error
    if done.returncode:
        if "No module named ziglang" in done.stderr:
            raise BuildError("the core needs a C compiler: pip install ziglang==0.17.1")
        raise BuildError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def compile_into(command: Sequence[str | Path], out: Path) -> None:
    """Run a compiler that writes ``out``, which is replaced at once or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    # Not over the old file: a process that has it loaded would crash.
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".core") as folder:
        unfinished = Path(folder, out.name)
        run([*command, "-o", unfinished])
        unfinished.replace(out)


def build(name: str, folder: Path) -> list[Path]:
    """Make every library of a platform in ``folder``; returns their paths."""
    target = TARGETS[name]
    files = sources()
    if name.startswith("win"):
        files.append(CORE / "freestanding" / "windows.c")
    made = []
    for stem, processor in target.processors.items():
        out = folder / (stem + target.suffix)
        # Else the path of this build would be its name, and no two builds the same.
        named = [f"-Wl,-install_name,@rpath/{out.name}"] if target.suffix == ".dylib" else []
        compile_into(
            [*ZIG, "-target", target.triple, f"-mcpu={processor}", "-shared", "-O3", *COMMON,
             "-fno-sanitize=all", "-I", CORE / "freestanding", *files, *target.extra, *named],
            out,
        )  # fmt: skip
        made.append(out)
    return made


def build_wasm(out: Path, exports: Sequence[str] = ()) -> None:
    """The same sources as WebAssembly with 128-bit vectors; imports nothing.

    Args:
        out: the module.
        exports: functions that it offers, with what they need and no more; none: the interface.
    """
    chosen = [f"-Wl,--export={name}" for name in ("malloc", "free", *exports)]
    compile_into(
        [*ZIG, "-target", "wasm32-freestanding", "-mcpu=generic+simd128+bulk_memory", "-O3",
         *COMMON, "-fno-sanitize=all", "-nostdlib", "-s", "-Wl,--no-entry",
         "-I", CORE / "freestanding", *sources(), CORE / "freestanding" / "wasm.c",
         *chosen, *([] if exports else ["-Wl,--export-dynamic"])],
        out,
    )  # fmt: skip


def build_player(out: Path = PLAYER) -> None:
    """The decoder for a browser: what the player's modules call."""
    script = "".join(path.read_text("utf-8") for path in sorted(PLAYER.parent.glob("*.js")))
    build_wasm(out, sorted(set(re.findall(r"\bcall\.(linc_\w+)", script))))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--platform", choices=sorted(TARGETS), help="tag of a wheel")
    parser.add_argument("--out", type=Path, default=CORE, help="folder for the libraries")
    parser.add_argument("--wasm", type=Path, metavar="FILE", help="make WebAssembly instead")
    parser.add_argument("--player", action="store_true", help="make the player's decoder instead")
    chosen = parser.parse_args()
    try:
        if chosen.player:
            build_player()
        elif chosen.wasm:
            build_wasm(chosen.wasm)
        else:
            build(chosen.platform or here(), chosen.out)
    except BuildError as error:
        sys.exit(f"core_build: {error}")


if __name__ == "__main__":
    main()
