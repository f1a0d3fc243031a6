"""The arithmetic that rules share, in float32 and without branches, so that loops over posts become SIMD code."""

from __future__ import annotations

import numpy as np

from kmsim.jit import rule

F = np.float32
ZERO, HALF, ONE, TWO = F(0), F(0.5), F(1), F(2)
_TINY = F(1e-30)
_LOG2E, _LN2_HIGH, _LN2_LOW = F(1.44269504), F(0.693359375), F(-2.12194440e-4)
# e^r for |r| <= ln(2)/2 as 1 + r (...): the least largest relative error that five coefficients reach, 9e-8 (our own fit).
_C1, _C2, _C3, _C4, _C5 = F(0.9999997), F(0.4999915), F(0.16667637), F(0.04189796), F(0.008290295)
_MOST, _LEAST = F(87.0), F(-87.0)
_BIAS, _SHIFT = np.int32(127), np.int32(23)


@rule
def exp(x):
    """e^x to 2e-7 relative, for -87 < x < 87 (held there); a C library's own differs from machine to machine.

    >>> round(exp(1.0), 4), exp(1000.0) == exp(87.0)
    (2.7183, True)
    """
    n, r = exp_parts(x)
    return exp_joined(n, r)


@rule
def exp_parts(x):
    """n, whole, and what is left, so that e^x is 2^n e^r: the first half of exp, for loops that do it in two.

    >>> n, r = exp_parts(1.0)
    >>> n, round(r, 3)
    (1.0, 0.307)
    """
    x = min(max(x, _LEAST), _MOST)
    n = np.floor(x * _LOG2E + HALF)
    return n, x - n * _LN2_HIGH - n * _LN2_LOW


@rule
def exp_joined(n, r):
    """2^n e^r: the second half of exp.

    >>> exp_joined(3.0, 0.0) / exp_joined(0.0, 0.0)
    8.0
    """
    series = ONE + r * (_C1 + r * (_C2 + r * (_C3 + r * (_C4 + r * _C5))))
    return series * np.int32((np.int32(n) + _BIAS) << _SHIFT).view(np.float32)


@rule
def clip(x):
    """x held to [0, 1].

    >>> clip(1.5), clip(-1.0)
    (1.0, 0.0)
    """
    return min(max(x, ZERO), ONE)


@rule
def sigma(x):
    """The logistic function.

    >>> round(sigma(0.0), 2), round(sigma(2.0), 2)
    (0.5, 0.88)
    """
    return sigma_of(exp(-x))


@rule
def sigma_of(power):
    """The logistic function of x, from e^-x.

    >>> sigma_of(1.0), sigma_of(0.25)
    (0.5, 0.8)
    """
    return ONE / (ONE + power)


@rule
def chance(rate, dt):
    """The probability that something of this rate happens within dt: 1 - exp(-rate dt).

    >>> round(chance(3.0, 1 / 6), 3)
    0.393
    """
    return ONE - exp(-rate * dt)


@rule
def pull(gain, target, x):
    """A gain counts only where its target is better than what is there.

    >>> pull(2.0, 0.8, 0.5), pull(2.0, 0.3, 0.5)
    (2.0, 0.0)
    """
    return gain if target > x else ZERO


@rule
def relax(x, gain, weighted, loss, dt):
    """x after dt, drawn by pulls of summed gain and sum of gain x target, and by loss toward 0 (exact for constant rates).

    >>> round(relax(0.0, 3.0, 3.0, 1.0, 100.0), 3)
    0.75
    """
    target, rate = drawn(gain, weighted, loss)
    return toward(x, target, rate, dt)


@rule
def drawn(gain, weighted, loss):
    """Where pulls and loss lead in the end, and at what rate.

    >>> drawn(3.0, 3.0, 1.0)
    (0.75, 4.0)
    """
    rate = gain + loss
    return weighted / max(rate, _TINY), rate


@rule
def toward(x, target, rate, dt):
    """x after dt of moving to the target, up or down, at a rate.

    >>> round(toward(0.0, 1.0, 2.0, 0.5), 3)
    0.632
    """
    return between(target, x, exp(-rate * dt))


@rule
def between(target, x, left):
    """What lies between a target and x when a share of the way is left.

    >>> between(1.0, 0.0, 0.25)
    0.75
    """
    return target + (x - target) * left


@rule
def either(flag, a, b):
    """a where the flag is 1, b where it is 0: both finite, and no branch that a loop would have to take.

    >>> either(1.0, 7.0, 8.0), either(0.0, 7.0, 8.0)
    (7.0, 8.0)
    """
    return flag * a + (ONE - flag) * b
