"""The scorecard's simulated experiments, each shared by several checks. Small schools and few seeds: ten minutes for all.

Settings of arms are the findings' own descriptions put into features; none was chosen by what came out.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from kmsim.evidence.arms import BUNDLE, NOTHING, OFF, POST, Arm, programme, real_network
from kmsim.evidence.experiment import FEW, VOLUNTEERS, Experiment
from kmsim.evidence.table import priors
from kmsim.parameters import PARAMETERS

FEATURES = ("cpd", "novelty", "external_expertise", "capacity_building", "collaboration", "focus", "ownership")
LEAVING = ("leave_0", "leave_2", "leave_4", "leave_6", "leave_10", "leave_30", "move")
SIZES = {"3 schools": 3, "10 schools": 10, "30 schools": 30, "60 schools": 60}
QUALITIES = {"little collaboration": 0.25, "some collaboration": 0.5, "much collaboration": 0.75}
HIERARCHIES = {"6 schools": 0.05, "24 schools": 0.2, "60 schools": 0.5}
TRIALS, PROGRAMMES = 141, 1200  # F21's number; as many as tell a correlation of 0.1 from one of 0.2
SENIOR, CLASS = "senior leader", "teacher"


def _factorial() -> dict[str, list[float]]:
    """Every combination of the features: the first feature varies slowest, off before on."""
    on = BUNDLE | {"novelty": PARAMETERS["novelty_reference"].default}
    rows = list(product(*((OFF, on[feature]) for feature in FEATURES)))
    return {f"network.{feature}": [row[i] for row in rows] for i, feature in enumerate(FEATURES)}


def _drawn(number: int, low: float, high: float) -> dict[str, list[float]]:
    """Programmes drawn from the prior: true effect by P24, features even over a range."""
    generator = np.random.default_rng(21)
    centre = float(priors()["P24"].value)  # type: ignore[arg-type]
    least = float(priors()["P24"].low)  # type: ignore[arg-type]
    effects = generator.normal(centre, centre, size=4 * number)
    found = {"practice.effect": effects[effects >= least][:number].round(4).tolist()}
    for feature in (
        "cpd",
        "focus",
        "external_expertise",
        "collaboration",
        "ownership",
        "capacity_building",
        "community",
    ):
        found[f"network.{feature}"] = generator.uniform(low, high, number).round(4).tolist()
    return found


def _policy(name: str) -> Arm:
    """A shipped policy as it stands."""
    from kmsim import configuration

    return configuration.read("policy", name)


def _pairs(**features: float) -> Arm:
    has = {
        "cpd": 0.5,
        "focus": 0.6,
        "external_expertise": 0.45,
        "collaboration": 0.7,
        "ownership": 0.55,
        "targeting": 0.6,
    }
    return programme(
        has | {"capacity_building": 0.5, "community": 0.1} | features, clusters={"network_size": 2, "pair": True}
    )


EQUALS: Arm = {
    "summary": "Pairs of neighbours, strong or weak.",
    "levers": [
        lever if "form_clusters" not in lever else {"form_clusters": {"collaboration": 0.7, "network_size": 2}}
        for lever in _pairs()["levers"]
    ],
}
# Champions: eight days for one or two people a school, so little CPD for each teacher, and no named practice.
CHAMPIONS = programme(cpd=0.1, focus=OFF, external_expertise=0.4, collaboration=0.3, ownership=0.3)

_ALL = (
    Experiment(
        "features",
        "the review's effective bundle, with each of the seven features on or off: all 128 combinations",
        {"bundle": programme(BUNDLE)},
        seeds=5,
        years=10,
        vary=_factorial(),
        system=FEW,
    ),
    Experiment(
        "sizes",
        "networks of 3 to 60 schools, and clusters that collaborate little or much",
        {name: programme(BUNDLE, clusters={"network_size": size}) for name, size in SIZES.items()}
        | {name: programme(BUNDLE, collaboration=level) for name, level in QUALITIES.items()},
        years=4,
    ),
    Experiment(
        "hierarchies",
        "hierarchies of growing size, and networks of the same schools",
        {
            f"{kind} of {name}": programme(
                coverage=coverage, clusters={"network_size": 5, "hierarchy": kind == "hierarchy"}
            )
            for name, coverage in HIERARCHIES.items()
            for kind in ("hierarchy", "network")
        },
        years=4,
    ),
    Experiment(
        "targeting",
        "targeted and universal networks at the same budget",
        {name: _policy(name) for name in ("codesigned_networks", "targeted_networks")},
        settings={"budget": "auto"},
        seeds=12,
    ),
    Experiment(
        "programmes",
        "programmes of every kind, their true effect and features drawn from the prior, three years of money and three after",
        {"programme": programme()},
        seeds=1,
        vary=_drawn(PROGRAMMES, 0.05, 0.95),
        system=FEW,
    ),
    Experiment(
        "141 trials",
        "141 programmes drawn from the prior, each a trial of 100 schools",
        {"programme": programme()},
        seeds=1,
        years=2,
        funded_years=2,
        trial=True,
        fresh=True,
        vary=_drawn(TRIALS, 0.2, 0.8),
        system=VOLUNTEERS,
    ),
    Experiment(
        "trials",
        "trials of 100 volunteering schools over two years: programmes that worked and that did not",
        {
            "middling": programme(),
            "coaching": programme(coaching=15, cpd=0.2, focus=0.8, external_expertise=0.7, collaboration=0.2),
            "lesson study": programme(cpd=0.5, collaboration=0.75, external_expertise=OFF, focus=OFF),
            "peer observation": programme(cpd=0.2, collaboration=0.75, external_expertise=OFF, focus=0.3),
            "embedding formative assessment": programme(
                cpd=0.5, collaboration=0.7, external_expertise=0.25, focus=0.8, capacity_building=0.3
            ),
            "light touch": programme(cpd=0.1, collaboration=OFF, external_expertise=0.5, ownership=OFF, broadcast=1.0),
            "learning communities": real_network("nlc"),
            "mixed agenda of three": programme(
                cpd=0.45,
                collaboration=0.75,
                external_expertise=0.2,
                focus=0.3,
                targeting=0.9,
                clusters={"network_size": 3},
            ),
            "developers teach": programme(cpd=0.5, external_expertise=0.9, focus=0.8),
            "trainers teach": programme(cpd=0.4, external_expertise=0.9, focus=0.8, tiers=2),
            "expertise alone": programme(collaboration=OFF),
            "peers alone": programme(external_expertise=OFF),
            "with materials": programme(scripting=0.5),
        },
        seeds=30,
        years=2,
        funded_years=2,
        trial=True,
        system=VOLUNTEERS,
    ),
    Experiment(
        "scripted trials",
        "a scripted programme taught by its developers, and by trainers of trainers",
        {
            "developers teach": programme(cpd=0.3, focus=0.9, external_expertise=0.9, collaboration=0.1, scripting=0.9),
            "trainers teach": programme(
                cpd=0.3, focus=0.9, external_expertise=0.3, collaboration=0.1, scripting=0.9, tiers=2
            ),
        },
        seeds=30,
        years=2,
        funded_years=2,
        trial=True,
        system=VOLUNTEERS,
        settings={"practice": "scripted_language"},
    ),
    Experiment(
        "champions",
        "a trial of champions without a named practice; scenario 1: nobody leaves or moves",
        {"champions": CHAMPIONS},
        seeds=30,
        years=2,
        funded_years=2,
        trial=True,
        system=VOLUNTEERS,
        vary={f"parameters.{name}": [PARAMETERS[name].default, 0.0] for name in LEAVING},
    ),
    Experiment(
        "after the money",
        "a middling programme; scenario 1: turnover doubled; 2: two years of money, not three; 3: money to the end",
        {
            "middling": programme(),
            "no network": programme(collaboration=OFF, ownership=OFF, capacity_building=OFF),
        },
        vary={f"parameters.{name}": [d := PARAMETERS[name].default, 2 * d, d, d] for name in LEAVING}
        | {"funded_years": [3.0, 3.0, 2.0, 6.0]},
        seeds=20,
    ),
    Experiment(
        "nothing",
        "nothing is done: who hears of the practice, who leaves",
        {"nothing": NOTHING},
        seeds=40,
        years=8,
        system=VOLUNTEERS,
    ),
    Experiment(
        "post",
        "guidance by post to every school against nothing",
        {"post": POST, "nothing": NOTHING},
        years=3,
        system=VOLUNTEERS,
    ),
    Experiment(
        "colleagues",
        "a programme with and without guidance by post; scenario 1: colleagues do not influence whether one tries",
        {"with post": programme(broadcast=1.0), "without post": programme()},
        years=3,
        vary={"parameters.b_reinforcement": [PARAMETERS["b_reinforcement"].default, 0.0]},
    ),
    Experiment(
        "reach",
        "offers to all schools: by advocates, through networks that are there, and a free script",
        {
            "advocates": programme(coverage=1.0, assigned=False),
            "existing networks": programme(coverage=1.0, assigned=False, recruit={"existing": 1.0}),
            "free script": programme(coverage=1.0, assigned=False, scripting=0.9),
        },
        years=3,
        seeds=40,
        system=VOLUNTEERS,
    ),
    Experiment(
        "pairs",
        "strong schools paired with weak ones for five years; pairs of equals; pairs that do little together",
        {"strong and weak": _pairs(), "equals": EQUALS, "little together": _pairs(cpd=0.15, collaboration=0.2)},
        years=5,
        funded_years=5,
    ),
)
EXPERIMENTS = {experiment.name: experiment for experiment in _ALL}
