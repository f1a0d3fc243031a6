"""Draws: the published vectors of Philox, one draw the same however it is asked for, and variates against SciPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import special, stats

from kmsim import rng

# Random123's known-answer file (kat_vectors), philox4x32 with ten rounds: counter, key, answer.
VECTORS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
PURPOSES = {name: value for name, value in vars(rng).items() if isinstance(value, np.uint32) and name.isupper()}
PURPOSES = {name: value for name, value in PURPOSES.items() if not name.startswith("_")}


def block(seed=1, purpose=rng.STAGE, practice=0, first=0, tick=0, length=rng.BLOCK) -> np.ndarray:
    out = np.empty(length, np.float32)
    rng.uniform_block(out, seed, purpose, practice, first, tick)
    return out


def words(values) -> tuple[np.uint32, ...]:
    return tuple(np.uint32(value) for value in values)


@pytest.mark.parametrize(("counter", "key", "answer"), VECTORS)
def test_philox_gives_the_published_vectors(counter, key, answer):
    assert tuple(int(word) for word in rng.philox(*words(counter), *words(key))) == answer


@pytest.mark.parametrize(("counter", "key", "answer"), VECTORS)
def test_philox_uncompiled_gives_the_published_vectors(counter, key, answer):
    with np.errstate(over="ignore"):
        assert tuple(int(word) for word in rng.philox.py_func(*words(counter), *words(key))) == answer


def test_a_draw_is_the_word_of_its_own_counter_and_key():
    """The layout that the module's docstring states, reckoned here by hand for slots of each lane."""
    seed = (7 << 32) | 5
    for slot, tick, purpose, practice in ((0, 0, 0, 0), (130, 3, 1, 2), (511, 9, 7, 0), (512 * 4 + 300, 59, 13, 3)):
        call = slot // 512 * 128 + slot % 128
        got = rng.philox(*words((call, tick, purpose | practice << 16, 0)), *words((5, 7)))
        word = int(got[slot % 512 // 128])
        expected = np.float32(((word >> 9) + 0.5) * 2.0**-23)
        assert rng.uniform(seed, purpose, practice, slot, tick) == expected


@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**32 + 17, 2**62])
@pytest.mark.parametrize(("purpose", "practice", "first", "tick"), [(0, 0, 0, 0), (1, 3, 1024, 7), (12, 1, 512, 119)])
def test_one_draw_and_a_block_of_draws_agree(seed, purpose, practice, first, tick):
    many = block(seed, purpose, practice, first, tick, 2 * rng.BLOCK)
    one = [rng.uniform(seed, purpose, practice, first + j, tick) for j in range(len(many))]
    assert many.tolist() == [float(x) for x in one]


@pytest.mark.parametrize("seed", [0, 2**31, 2**62])
@pytest.mark.parametrize(("purpose", "practice", "tick"), [(0, 0, 0), (12, 3, 119)])
def test_one_draw_and_draws_of_chosen_slots_agree(seed, purpose, practice, tick):
    slots = np.array([0, 1, 127, 128, 255, 256, 383, 384, 511, 512, 700, 5000, 483_577])
    some = np.empty(len(slots), np.float32)
    rng.uniform_at(some, seed, purpose, practice, slots, tick)
    assert some.tolist() == [float(rng.uniform(seed, purpose, practice, slot, tick)) for slot in slots]


def test_a_block_does_not_depend_on_how_it_is_cut():
    whole = block(length=8 * rng.BLOCK)
    parts = np.concatenate([block(first=i * rng.BLOCK) for i in range(8)])
    assert whole.tobytes() == parts.tobytes()


def test_purposes_are_all_different():
    assert len(PURPOSES) >= 20
    numbers = [int(value) for name, value in PURPOSES.items() if name not in ("BLOCK", "CALLS")]
    assert len(set(numbers)) == len(numbers)


def test_the_open_unit_never_reaches_its_ends():
    ends = [rng.open_unit(np.uint32(0)), rng.open_unit(np.uint32(0xFFFFFFFF))]
    assert 0 < ends[0] < ends[1] < 1
    assert ends[0] == np.float32(2.0**-24)
    assert all(isinstance(float(x), float) and np.float32(x).dtype == np.float32 for x in ends)
    assert np.isfinite([float(rng.normal(x)) for x in ends]).all()
    assert all(np.isfinite(-np.log1p(-np.float64(x))) for x in ends)


def test_draws_lie_in_the_open_interval_and_are_uniform():
    """Chi-square over 64 bins, for several seeds and purposes; fixed seeds, bounds far out (p of 1e-6 either way)."""
    low, high = stats.chi2.ppf([1e-6, 1 - 1e-6], 63)
    for seed, purpose, tick in itertools.product((1, 2, 99), (rng.AWARE, rng.STAGE, rng.TURNOVER), (0, 31)):
        draws = block(seed, purpose, tick=tick, length=128 * rng.BLOCK)
        assert draws.min() > 0
        assert draws.max() < 1
        counts = np.bincount((draws * 64).astype(int), minlength=64)
        assert low < ((counts - counts.mean()) ** 2 / counts.mean()).sum() < high
        assert abs(draws.mean() - 0.5) < 5 * np.sqrt(1 / 12 / len(draws))


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 2},
        {"seed": 1 + 2**32},
        {"purpose": rng.AWARE},
        {"practice": 1},
        {"first": 128 * rng.BLOCK},
        {"tick": 1},
        {"tick": 39},
    ],
    ids=str,
)
def test_draws_that_differ_in_one_thing_are_independent(other):
    """A table of 16 x 16 for pairs of draws that differ in seed, purpose, practice, slot or tick."""
    length = 128 * rng.BLOCK
    a, b = block(length=length), block(**other, length=length)
    table = np.histogram2d(a, b, bins=16, range=((0, 1), (0, 1)))[0]
    statistic = ((table - length / 256) ** 2 / (length / 256)).sum()
    low, high = stats.chi2.ppf([1e-6, 1 - 1e-6], 255)
    assert low < statistic < high
    assert abs(np.corrcoef(a, b)[0, 1]) < 5 / np.sqrt(length)


