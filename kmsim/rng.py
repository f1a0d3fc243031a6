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
NEW_HEARD = np.uint32(14)
# Purposes of building a system (its own seed).
BUILD_CLIMATE = np.uint32(32)
BUILD_EXPERIENCE = np.uint32(33)
BUILD_OPENNESS = np.uint32(34)
BUILD_APTITUDE = np.uint32(35)
BUILD_WORKLOAD = np.uint32(36)
BUILD_TIES = np.uint32(37)
BUILD_SCHOOLS = np.uint32(38)  # synthetic schools; `practice` is what is drawn, `tick` the draw's number

# Of a number written out (0) Numba compiles a copy of its own wherever it is an argument: NONE is not written out.
NONE = np.int64(0)  # the practice, slot or tick of a draw that has none

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)
_9, _HALF, _STEP = np.uint32(9), np.float32(0.5), np.float32(2.0**-23)
_16, _LANES, _BIT = np.uint32(16), np.uint32(3), np.uint32(1)
BLOCK, CALLS = 512, 128  # slots to a block, calls to a block
_QUARTER, _HALF_BLOCK = np.uintp(CALLS), np.uintp(2 * CALLS)
_BLOCK_BITS, _CALL_BITS, _CALL_MASK = np.uint32(9), np.uint32(7), np.uint32(CALLS - 1)


