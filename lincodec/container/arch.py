"""ARCH: which decoder function a file uses, and its parameters (spec clause 6.2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from lincodec import registry
from lincodec.container.cursor import Cursor, require, require_finite, single
from lincodec.errors import UnsupportedError
from lincodec.registry import ArchId, Sigma

#: arch_id, arch_version  # spec 6.2
_IDENTITY = struct.Struct("<HH")
#: encoding, layers, hidden, latent_dim, rank, modulated, sigma, hyper_layers, hyper_hidden,
#: patch, kernel, frequencies, features, n_levels, zero  # spec 6.2.1
_LATENT_INR = struct.Struct("<BBHHHIBBHBBHBBH")
#: scale, resolution, entries, hashed
_LEVEL = struct.Struct("<fIIB")
#: block, overlap, n_components, net_layers, net_stride, net_channels, net_latents,
#: net_hidden, zero  # spec 6.2.2
_LINC = struct.Struct("<BBHBBHHHI")

_MAX_LAYERS = 32


@dataclass(frozen=True)
class LincArch:
    """Parameters of architecture 2, ``linc`` (spec clause 6.2.2)."""

    block: int
    """log2 of the luma block side, 3..6."""
    overlap: int
    """Samples by which a luma block's window reaches over each side, 0..half a block."""
    n_components: int
    """Largest number of latent entries per frame of any segment."""
    net_layers: int = 0
    """Layers of the network; 0: there is none and all net fields are 0."""
    net_stride: int = 0
    """Luma samples per feature sample: 2 or 4."""
    net_channels: int = 0
    net_latents: int = 0
    """How many leading latent entries drive the network's hypernetwork."""
    net_hidden: int = 0
    """Hidden width of the hypernetwork."""

    def pack(self) -> bytes:
        """The ARCH payload.

        Raises:
            CorruptError: a field is out of range.
        """
        self._check()
        fields = (self.block, self.overlap, self.n_components, self.net_layers, self.net_stride)
        more = (self.net_channels, self.net_latents, self.net_hidden, 0)
        return _identity(ArchId.LINC) + _LINC.pack(*fields, *more)

    @staticmethod
    def parse(cursor: Cursor) -> LincArch:
        """Decode what follows the identity."""
        *fields, zero = cursor.unpack(_LINC)
        cursor.finish()
        if zero:
            raise UnsupportedError("ARCH: a reserved field is set; update linc")
        arch = LincArch(*fields)
        arch._check()
        return arch

    def _check(self) -> None:
        require(3 <= self.block <= 6, f"ARCH: block is 2^{self.block}, expected 2^3 to 2^6")
        half = 1 << self.block - 1
        require(0 <= self.overlap <= half, f"ARCH: overlap is {self.overlap}, expected 0 to {half}")
        require(self.n_components >= 1, "ARCH: there are no latent entries")
        network = (self.net_stride, self.net_channels, self.net_latents, self.net_hidden)
        if self.net_layers == 0:
            require(not any(network), f"ARCH: network fields {network} without a network")
            return
        require(self.net_layers <= _MAX_LAYERS, f"ARCH: {self.net_layers} network layers")
        require(self.net_stride in (2, 4), f"ARCH: network stride {self.net_stride} is not 2 or 4")
        require(self.net_channels >= 1, "ARCH: the network has no channels")
        within = self.net_latents <= self.n_components
        require(within, f"ARCH: the network uses {self.net_latents} of {self.n_components} latents")


@dataclass(frozen=True)
class GridLevel:
    """One level of a hash grid, stored and never derived (spec clause 6.2.1)."""

    scale: float
    """Cells per unit length, binary32."""
    resolution: int
    """Grid points per side."""
    entries: int
    """Entries of the level's table."""
    hashed: bool
    """Whether points are hashed into the table instead of laid out densely."""


