"""An independent reference: NDlib's threshold model on the same ties. It is imported only when asked for.

A person adopts once the share of those whom they named that have adopted reaches a threshold of their own. Thresholds
are drawn from a normal distribution, held to [0, 1]; its mean and spread are fitted to the adoption curves by least
squares over a grid, for the model has no likelihood: what it does not expect it holds impossible.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module, metadata
from itertools import product
from typing import Any

import numpy as np

from kmsim.diffusion.communities import Innovation
from kmsim.diffusion.fitting import Fit
from kmsim.diffusion.rivals import Forecast

NAME, LABEL = "threshold", "Threshold model (NDlib)"
MISSING = "NDlib is not installed (pip install 'kmsim[ndlib]'): its threshold model is left out"
MEANS = tuple(round(0.1 * i, 1) for i in range(1, 11))
SPREADS = (0.05, 0.15, 0.3, 0.6, 1.2)
DRAWS = 8  # of everyone's thresholds, for each point of the grid


def available() -> bool:
    """Whether NDlib can be used.

    >>> available() == (version() is not None)
    True
    """
    return version() is not None


def version() -> str | None:
    """The version of NDlib, None if it is not installed or lacks something that it imports."""
    try:
        import_module("ndlib.models.epidemics")
        return metadata.version("ndlib")
    except ImportError:
        return None


def at_edge(name: str, value: float) -> bool:
    """Whether a fitted value lies at an end of the grid; name: mean or spread.

    >>> at_edge("mean", 0.1), at_edge("mean", 0.5)
    (True, False)
    """
    grid = {"mean": MEANS, "spread": SPREADS}[name]
    return value in (grid[0], grid[-1])


def fit_threshold(where: Innovation, seed: int) -> Fit:
    """The mean and spread of thresholds that bring the curves nearest: least mean square over communities and periods.

    score: minus the root of that mean square (a share of people), for there is no likelihood.

    >>> from kmsim.diffusion.communities import innovation
    >>> found = fit_threshold(innovation("physicians").only([3]), seed=1)
    >>> found.values["mean"] in MEANS, found.values["spread"] in SPREADS
    (True, True)
    """
    seen = where.curves()
    ahead = np.arange(1, where.periods + 1) > where.began[:, None]
    best, found = np.inf, {"mean": np.nan, "spread": np.nan}
    for mean, spread in product(MEANS, SPREADS):
        values = {"mean": mean, "spread": spread}
        missed = (forecast_threshold(where, values, seed, DRAWS).shares.mean(axis=0) - seen)[ahead]
        if (square := float(np.mean(missed**2))) < best:
            best, found = square, values
    return Fit(found, -float(np.sqrt(best)), len(MEANS) * len(SPREADS))


def forecast_threshold(where: Innovation, values: Mapping[str, float], seed: int, runs: int) -> Forecast:
    """Communities run forward from their first period of adoption, with thresholds drawn anew in each run.

    >>> from kmsim.diffusion.communities import innovation
    >>> where = innovation("physicians").only([0])
    >>> forecast_threshold(where, {"mean": 0.3, "spread": 0.1}, seed=1, runs=2).shares.shape
    (2, 1, 17)
    """
    draws = np.random.Generator(np.random.Philox(key=[seed, 2])).standard_normal((runs, where.n_people))
    thresholds = np.clip(values["mean"] + values["spread"] * draws, 0.0, 1.0)
    graph = _graph(where)
    began = where.began[where.community]
    shares = np.zeros((runs, where.n_communities, where.periods))
    when = np.zeros(where.n_people)
    at = np.arange(1, where.periods + 1)[:, None]
    for r in range(runs):
        after = _run(graph, where, thresholds[r], int(where.periods - where.began.min()))
        times = np.minimum(began + after, where.periods + 1)
        shares[r] = (np.add.reduceat(times <= at, where.first[:-1], axis=1) / where.sizes).T
        when += times / runs
    return Forecast(shares, when)


def _graph(where: Innovation) -> Any:
    """Influence runs from those who are named to those who named them: NDlib counts who stands before a person."""
    graph = import_module("networkx").DiGraph()
    graph.add_nodes_from(range(where.n_people))
    for i in range(where.n_people):
        graph.add_edges_from((int(other), i) for other in where.tie_to[where.tie_start[i] : where.tie_start[i + 1]])
    return graph


def _run(graph: Any, where: Innovation, thresholds: np.ndarray, steps: int) -> np.ndarray:
    """How many periods after the community's first each person adopts; a large number for never."""
    model = import_module("ndlib.models.epidemics").ThresholdModel(graph)
    config = import_module("ndlib.models.ModelConfig").Configuration()
    for i, threshold in enumerate(thresholds):
        config.add_node_configuration("threshold", i, float(threshold))
    first = np.flatnonzero(where.time == where.began[where.community])
    config.add_model_initial_configuration("Infected", first.tolist())
    model.set_initial_status(config)
    after = np.full(where.n_people, where.periods + 1)
    for step in range(steps + 1):
        changed = model.iteration()["status"]
        adopted = [node for node, status in changed.items() if status == 1]
        after[adopted] = np.minimum(after[adopted], step)
        if step and not adopted:
            break  # nothing is drawn in a step: once it stands still it stays so
    return after