@rule
def philox(c0, c1, c2, c3, k0, k1):
    """Four 32-bit words for a counter and a key, all uint32; ten rounds.

    >>> [hex(word) for word in philox(*(np.uint32(0) for _ in range(6)))]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
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
    """A word as a float32 in the open interval (0, 1); 2^23 values, none of them 0 or 1.

    >>> [0 < open_unit(np.uint32(word)) < 1 for word in (0, 2**32 - 1)]
    [True, True]
    """
    return (np.float32(np.int32(word >> _9)) + _HALF) * _STEP


@compiled
def uniform(seed, purpose, practice, slot, tick):
    """The draw for one slot: float32 in (0, 1), the same for ever. seed: whole number >= 0; the rest fit 32 bits.

    >>> u = uniform(1, AWARE, 0, 7, 3)
    >>> 0 < u < 1, u == uniform(1, AWARE, 0, 7, 3), u == uniform(2, AWARE, 0, 7, 3)
    (True, True, False)
    """
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
def uniform_block(out, seed, purpose, practice, first, tick):
    """Fill `out` with the draws of slots first, first + 1, ...: the same as `uniform` gives one by one.

    `first` and the length of `out` are multiples of BLOCK.

    >>> out = np.empty(BLOCK, np.float32)
    >>> uniform_block(out, 1, AWARE, 0, 0, 3)
    >>> bool(out[7] == uniform(1, AWARE, 0, 7, 3))
    True
    """
    key = np.uint64(seed)
    k0, k1 = np.uint32(key & _LOW), np.uint32(key >> _32)
    what = np.uint32(purpose) | (np.uint32(practice) << _16)
    when = np.uint32(tick)
    for block in range(len(out) // BLOCK):
        call, at = np.uint32((first // BLOCK + block) * CALLS), np.uintp(block * BLOCK)
        for j in range(np.uintp(CALLS)):
            w0, w1, w2, w3 = philox(np.uint32(call + j), when, what, np.uint32(0), k0, k1)
            out[at + j], out[at + _QUARTER + j] = open_unit(w0), open_unit(w1)
            out[at + _HALF_BLOCK + j], out[at + _HALF_BLOCK + _QUARTER + j] = open_unit(w2), open_unit(w3)


@compiled
def uniform_at(out, seed, purpose, practice, slots, tick):
    """Fill `out` with the draws of these slots: the same as `uniform` gives one by one, side by side.

    >>> out = np.empty(2, np.float32)
    >>> uniform_at(out, 1, AWARE, 0, np.array([7, 9]), 3)
    >>> bool(out[1] == uniform(1, AWARE, 0, 9, 3))
    True
    """
    key = np.uint64(seed)
    k0, k1 = np.uint32(key & _LOW), np.uint32(key >> _32)
    what, when = np.uint32(purpose) | (np.uint32(practice) << _16), np.uint32(tick)
    for j in range(np.uintp(len(slots))):
        where = np.uint32(slots[j])
        call = ((where >> _BLOCK_BITS) << _CALL_BITS) | (where & _CALL_MASK)
        w0, w1, w2, w3 = philox(call, when, what, np.uint32(0), k0, k1)
        lane = (where >> _CALL_BITS) & _LANES
        low, high = lane & _BIT, lane >> _BIT  # as factors: a choice among four would become a jump, and no SIMD
        word = (_BIT - high) * ((_BIT - low) * w0 + low * w1) + high * ((_BIT - low) * w2 + low * w3)
        out[j] = open_unit(np.uint32(word))


# Inverse distribution functions, as tables: a draw in, a variate out.
_CLIMATE = special.betaincinv(4, 4, np.arange(1025) / 1024)
_EXPERIENCE = special.gammainc(2.09, np.arange(1, 61) / 6.23)


# Giles (2011, "Approximating the erfinv function", GPU Computing Gems, Jade edition): two polynomials in -log(4u(1-u)),
# their sums times the square root of 2.
_CENTRE = tuple(np.float32(c * 2**0.5) for c in (
    1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087, -4.39150654e-06, -3.5233877e-06,
    3.43273939e-07, 2.81022636e-08,
))  # fmt: skip
_TAIL = tuple(np.float32(c * 2**0.5) for c in (
    2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773, -0.00367342844, 0.00134934322, 0.000100950558,
    -0.000200214257,
))  # fmt: skip
_ONE, _TWO, _FOUR, _FIVE = (np.float32(x) for x in (1, 2, 4, 5))
_SHIFT_CENTRE, _SHIFT_TAIL = np.float32(2.5), np.float32(3)
_ROOT_HALF, _MANTISSA, _LN2 = np.int32(0x3F3504F3), np.int32(23), np.float32(0.6931472)
_L3, _L5, _L7, _L9 = (np.float32(2 / k) for k in (3, 5, 7, 9))


@rule
def _log(x):
    """ln x for float32 x > 0, to 1e-6: the exponent, and a series in (m - 1)/(m + 1) for what is left."""
    bits = np.float32(x).view(np.int32)
    e = (bits - _ROOT_HALF) >> _MANTISSA
    m = np.int32(bits - np.int32(e << _MANTISSA)).view(np.float32)
    s = (m - _ONE) / (m + _ONE)
    z = s * s
    return np.float32(np.int32(e)) * _LN2 + s * (_TWO + z * (_L3 + z * (_L5 + z * (_L7 + z * _L9))))


@rule
def _series(c, t):
    return c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * (c[4] + t * (c[5] + t * (c[6] + t * (c[7] + t * c[8])))))))


@rule
def _normal(u):
    w = -_log(_FOUR * u * (_ONE - u))
    centre = _series(_CENTRE, w - _SHIFT_CENTRE)
    tail = _series(_TAIL, np.sqrt(w) - _SHIFT_TAIL)
    return (centre if w < _FIVE else tail) * (_TWO * u - _ONE)


@compiled
def normal(u):
    """A standard normal variate from a draw, float32, by Giles's approximation; error below 1e-6 at every draw there is.

    >>> round(normal(np.float32(0.5)), 3), round(normal(np.float32(0.975)), 3)
    (0.0, 1.96)
    """
    return _normal(np.float32(u))


@compiled
def normals(out, draws):
    """Standard normal variates from draws, out[i] from draws[i]: the same as `normal` gives one by one, side by side.

    >>> out = np.empty(2, np.float32)
    >>> normals(out, np.float32([0.5, 0.975]))
    >>> [round(float(x), 2) for x in out]
    [0.0, 1.96]
    """
    for i in range(len(out)):
        out[i] = _normal(draws[i])


@compiled
def experience(u):
    """Years of experience, whole, from a draw: the floor of Gamma(2.09, 6.23) (system.md 1.10), at most 60.

    >>> [experience(np.float32(u)) for u in (0.01, 0.5, 0.99)]
    [1, 11, 42]
    """
    return np.searchsorted(_EXPERIENCE, np.float64(u))


@compiled
def climate_quantile(u):
    """A school's climate from a draw: Beta(4, 4), linear between 1,025 quantiles.

    >>> [round(climate_quantile(np.float32(u)), 2) for u in (0.025, 0.5, 0.975)]
    [0.18, 0.5, 0.82]
    """
    at = np.float64(u) * 1024.0
    low = int(at)
    return _CLIMATE[low] + (at - low) * (_CLIMATE[low + 1] - _CLIMATE[low])