@dataclass(frozen=True)
class LatentInrArch:
    """Parameters of architecture 1, ``latent-inr`` (spec clause 6.2.1)."""

    encoding: int
    """0: hash grid; 1: Fourier features."""
    layers: int
    """Layers of the base network, hidden and output."""
    hidden: int
    """Width of the base network."""
    latent_dim: int
    rank: int
    """Rank of the modulation; 0: the hypernetwork predicts the whole matrix."""
    modulated: int
    """Bit l set: layer l is modulated."""
    sigma: int
    """What P Q goes through: a ``registry.Sigma`` (paper Eq. 2)."""
    hyper_layers: int
    """Layers of each hypernetwork."""
    hyper_hidden: int
    """Hidden width of each hypernetwork."""
    patch: int
    """Side of the patch that one coordinate yields; 1: single samples."""
    kernel: int
    """Side of the patch block's convolution, odd; 0 without patches."""
    frequencies: int
    """Fourier frequencies; 0 with a hash grid."""
    features: int
    """Features per grid level; 0 with Fourier features."""
    levels: tuple[GridLevel, ...] = ()

    def pack(self) -> bytes:
        """The ARCH payload.

        Raises:
            CorruptError: a field is out of range.
        """
        self._check()
        head = (self.encoding, self.layers, self.hidden, self.latent_dim, self.rank)
        hyper = (self.modulated, self.sigma, self.hyper_layers, self.hyper_hidden)
        rest = (self.patch, self.kernel, self.frequencies, self.features, len(self.levels), 0)
        table = b"".join(
            _LEVEL.pack(level.scale, level.resolution, level.entries, level.hashed)
            for level in self.levels
        )
        return _identity(ArchId.LATENT_INR) + _LATENT_INR.pack(*head, *hyper, *rest) + table

    @staticmethod
    def parse(cursor: Cursor) -> LatentInrArch:
        """Decode what follows the identity."""
        *values, n_levels, zero = cursor.unpack(_LATENT_INR)
        if zero:
            raise UnsupportedError("ARCH: a reserved field is set; update linc")
        levels = tuple(_parse_level(cursor) for _ in range(n_levels))
        cursor.finish()
        arch = LatentInrArch(*[*values, levels])
        arch._check()
        return arch

    def _check(self) -> None:
        if self.encoding not in (0, 1):
            raise UnsupportedError(f"ARCH: encoding {self.encoding} is unknown; update linc")
        if self.sigma not in set(Sigma):
            raise UnsupportedError(f"ARCH: sigma {self.sigma} is unknown; update linc")
        for name in ("layers", "hidden", "latent_dim", "hyper_layers", "hyper_hidden", "patch"):
            require(getattr(self, name) >= 1, f"ARCH: {name} is 0")
        require(self.layers <= _MAX_LAYERS, f"ARCH: {self.layers} layers")
        in_range = self.modulated < 1 << self.layers
        require(in_range, f"ARCH: modulated layers {self.modulated:#x} of {self.layers}")
        tensors = self.modulated.bit_count() * self.hyper_layers
        require(tensors <= 256, f"ARCH: {tensors} layers of hypernetworks, expected at most 256")
        kernels = (0,) if self.patch == 1 else range(1, 256, 2)
        require(self.kernel in kernels, f"ARCH: kernel {self.kernel} with patch {self.patch}")
        grid, fourier = bool(self.levels), self.frequencies > 0
        consistent = (grid, fourier) == ((True, False), (False, True))[self.encoding]
        require(consistent, f"ARCH: encoding {self.encoding} with {len(self.levels)} levels")
        require(grid == (self.features > 0), f"ARCH: {self.features} features per level")
        for index, level in enumerate(self.levels):
            _check_level(level, f"ARCH: level {index}")


Arch = LincArch | LatentInrArch


def _identity(identity: ArchId) -> bytes:
    """Architecture and the version of it that is written."""
    return _IDENTITY.pack(identity, registry.ARCHES[identity][1])


def parse_arch(payload: bytes) -> Arch:
    """Decode and check an ARCH payload.

    Raises:
        CorruptError: a field breaks a rule.
        UnsupportedError: an architecture or version this package does not know.
    """
    cursor = Cursor(payload, "ARCH")
    identity, version = cursor.unpack(_IDENTITY)
    if identity not in registry.ARCHES:
        raise UnsupportedError(f"ARCH: architecture {identity} is unknown; update linc")
    name, known = registry.ARCHES[identity]
    require(version >= 1, f"ARCH: version 0 of {name}")
    if version != known:
        step = "update linc" if version > known else "it is of an earlier draft: encode it anew"
        raise UnsupportedError(
            f"ARCH: version {version} of {name} is unknown, this linc knows {known}; {step}"
        )
    return LincArch.parse(cursor) if identity == ArchId.LINC else LatentInrArch.parse(cursor)


def arch_name(arch: Arch) -> str:
    """The registered name, ``linc`` or ``latent-inr``."""
    identity = ArchId.LINC if isinstance(arch, LincArch) else ArchId.LATENT_INR
    return registry.ARCHES[identity][0]


def _parse_level(cursor: Cursor) -> GridLevel:
    scale, resolution, entries, hashed = cursor.unpack(_LEVEL)
    require(hashed <= 1, f"ARCH: hashed is {hashed}, expected 0 or 1")
    return GridLevel(scale, resolution, entries, bool(hashed))


def _check_level(level: GridLevel, where: str) -> None:
    require_finite(level.scale, f"{where}: scale")
    require(level.scale == single(level.scale), f"{where}: scale is not binary32")
    require(level.scale > 0, f"{where}: scale is {level.scale}")
    require(level.resolution >= 1, f"{where}: resolution is 0")
    require(1 <= level.entries <= registry.MAX_DIM, f"{where}: {level.entries} entries")
    dense = level.resolution * level.resolution <= level.entries
    require(level.hashed or dense, f"{where}: {level.entries} entries do not hold a dense grid")
