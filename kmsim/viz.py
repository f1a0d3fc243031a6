"""An inspector of one run in Mesa's own browser page, for those who know Mesa: schools on a map, curves as they come.

An optional extra: `pip install 'kmsim[viz]'`. In a file page.py write

    from kmsim.viz import inspector
    page = inspector(system="borough", policy="coaching")

and run `solara run page.py`. For a room use `kmsim workshop`.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from kmsim.agents import School
from kmsim.errors import KmsimError
from kmsim.model import Model

NEEDS = ("solara", "altair", "networkx")
INSTALL = "the inspector needs {}: pip install 'kmsim[viz]'"
CURVES = ("spread_teachers", "doing_it_well")


def inspector(**settings: Any) -> Any:
    """Mesa's page for one run: step, play, reset; the map of schools and two curves beside it. Its elements are Solara's.

    settings: as of `kmsim.Model`, by default those of a borough. Raises KmsimError if the extra is not installed, or for
    settings that cannot be used.

    >>> inspector(system="village", policy="coaching")  # doctest: +SKIP
    """
    missing = [name for name in NEEDS if find_spec(name) is None]
    if missing:
        raise KmsimError(INSTALL.format(", ".join(missing)))
    from mesa.visualization import SolaraViz

    model = InspectedModel(**({"system": "borough"} | settings))
    return SolaraViz(model, components=[schools_component, curves_component], name=f"kmsim: {model.policy.name}")


class InspectedModel(Model):
    """A run that Mesa's page can step: it says that it is over instead of refusing one more tick.

    >>> model = InspectedModel(system="village", policy="coaching", years=1, funded_years=1)
    >>> for _ in range(9):
    ...     model.step()
    >>> model.tick, model.running
    (6, False)
    """

    def may_step(self, steps: int = 1) -> bool:
        """Whether a tick is left: Mesa's page may ask for several at once."""
        return self.tick < self.ticks


def schools_figure(model: Model) -> Any:
    """The schools at their places, darker where more teachers do it well: a matplotlib figure.

    model: anywhere in its run. Places are in km.

    >>> figure = schools_figure(Model(system="village", policy="coaching"))
    >>> figure.axes[0].get_title()
    'Year 0.0: dark edge, member; bigger, more free meals'
    """
    from matplotlib.figure import Figure

    table = model.tables[School]
    figure = Figure(figsize=(5, 5))
    axes = figure.add_subplot()
    dots = axes.scatter(
        table["x"], table["y"], s=10 + 60 * table["fsm_rank"], c=table["well"][0] / table["size"], vmin=0, vmax=1,
        cmap="Blues", edgecolors=["#1b2733" if member else "#b8c0c8" for member in table["signed_up"][0]],
    )  # fmt: skip
    axes.set_aspect("equal")
    axes.set_xlabel("km east")
    axes.set_ylabel("km north")
    axes.set_title(f"Year {model.tick / model.given.ticks_per_year:.1f}: dark edge, member; bigger, more free meals")
    figure.colorbar(dots, label="share of teachers doing it well")
    return figure


def curves_figure(model: Model) -> Any:
    """Spread and doing it well so far, as shares of all teachers: a matplotlib figure.

    >>> figure = curves_figure(Model(system="village", policy="coaching", years=3).run())
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['Spread: teachers', 'Doing it well']
    """
    from matplotlib.figure import Figure

    from kmsim.outcomes.definitions import OUTCOMES

    figure = Figure(figsize=(5, 3))
    axes = figure.add_subplot()
    years = np.arange(model.tick + 1) / model.given.ticks_per_year
    for name, dash in zip(CURVES, ("-", "--"), strict=True):
        axes.plot(years, model.outcome_arrays([name])[name][0], dash, label=OUTCOMES[name].label)
    axes.set_xlim(0, model.given.years)
    axes.set_ylim(0, None)
    axes.set_xlabel("year")
    axes.legend()
    return figure


def schools_component(model: Model) -> Any:
    """The map, drawn anew after every step."""
    return _drawn(schools_figure, model)


def curves_component(model: Model) -> Any:
    """The curves, drawn anew after every step."""
    return _drawn(curves_figure, model)


def _drawn(draw: Any, model: Model) -> Any:
    import solara
    from mesa.visualization.utils import update_counter

    _ = update_counter.value  # reading it has the page draw again when it changes
    return solara.FigureMatplotlib(draw(model))
