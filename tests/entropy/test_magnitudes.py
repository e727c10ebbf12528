"""Tables of magnitudes: what is known while coding, and sums that stay exact."""

from __future__ import annotations

import numpy as np
import pytest

from lincodec.entropy import context, spectral, tables
from lincodec.entropy.coefficients import Coefficients
from lincodec.entropy.magnitudes import TERMS, Known, block_terms, outputs


def channel(seed: int, blocks: tuple[int, int] = (8, 8)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.integers(-20, 21, (3, 3, 4, *blocks)) * (rng.random((3, 3, 4, *blocks)) < 0.3)
    return values.astype(np.int32)


def inner(known: Known) -> np.ndarray:
    """What is known without its border, like the coefficients."""
    low, high = context.LOW, context.HIGH
    state = known.state.reshape(known.shape.padded)
    return state[2:, low:-high, low:-high, 1:-1, 1:-1].transpose(0, 3, 4, 1, 2)


def test_told_step_by_step_or_at_once() -> None:
    values = channel(1)
    known = Known(context.Channel(*values.shape))
    active = context.active_positions(known.shape, context.class_of(Coefficients.of(values)))
    for part in context.steps(active):
        step = active.part(part)
        magnitudes = np.minimum(np.abs(values.ravel()[step.plain(known.shape)]), 15)
        known.put(step, magnitudes)
    whole = Known.of(Coefficients.of(values))
    np.testing.assert_array_equal(known.state, whole.state)


def test_sums_over_the_blocks_beside() -> None:
    values = channel(2)
    known = Known.of(Coefficients.of(values))
    roots, around = inner(known) & 255, inner(known) >> 8
    expected = np.array(tables.ROOT)[np.minimum(np.abs(values), 15)]
    expected[0, :, :, 0, 0] = 0
    np.testing.assert_array_equal(roots, expected)
    beside = np.pad(expected, ((0, 0), (1, 1), (1, 1), (0, 0), (0, 0)))
    total = beside[:, :-2, 1:-1] + beside[:, 2:, 1:-1] + beside[:, 1:-1, :-2] + beside[:, 1:-1, 2:]
    np.testing.assert_array_equal(around, total)


def test_tables_do_not_depend_on_how_positions_are_grouped() -> None:
    luma, chroma = channel(3), channel(4, (4, 4))
    walk = spectral.Walk()
    for values in (luma, chroma):
        walk.classes.append(context.class_of(Coefficients.of(values)))
        around = walk.context(Known.of(Coefficients.of(values)))
        shape = around.known.shape
        active = context.active_positions(shape, walk.classes[-1])
        for late in (0, 1):
            part = active.part(np.flatnonzero((active.time & 1) == late))
            whole = around.tables(part)
            single = [around.tables(part.part(slice(i, i + 1)))[0] for i in range(0, part.count, 7)]
            np.testing.assert_array_equal(whole[::7], single)


def test_terms_of_blocks_far_into_a_segment() -> None:
    """The term of the component stays where it is from component 15 on."""
    found = block_terms(np.full((300, 1, 2), 7, np.uint8), None)
    np.testing.assert_array_equal(found[1], np.repeat(8 * np.minimum(np.arange(300), 15), 2))
    np.testing.assert_array_equal(found[:, -1], [112, 120, 28, 112, 0])


@pytest.mark.parametrize("kind", range(6))
def test_no_sum_loses_a_bit_in_binary32(kind: int) -> None:
    """The largest sums stay below 2^24, and so whole numbers are exact."""
    hidden = np.array(tables.HIDDEN_WEIGHTS)[kind // 2, kind % 2]
    output = np.array(tables.OUTPUT_WEIGHTS)[kind // 2, kind % 2]
    assert hidden.shape[1] == TERMS + 1
    assert (np.abs(hidden) @ np.append(np.full(TERMS, 255), 1)).max() < 1 << 24
    units = np.full(hidden.shape[0], tables.LARGEST_UNIT)
    assert (np.abs(output) @ np.r_[np.full(TERMS, 255), units, 1]).max() < 1 << 24
    terms = np.random.default_rng(kind).integers(0, 256, (TERMS, 500))
    exact = (hidden[:, :-1] @ terms + hidden[:, -1:]) >> tables.UNIT_SHIFT
    exact = np.clip(exact, 0, tables.LARGEST_UNIT)
    exact = output[:, :TERMS] @ terms + output[:, TERMS:-1] @ exact + output[:, -1:]
    layers = hidden.astype(np.float32), output.astype(np.float32)
    np.testing.assert_array_equal(outputs(terms.astype(np.float32), *layers), exact)


def test_every_table_can_be_named() -> None:
    count = (len(tables.SIZE_THRESHOLDS) + 1) * (len(tables.TAIL_THRESHOLDS) + 1)
    assert len(tables.SPECTRAL_TABLES) == count <= 256
    for thresholds in (tables.SIZE_THRESHOLDS, tables.TAIL_THRESHOLDS):
        assert list(thresholds) == sorted(set(thresholds))
