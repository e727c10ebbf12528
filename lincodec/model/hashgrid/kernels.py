"""The Triton kernels of the hash grid: one program for a block of positions and a level.

Import this module only when triton is there. With TRITON_INTERPRET=1 in the environment
before triton is imported, the kernels run on CPU tensors, slowly.
"""

import triton
import triton.language as tl


@triton.jit
def _corner(positions, scales, sides, counts, hashes, starts, N, BLOCK: tl.constexpr):
    """Cell, share and level of a block of positions."""
    level = tl.program_id(1)
    n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = n < N
    x = tl.load(positions + 2 * n, mask=inside, other=0.0)
    y = tl.load(positions + 2 * n + 1, mask=inside, other=0.0)
    scale = tl.load(scales + level)
    px = tl.fma(x, scale, 0.5)
    py = tl.fma(y, scale, 0.5)
    fx = tl.floor(px)
    fy = tl.floor(py)
    gx = fx.to(tl.int32).to(tl.uint32)
    gy = fy.to(tl.int32).to(tl.uint32)
    side = tl.load(sides + level).to(tl.uint32)
    count = tl.load(counts + level).to(tl.uint32)
    hashed = tl.load(hashes + level)
    start = tl.load(starts + level)
    return n, inside, level, gx, gy, px - fx, py - fy, side, count, hashed, start


@triton.jit
def _row(gx, gy, right: tl.constexpr, below: tl.constexpr, side, count, hashed, start):
    """Table row of one corner."""
    cx = gx + right
    cy = gy + below
    index = tl.where(hashed != 0, cx ^ (cy * 2654435761), cx + cy * side).to(tl.uint32)
    return start + (index % count).to(tl.int32)


@triton.jit
def forward(
    positions, table, out, scales, sides, counts, hashes, starts, N,
    L: tl.constexpr, F: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    n, inside, level, gx, gy, wx, wy, side, count, hashed, start = _corner(
        positions, scales, sides, counts, hashes, starts, N, BLOCK
    )
    f = tl.arange(0, F)
    total = tl.zeros((BLOCK, F), tl.float32)
    for corner in tl.static_range(4):
        row = _row(gx, gy, corner & 1, corner >> 1, side, count, hashed, start)
        weight = (wx if corner & 1 else 1 - wx) * (wy if corner >> 1 else 1 - wy)
        value = tl.load(table + row[:, None] * F + f[None, :], mask=inside[:, None], other=0.0)
        total += weight[:, None] * value
    place = n[:, None].to(tl.int64) * (L * F) + level * F + f[None, :]
    tl.store(out + place, total, mask=inside[:, None])


@triton.jit
def backward(
    positions, gradient, out, scales, sides, counts, hashes, starts, N,
    L: tl.constexpr, F: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    n, inside, level, gx, gy, wx, wy, side, count, hashed, start = _corner(
        positions, scales, sides, counts, hashes, starts, N, BLOCK
    )
    f = tl.arange(0, F)
    place = n[:, None].to(tl.int64) * (L * F) + level * F + f[None, :]
    g = tl.load(gradient + place, mask=inside[:, None], other=0.0)
    for corner in tl.static_range(4):
        row = _row(gx, gy, corner & 1, corner >> 1, side, count, hashed, start)
        weight = (wx if corner & 1 else 1 - wx) * (wy if corner >> 1 else 1 - wy)
        # relaxed: only the sum matters, not when other threads see it
        tl.atomic_add(
            out + row[:, None] * F + f[None, :], weight[:, None] * g,
            mask=inside[:, None], sem="relaxed",
        )  # fmt: skip
