"""The levers of the page: what each is called, what it means in a head's words, its steps, and the evidence behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from kmsim.bounds import Bound, bounded
from kmsim.errors import BadValue
from kmsim.evidence.table import findings, look_up
from kmsim.parameters import PARAMETERS
from kmsim.policies.levers import Archetype, SomethingNew
from kmsim.policies.policy import SETTINGS, Policy

TURNOVER = (
    "leave_0", "leave_2", "leave_4", "leave_6", "leave_10", "leave_30", "move", "head_leave_primary", "head_leave_secondary",
)  # fmt: skip


def _percent(value: float) -> str:
    return f"{100 * value:.0f}%"


def _hours(value: float) -> str:
    return f"{PARAMETERS['h_cpd'].default * value:.0f} hours a year"


def _days(value: float) -> str:
    days = PARAMETERS["expert_days"].default * value
    return f"{days:.1f} {'day' if f'{days:.1f}' == '1.0' else 'days'} a year"


def _years(value: float) -> str:
    return f"{value:.0f} {'year' if value == 1 else 'years'}"


def _pounds(value: float) -> str:
    return f"£{value:.0f} a pupil"


def _times(value: float) -> str:
    return "as now" if value == 1 else f"{value:g} times now"


@dataclass(frozen=True)
class Lever:
    """One slider. scope: `policy` for one policy's network, `all` for what holds for all. show: a value in words.

    found: what the evidence comes to, in one sentence for a head, which says no more than those findings do.
    """

    id: str
    scope: str
    group: str
    label: str
    meaning: str
    low_word: str
    high_word: str
    evidence: tuple[str, ...]
    found: str
    low: float = 0.0
    high: float = 1.0
    step: float = 0.05
    show: Callable[[float], str] = _percent

    def read(self, place: str, value: Any) -> float:
        """The value on the slider's nearest step. Raises BadValue for one off the slider.

        >>> LEVERS["cpd"].read("levers.cpd", 0.61)
        0.6
        """
        given = bounded(place, value, Bound(self.low, self.high))
        return round(self.low + round((given - self.low) / self.step) * self.step, 6)

    def steps(self) -> list[float]:
        """Every value that the slider can have."""
        return [round(self.low + i * self.step, 6) for i in range(round((self.high - self.low) / self.step) + 1)]

    def told(self) -> dict[str, Any]:
        """The lever as the page is told of it."""
        return {
            "id": self.id, "scope": self.scope, "group": self.group, "label": self.label, "meaning": self.meaning,
            "low_word": self.low_word, "high_word": self.high_word, "min": self.low, "max": self.high, "step": self.step,
            "values": {f"{value:g}": self.show(value) for value in self.steps()},
            "found": self.found, "evidence": [cited(name) for name in self.evidence],
        }  # fmt: skip


def cited(name: str) -> dict[str, str]:
    """A finding or prior as the page shows it: id, statement, and what is weak about it."""
    record = look_up(name)
    return {"id": name, "text": record.statement, "grade": record.mark or ("read" if name in findings() else "prior")}


_NETWORK, _FAIR, _ALL = "The network", "For whom", "For all policies"
LEVERS: dict[str, Lever] = {
    lever.id: lever
    for lever in (
        Lever("cpd", "policy", _NETWORK, "CPD", "How many hours of training each teacher is offered a year",
              "no hours", "36 hours", ("F71", "F15", "F14"),
              "Time is what keeps most teachers from training; an older review saw effects only beyond 14 hours, but with "
              "coaching it was better coaching, not more hours, that went with larger effects.", show=_hours),
        Lever("focus", "policy", _NETWORK, "Focus", "Whether the training is about one named way of teaching, or a bit of everything",
              "anything goes", "one practice", ("F02", "F18", "F30"),
              "Networks that helped pupils had a specific aim; good programmes were told by how they helped teachers to put "
              "ideas to use, and a research lead in each of 40 schools moved results by too little to tell."),
        Lever("external_expertise", "policy", _NETWORK, "Expertise", "Days a year with someone from outside who knows the practice well",
              "nobody from outside", "4 days", ("F20c", "F20e", "F17c"),
              "Lesson Study with nobody from outside did nothing for pupils in 181 schools; monthly groups on one practice, with a "
              "little outside help, raised results in 140; older, more hopeful reviews name outside experts too.", show=_days),
        Lever("collaboration", "policy", _NETWORK, "Collaboration", "How much schools really meet, watch each other and rehearse together",
              "on paper only", "all the time", ("F03", "F20", "F19"),
              "How well schools near by work together says much about a network, its size little; pairing weaker with stronger "
              "teachers raised results; being told and shown put hardly anything into classrooms, coaching most."),
        Lever("ownership", "policy", _NETWORK, "Ownership", "How far teachers and heads set the goals themselves",
              "told what to do", "their own goals", ("F02",),
              "In the networks that helped pupils, members owned the goals and how to reach them: one of seven things these shared."),
        Lever("capacity_building", "policy", _NETWORK, "Own leaders", "How hard the network trains its own facilitators to carry on",
              "none trained", "all it can", ("F02", "F54"),
              "Networks that helped pupils could keep themselves going; whether staff stayed and training went on decided most "
              "about whether a school dropped a reform."),
        Lever("novelty", "policy", _NETWORK, "Something new", "How much of the practice the schools do not do already",
              "nothing new", "all new", ("F02", "F57"),
              "Networks that helped pupils gave teachers something new to learn; how well a programme had done in trials did not "
              "foretell whether it lasted."),
        Lever("targeting", "policy", _FAIR, "Targeting", "How far invitations and hours go to the most disadvantaged schools first",
              "all alike", "need first", ("F04", "F78"),
              "The more effective networks aimed at pupils who were excluded, in a minority or behind; but groups of three schools "
              "working on the gap made no difference overall: disadvantaged pupils gained in primaries and lost in secondaries."),
        Lever("community", "policy", _FAIR, "Community", "How much parents, business and local bodies take part",
              "not at all", "fully", ("F05",),
              "Every effective network in the review visibly involved parents, business or the community."),
        Lever("budget", "all", _ALL, "Budget", "Money for the whole programme over all its years, for each pupil of all these schools",
              "£5 a pupil", "£100 a pupil", ("F90", "F85"),
              "Programmes that were tried cost between nothing much and £80 a pupil; schools spend about two days of cover a teacher "
              "on development.", 5.0, 100.0, 5.0, _pounds),
        Lever("funded_years", "all", _ALL, "Years funded", "For how many years each school is paid for, from when it joins",
              "1 year", "6 years", ("F51", "F55"),
              "Fewer than a third of 5,331 schools sustained a behaviour programme for five years; none of 18 school health "
              "programmes was kept whole after its funding, and 17 left some part somewhere.", 1.0, 6.0, 1.0, _years),
        Lever("turnover", "all", _ALL, "Turnover", "How many teachers and heads leave and move, against what they do now",
              "half of now", "half more", ("F63", "F64", "F65"),
              "About nine teachers in a hundred leave England's state schools in a year and about eight move to another school; "
              "leaving is most frequent in the first years of teaching.", 0.5, 1.5, 0.1, _times),
    )
}  # fmt: skip
NETWORK_LEVERS = tuple(lever.id for lever in LEVERS.values() if lever.scope == "policy")


def values_of(policy: Policy) -> dict[str, float]:
    """Where the sliders of a policy's network stand.

    >>> from kmsim.policies.policy import read_policy
    >>> values_of(read_policy("codesigned_networks"))["cpd"]
    0.7
    """
    archetype = policy.one(Archetype)
    row: Mapping[str, float] = archetype.row if archetype else {}
    found = {}
    for name in NETWORK_LEVERS:
        kind, setting = SETTINGS[name]
        own = [float(getattr(lever, setting)) for lever in policy.levers if isinstance(lever, kind)]
        unset = PARAMETERS["novelty_reference"].default if kind is SomethingNew else 0.0
        found[name] = max([*own, *([row[name]] if name in row else [])], default=unset)
    return found


@cache
def turned_over(times: float) -> dict[str, float]:
    """The parameters of leaving and moving at so many times their defaults; none at 1.

    >>> turned_over(1.5)["move"]
    0.12
    """
    if times == 1:
        return {}
    return {name: round(PARAMETERS[name].default * times, 6) for name in TURNOVER}


def no_network(place: str, preset: str) -> BadValue:
    """The error for steering what has no network."""
    return BadValue(place, preset, "a policy with a network: this one has nothing to steer")
