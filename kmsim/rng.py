"""Counter-based draws: every draw is a pure function of (seed, purpose, practice, slot, tick).

Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"), key = seed,
counter = (slot's call, tick, purpose and practice, 0). One call gives four words; of BLOCK = 512 neighbouring slots
call c (0-127) serves slots c, c + 128, c + 256 and c + 384, so that calls side by side fill slots side by side.
Two policies that ask for the same draw get the same draw, whatever else they do.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from kmsim.jit import compiled, rule

# Purposes of the simulation. A purpose is never reused for another meaning.
AWARE = np.uint32(0)
STAGE = np.uint32(1)
ATTEND = np.uint32(2)
SIGHT = np.uint32(3)
SIGNUP = np.uint32(4)
WITHDRAW = np.uint32(5)
ASSIGN = np.uint32(6)
TURNOVER = np.uint32(7)
NEW_FRESH = np.uint32(8)
NEW_EXPERIENCE = np.uint32(9)
NEW_OPENNESS = np.uint32(10)
NEW_APTITUDE = np.uint32(11)
NEW_STAGE = np.uint32(12)
HEAD_CLIMATE = np.uint32(13)
# Purposes of building a system (its own seed).
BUILD_CLIMATE = np.uint32(32)
BUILD_EXPERIENCE = np.uint32(33)
BUILD_OPENNESS = np.uint32(34)
BUILD_APTITUDE = np.uint32(35)
BUILD_WORKLOAD = np.uint32(36)
BUILD_TIES = np.uint32(37)
BUILD_SCHOOLS = np.uint32(38)  # synthetic schools; `practice` is what is drawn, `tick` the draw's number

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)
_9, _HALF, _STEP = np.uint32(9), np.float32(0.5), np.float32(2.0**-23)
_16, _LANES = np.uint32(16), np.uint32(3)
BLOCK, CALLS = 512, 128  # slots to a block, calls to a block
_BLOCK_BITS, _CALL_BITS, _CALL_MASK = np.uint32(9), np.uint32(7), np.uint32(CALLS - 1)


@rule
def philox(c0, c1, c2, c3, k0, k1):
    """Four 32-bit words for a counter and a key, all uint32; ten rounds."""
    for _ in range(10):
        p0 = _M0 * np.uint64(c0)
        p1 = _M1 * np.uint64(c2)
        c0, c1, c2, c3 = (
            np.uint32(p1 >> _32) ^ c1 ^ k0,
            np.uint32(p1 & _LOW),
            np.uint32(p0 >> _32) ^ c3 ^ k1,
            np.uint32(p0 & _LOW),
        )
        k0 = np.uint32(k0 + _W0)
        k1 = np.uint32(k1 + _W1)
    return c0, c1, c2, c3


@rule
def open_unit(word):
    """A word as a float32 in the open interval (0, 1); 2^23 values, none of them 0 or 1."""
    return (np.float32(np.int32(word >> _9)) + _HALF) * _STEP


@compiled
def uniform(seed, purpose, practice, slot, tick):
    """The draw for one slot: float32 in (0, 1), the same for ever. seed: whole number >= 0; the rest fit 32 bits."""
    key = np.uint64(seed)
    where = np.uint32(slot)
    words = philox(
        ((where >> _BLOCK_BITS) << _CALL_BITS) | (where & _CALL_MASK),
        np.uint32(tick),
        np.uint32(purpose) | (np.uint32(practice) << _16),
        np.uint32(0),
        np.uint32(key & _LOW),
        np.uint32(key >> _32),
    )
    lane = (where >> _CALL_BITS) & _LANES
    word = words[0] if lane == 0 else words[1] if lane == 1 else words[2] if lane == 2 else words[3]
    return open_unit(word)


@compiled
def _calls(a, b, c, d, call, when, what, k0, k1):
    """128 calls side by side, a word of each into each of four rows: the loop that becomes SIMD."""
    for j in range(len(a)):
        w0, w1, w2, w3 = philox(np.uint32(call + j), when, what, np.uint32(0), k0, k1)
        a[j], b[j], c[j], d[j] = open_unit(w0), open_unit(w1), open_unit(w2), open_unit(w3)


@compiled
def uniform_block(out, seed, purpose, practice, first, tick):
    """Fill `out` with the draws of slots first, first + 1, ...: the same as `uniform` gives one by one.

    `first` and the length of `out` are multiples of BLOCK.
    """
    key = np.uint64(seed)
    k0, k1 = np.uint32(key & _LOW), np.uint32(key >> _32)
    what = np.uint32(purpose) | (np.uint32(practice) << _16)
    for block in range(len(out) // BLOCK):
        rows = out[block * BLOCK : (block + 1) * BLOCK].reshape(4, CALLS)
        call = np.uint32((first // BLOCK + block) * CALLS)
        _calls(rows[0], rows[1], rows[2], rows[3], call, np.uint32(tick), what, k0, k1)


# Inverse distribution functions, as tables: a draw in, a variate out.
_CLIMATE = special.betaincinv(4, 4, np.arange(1025) / 1024)
_EXPERIENCE = special.gammainc(2.09, np.arange(1, 61) / 6.23)


@rule
def _middle(q):
    r = 0.180625 - q * q
    top = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
    return q * top / (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0)


@compiled
def normal(u):
    """A standard normal variate from a draw, by Wichura's PPND7 (Applied Statistics 37, 1988, AS 241); error below 1e-6."""
    q = np.float64(u) - 0.5
    if abs(q) <= 0.425:
        return _middle(q)
    r = np.sqrt(-np.log(min(np.float64(u), 1.0 - np.float64(u))))
    if r <= 5.0:
        r -= 1.6
        top = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
        x = top / ((0.12021132975 * r + 0.73700164250) * r + 1.0)
    else:
        r -= 5.0
        top = ((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150
        x = top / ((0.012258202635 * r + 0.24197894225) * r + 1.0)
    return -x if q < 0 else x


@compiled
def normals(out, draws):
    """Standard normal variates from draws, out[i] from draws[i]: the same as `normal` gives one by one, but faster."""
    for i in range(len(out)):
        out[i] = _middle(np.float64(draws[i]) - 0.5)
    for i in range(len(out)):
        if abs(np.float64(draws[i]) - 0.5) > 0.425:
            out[i] = normal(draws[i])


@compiled
def experience(u):
    """Years of experience, whole, from a draw: the floor of Gamma(2.09, 6.23) (system.md 1.10), at most 60."""
    return np.searchsorted(_EXPERIENCE, np.float64(u))


@compiled
def climate_quantile(u):
    """A school's climate from a draw: Beta(4, 4), linear between 1,025 quantiles."""
    at = np.float64(u) * 1024.0
    low = int(at)
    return _CLIMATE[low] + (at - low) * (_CLIMATE[low + 1] - _CLIMATE[low])
