"""`kmsim sweep -m`: words in the style of Hydra's multirun, read by Hydra's own parser into the equal grid design.

Hydra would start one job a run. Here its sweeps become what a grid varies, and the plan is the very same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kmsim.cli import arguments
from kmsim.errors import BadValue, KmsimError

FLAGS = ("-m", "--multirun")


def read(words: Sequence[str], keys: Iterable[str], verb: str, groups: Sequence[str]) -> dict[str, Any]:
    """The settings of the grid design that these words mean. Raises as `arguments.read`, and for what no grid can sweep.

    >>> read(["policy=coaching,grassroots", "parameters.theta=range(1,4)"], ["policies"], "sweep", ["parameters"])
    {'design': 'grid', 'policies': ['coaching', 'grassroots'], 'design.vary.parameters.theta': [1, 2, 3]}
    """
    known = [*keys, "policy"]
    given: dict[str, Any] = {"design": "grid"}
    for word in words:
        key, text = arguments.split(word, known, verb, groups)
        for new, value in _meant(key, text).items():
            if new in given and new != "design":
                raise BadValue(key, text, "each key once; it is given twice")
            given[new] = value
    if given["design"] != "grid":
        raise BadValue("design", given["design"], "design=grid with -m; for another design leave out -m")
    return given


def _meant(key: str, text: str) -> dict[str, Any]:
    """What one word sets in the words of a sweep."""
    swept = None if key in arguments.TEXT and key not in _TEXT_SWEPT else _swept(key, text)
    if key in ("policy", "policies"):
        return {"policies": swept or arguments.value("policies", text)}
    if swept is None or key.startswith("design.vary."):
        return {key: arguments.value(key, text)}
    if key == "outcomes":
        return {key: swept}
    if key == "seed":
        return _seeds(text, swept)
    if key.startswith(("design.", "executor")) or key in ("replicates", "trajectories", "workers"):
        raise BadValue(key, text, "one value; -m sweeps levers, uncertainties and seeds")
    return {f"design.vary.{key}": swept}


_TEXT_SWEPT = ("policy", "system", "network", "system.path")


def _seeds(text: str, swept: list[Any]) -> dict[str, Any]:
    """Seeds one after another: the first, and how many."""
    first = swept[0]
    if not all(type(seed) is int for seed in swept) or swept != [*range(first, first + len(swept))]:
        raise BadValue("seed", text, "whole numbers one after another, such as 1,2,3 or range(1,21)")
    return {"seed": first, "replicates": len(swept)}


def _swept(key: str, text: str) -> list[Any] | None:
    """The values of a sweep as Hydra reads them: `a,b`, `choice(a,b)` or `range(1,4)`. None if it is no sweep."""
    if "," not in text and "(" not in text:
        return None
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import ChoiceSweep, QuotedString, RangeSweep
    from hydra.errors import HydraException

    try:
        override = OverridesParser.create().parse_override(f"x={text}")
    except HydraException:
        example = f"{key}='a, b',c"
        raise BadValue(
            key, text, f"a sweep as Hydra reads it, texts with commas or signs in quotes: {example}"
        ) from None
    if not override.is_sweep_override():
        return None
    sweep = override.value()
    if not isinstance(sweep, ChoiceSweep | RangeSweep) or sweep.shuffle:
        raise BadValue(
            key, text, "a,b or choice(a,b) or range(1,4); for a range of reals leave out -m: design.vary.KEY=1..3"
        )
    try:
        values = [item.text if isinstance(item, QuotedString) else item for item in override.sweep_iterator()]
    except (HydraException, ValueError, TypeError, ZeroDivisionError, OverflowError) as error:
        raise BadValue(key, text, f"a sweep that Hydra can lay out ({error})") from None
    if not all(isinstance(item, int | float | str | None) for item in values) or not values:
        raise KmsimError(f"{key}={text}: expected numbers and names between the commas")
    return values
