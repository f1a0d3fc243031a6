"""Mutated arguments of every verb that is quick: one word of a good command changed, doubled, lost or added."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.attack.mutation import NASTY, text
from tests.attack.trial import Case

RUN = ("run", "system=village", "policy=coaching", "years=2", "funded_years=1", "seed=3", "practice=metacognition")
GOOD: tuple[tuple[str, ...], ...] = (
    RUN,
    (*RUN[:5], "parameters.theta=2", "budget=50000", "taper=1", "ticks_per_year=6"),
    (*RUN[:5], "network=nlc", "network.ownership=0.4"),
    (*RUN[:5], "name=mine", "practice.effect=0.2", "system.seed=4", "system.scale=1"),
    (
        "compare",
        "system=village",
        "policies=coaching,grassroots",
        "years=2",
        "funded_years=1",
        "replicates=1",
        "workers=1",
    ),
    (
        "sweep",
        "system=village",
        "policies=coaching",
        "years=1",
        "funded_years=1",
        "design=grid",
        "design.vary.theta=1,2",
        "executor=serial",
    ),
    ("show", "policy", "coaching"),
    ("show", "F27"),
    ("list", "policies"),
    ("resume", "results/sweep/none", "executor=serial"),
    ("status", "results/sweep/none"),
    ("query", "results/sweep/none", "SELECT 1"),
    ("compact", "results/sweep/none"),
    ("study", "03", "size=small"),
    ("scorecard", "scorecard=quick", "workers=2"),
    ("calibrate", "calibration=tiny", "seed=1"),
    ("diffusion", "size=small"),
)
# Good commands of these take minutes: only what is surely refused is tried.
LONG = ("study", "scorecard", "calibrate", "diffusion")
# Keys whose good values may cost hours: only values that are refused, or small, are tried for them.
DEAR = {
    "years",
    "replicates",
    "ticks_per_year",
    "system",
    "system.n_schools",
    "design.n",
    "workers",
    "experiment",
    "size",
    "preset",
}
BAD_NUMBERS = tuple(value for value in NASTY if not value.strip().isdigit())
KEYS = (
    "polcy=coaching",
    "system.lla=Camden",
    "sytem=village",
    "parameters.tetha=2",
    "=3",
    "years",
    "+years=3",
    "~years",
    "hydra.run.dir=x",
    "a.b.c=1",
    "parameters.=1",
    ".x=1",
    "system..la=Camden",
    "network.ownrship=.5",
    "practice.efect=1",
    "--years=3",
    "-x",
    "--nonsense",
    "--debug=1",
)


def cases(choose: random.Random, number: int) -> Iterator[Case]:
    """So many cases."""
    for _ in range(number):
        words = [*choose.choice(GOOD)]
        verb = words[0]
        how = choose.random()
        if verb in LONG or how < 0.08:
            wrong = choose.choice(KEYS)
            words.insert(choose.randint(1, len(words)), wrong)
            names = tuple(
                part for part in (wrong, wrong.partition("=")[0], wrong.strip("+~-.=").partition("=")[0]) if part
            )
            yield Case("words", f"{verb}: with {wrong!a}", tuple(words), (*names, verb))
            continue
        at = choose.randint(1, len(words) - 1)
        if how < 0.16:
            words.insert(at, words[at])
            yield Case("words", f"{verb}: {words[at]} twice", tuple(words))
        elif how < 0.2:
            yield Case("words", f"{verb}: without {words.pop(at)}", tuple(words))
        elif how < 0.24:
            words[0] = text(choose, verb)
            yield Case("words", f"{words[0]!a} for {verb}", tuple(words))
        else:
            yield _changed(choose, words, at)


def _changed(choose: random.Random, words: list[str], at: int) -> Case:
    """One word changed: the value of a key, or all of a word without one."""
    key, equals, value = words[at].partition("=")
    if not equals or (words[0] in ("status", "query", "compact", "resume") and at == 1):
        words[at] = text(choose, words[at])
        return Case("words", f"{words[0]}: {words[at]!a}", tuple(words))
    if key in DEAR:
        value = choose.choice(BAD_NUMBERS)
    elif choose.random() < 0.85:
        value = text(choose, value)
    else:
        key = text(choose, key)
    words[at] = f"{key}={value}"
    return Case("words", f"{words[0]}: {words[at][:120]!a}", tuple(words))