@pytest.mark.parametrize("lag", [1, 2, 7, 127, 128, 129, 256, 384, 512])
def test_neighbouring_slots_are_independent(lag):
    """A post, the next post and the post one lane on share nothing."""
    draws = block(length=256 * rng.BLOCK)
    assert abs(np.corrcoef(draws[:-lag], draws[lag:])[0, 1]) < 5 / np.sqrt(len(draws))


def test_no_draw_is_used_twice():
    """Purposes and practices, ticks and slots: 2^23 values, so a few are alike by chance and no two rows are."""
    rows = [block(1, p, k, f * rng.BLOCK, t) for p in (0, 1, 7) for k in (0, 1) for f in (0, 1) for t in (0, 1, 2)]
    assert len({row.tobytes() for row in rows}) == len(rows)


def test_normal_is_the_inverse_of_the_normal_distribution():
    u = np.concatenate([np.linspace(0, 1, 20001)[1:-1], [2.0**-24, 1 - 2.0**-24, 1e-7, 0.075, 0.925]]).astype(
        np.float32
    )
    u = u[(u > 0) & (u < 1)]
    got = np.array([rng.normal(x) for x in u])
    exact = special.ndtri(u.astype(np.float64))
    assert np.max(np.abs(got - exact)) < 1e-6
    assert np.all(np.diff(got[:-5]) >= 0)
    mirrored = np.array([rng.normal(np.float32(1) - x) for x in u[u >= 0.5]])
    assert np.allclose(mirrored, -got[u >= 0.5], atol=1e-9)


def test_normals_of_draws_are_normal():
    draws = block(5, rng.ATTEND, length=64 * rng.BLOCK)
    z = np.array([rng.normal(x) for x in draws])
    assert stats.kstest(z, "norm").pvalue > 1e-6
    assert abs(z.mean()) < 5 / np.sqrt(len(z))
    assert abs(z.std() - 1) < 5 / np.sqrt(2 * len(z))


def test_experience_is_the_floor_of_the_fitted_gamma():
    """system.md 1.10: Gamma(2.09, 6.23) in whole years, at most 60."""
    u = ((np.arange(4000) + 0.5) / 4000).astype(np.float32)
    got = np.array([int(rng.experience(x)) for x in u])
    exact = np.minimum(np.floor(special.gammaincinv(2.09, u.astype(np.float64)) * 6.23), 60)
    assert np.array_equal(got, exact)
    assert got[0] == 0
    assert rng.experience(np.float32(1 - 2.0**-24)) <= 60
    assert abs(got.mean() + 0.5 - 2.09 * 6.23) < 0.15


def test_climate_is_the_quantile_of_its_beta():
    u = ((np.arange(2000) + 0.5) / 2000).astype(np.float32)
    got = np.array([rng.climate_quantile(x) for x in u])
    exact = special.betaincinv(4, 4, u.astype(np.float64))
    inside = (u > 0.002) & (u < 0.998)
    assert np.max(np.abs(got - exact)[inside]) < 5e-4
    assert np.max(np.abs(got - exact)) < 0.06  # the curve is steep at the very ends, where the table is linear
    assert np.all(np.diff(got) > 0)
    assert 0 <= rng.climate_quantile(np.float32(2.0**-24)) < rng.climate_quantile(np.float32(1 - 2.0**-24)) <= 1


def test_uncompiled_variates_are_the_compiled_ones():
    for x in (0.001, 0.05, 0.3, 0.5, 0.7, 0.99, 0.99999):
        u = np.float32(x)
        assert rng.normal.py_func(u) == pytest.approx(rng.normal(u), abs=1e-12)
        assert rng.experience.py_func(u) == rng.experience(u)
        assert rng.climate_quantile.py_func(u) == pytest.approx(rng.climate_quantile(u), abs=1e-12)
    many, some = np.empty(rng.BLOCK, np.float32), np.empty(2, np.float32)
    with np.errstate(over="ignore"):
        assert rng.uniform.py_func(3, 1, 0, 700, 4) == rng.uniform(3, 1, 0, 700, 4)
        rng.uniform_block.py_func(many, 3, 1, 0, 512, 4)
        rng.uniform_at.py_func(some, 3, 1, 0, np.array([700, 900]), 4)
    assert many.tobytes() == block(3, 1, 0, 512, 4).tobytes()
    assert some.tolist() == [many[700 - 512], many[900 - 512]]
