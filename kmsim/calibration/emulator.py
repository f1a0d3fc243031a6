"""A Gaussian-process emulator of one statistic: what it would be at a place in the unit cube, and how sure that is.

A straight line through the design points, and a process of what it leaves; scikit-learn finds the process's lengths.

Example
-------
>>> x = np.linspace(0, 1, 30)[:, None]
>>> found = fit(x, 2 * x.ravel() + 0.5, seed=1)
>>> abs(float(found.predict(np.array([[0.35]]))[0][0]) - 1.2) < 0.01
True
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

LEARN_FROM = 320  # points from which lengths are learnt; all points are then conditioned on
MOST = 700  # points conditioned on: the newest
BLOCK = 2048
INSTALL = "calibration needs scikit-learn and pyabc: pip install 'kmsim[calibrate]'"


@dataclass(frozen=True, eq=False)
class Emulator:
    """x: design points (n, d); left: what the line leaves, in units of scale; line: its constant and slopes.

    lengths, signal, noise: of the process, variances in units of scale squared. noise_sd is the replicate noise.
    """

    x: np.ndarray
    left: np.ndarray
    line: np.ndarray
    scale: float
    lengths: np.ndarray
    signal: float
    noise: float

    @property
    def noise_sd(self) -> float:
        """How much the statistic varies from seed to seed, in its own units.

        >>> Emulator(np.zeros((1, 1)), np.zeros(1), np.zeros(2), 2.0, np.ones(1), 1.0, 0.25).noise_sd
        1.0
        """
        return self.scale * float(np.sqrt(self.noise))

    def predict(self, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the statistic's expectation at places (m, d), without replicate noise.

        >>> found = Emulator(np.zeros((1, 1)), np.zeros(1), np.array([0.5, 2.0]), 1.0, np.full(1, 0.2), 1.0, 0.0)
        >>> mean, sd = found.predict(np.array([[0.0], [1.0]]))
        >>> mean.tolist(), sd.round(2).tolist()
        ([0.5, 2.5], [0.0, 1.0])
        """
        means, sds = [], []
        for at in range(0, len(units), BLOCK):
            block = units[at : at + BLOCK]
            cross = self.signal * _correlation(block, self.x, self.lengths)
            means.append(self.line[0] + block @ self.line[1:] + self.scale * (cross @ self._weights))
            inner = solve_triangular(self._factor, cross.T, lower=True, check_finite=False)
            sds.append(self.scale * np.sqrt(np.maximum(self.signal - (inner**2).sum(0), 0.0)))
        return np.concatenate(means), np.concatenate(sds)

    @cached_property
    def _factor(self) -> np.ndarray:
        joint = self.signal * _correlation(self.x, self.x, self.lengths)
        return cholesky(joint + (self.noise + 1e-8) * np.eye(len(self.x)), lower=True)

    @cached_property
    def _weights(self) -> np.ndarray:
        return cho_solve((self._factor, True), self.left)

    def arrays(self) -> dict[str, np.ndarray]:
        """The emulator as arrays, of which `of_arrays` makes it again."""
        names = ("x", "left", "line", "lengths")
        return {n: getattr(self, n) for n in names} | {"numbers": np.array([self.scale, self.signal, self.noise])}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Emulator:
        """The emulator of these arrays.

        >>> found = Emulator(np.zeros((1, 1)), np.zeros(1), np.zeros(2), 2.0, np.ones(1), 1.0, 0.25)
        >>> Emulator.of_arrays(found.arrays()).scale
        2.0
        """
        scale, signal, noise = map(float, arrays["numbers"])
        return cls(arrays["x"], arrays["left"], arrays["line"], scale, arrays["lengths"], signal, noise)


def fit(x: np.ndarray, y: np.ndarray, seed: int) -> Emulator:
    """Fit to a design (n, d) and a statistic (n,); points whose statistic is no number are left out.

    Raises KmsimError if scikit-learn is not installed. The same points and seed give the same bits.

    >>> x = np.linspace(0, 1, 30)[:, None]
    >>> mean, sd = fit(x, np.sin(3 * x.ravel()), seed=1).predict(np.array([[0.5]]))
    >>> bool(abs(mean[0] - np.sin(1.5)) < 0.01)
    True
    """
    good = np.isfinite(y)
    x, y = x[good][-MOST:], y[good][-MOST:]
    line = _line(x, y)
    rest = y - line[0] - x @ line[1:]
    scale = float(rest.std()) or 1.0
    left = rest / scale
    some = np.random.default_rng(seed).permutation(len(x))[:LEARN_FROM]
    lengths, signal, noise = _learnt(x[some], left[some])
    return Emulator(x, left, line, scale, lengths, signal, noise)


def _line(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Constant and slopes by least squares, held a little to nought so that few points do no harm."""
    middle, centre = y.mean(), x.mean(0)
    z = x - centre
    slopes = np.linalg.solve(z.T @ z + 0.05 * np.eye(x.shape[1]), z.T @ (y - middle))
    return np.concatenate([[middle - centre @ slopes], slopes])


def _learnt(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Lengths, signal and noise of greatest likelihood."""
    process: Any
    try:
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
    except ImportError:
        from kmsim.errors import KmsimError

        raise KmsimError(INSTALL) from None
    far = np.full(x.shape[1], 2.0)
    kernel = ConstantKernel(0.5, (1e-3, 10)) * RBF(far, (0.2, 50)) + WhiteKernel(0.3, (1e-5, 2))
    process = GaussianProcessRegressor(kernel, alpha=1e-8, n_restarts_optimizer=0)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # a length at its bound says that a parameter does not matter, which is no fault
        process.fit(x, y)
    parts = process.kernel_
    lengths = np.broadcast_to(parts.k1.k2.length_scale, (x.shape[1],)).astype(float)
    return lengths.copy(), float(parts.k1.k1.constant_value), float(parts.k2.noise_level)


def _correlation(a: np.ndarray, b: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    a, b = a / lengths, b / lengths
    square = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.exp(-0.5 * np.maximum(square, 0.0))
