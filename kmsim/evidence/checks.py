"""The checks of the scorecard: what the review says first, then the twelve validation groups, then what is calibrated.

A range is the finding's own; one that is this project's reading of a finding without a number is marked `own`. None was
moved after it was seen what the model does. Validation groups are judged by sign and order first: where a range asks for
more than a group's own words do, `order` says what these ask for; it was added on 2026-11-24, with results in view.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import curve_fit

from kmsim.evidence import intervals
from kmsim.evidence.check import Check, Statistic
from kmsim.evidence.experiments import CLASS, FEATURES, HIERARCHIES, QUALITIES, SENIOR, SIZES
from kmsim.evidence.factorial import lead, least_main_effect
from kmsim.evidence.intervals import Interval, Range
from kmsim.evidence.measures import (
    Measure,
    aware,
    depth,
    effect,
    everywhere,
    gain,
    in_use,
    left_formally,
    reach,
    trajectory,
    trial_difference,
    well,
)
from kmsim.evidence.seen import RunSeen, Seen
from kmsim.evidence.statistics import (
    change,
    correlation,
    difference,
    kept,
    mean,
    null_share,
    outcome_difference,
    rank_correlation,
    ratio,
)
from kmsim.evidence.table import findings

POSITIVE: Range = (0.0, None)
NULL: Range = (0.5, 1.0)  # most trials find nothing
LOSES_MOST: Range = (None, 0.5)
KEEPS_MOST: Range = (0.5, None)
YEARS_BEFORE: Range = (2.0, None)
TOOLKIT_YEARS = np.arange(7) + 0.75  # surveys of spring 2012 to 2018, launch in mid-2011
TOOLKIT = np.array(findings()["F40"].value) / 100


def of(name: str, scale: float = 1.0, at: int | None = None) -> Range:
    """The finding's own range. at: which of its numbers.

    >>> of("F20c")
    (-0.06, 0.12)
    """
    low, high = findings()[name].low, findings()[name].high
    if at is not None:
        low, high = low[at], high[at]  # type: ignore[index]
    return float(low) * scale, float(high) * scale  # type: ignore[arg-type]


# -- statistics of one check only ----------------------------------------------------
def _toolkit_error(seen: Seen) -> Interval:
    return intervals.mean(seen.each("nothing", lambda run: float(np.sqrt(np.mean((_curve(run) - TOOLKIT) ** 2)))))


def _curve(run: RunSeen) -> np.ndarray:
    return np.array([aware(CLASS, year)(run) for year in TOOLKIT_YEARS])


def _lead(seen: Seen) -> Interval:
    """How many years before teachers' level of 2018 senior leaders were there."""
    last = float(TOOLKIT_YEARS[-1])

    def years(run: RunSeen) -> float:
        shares = np.array(run.series["aware"][SENIOR])
        times = np.arange(len(shares)) * run.years / (len(shares) - 1)
        return last - float(np.interp(aware(CLASS, last)(run), np.maximum.accumulate(shares), times))

    return intervals.mean(seen.each("nothing", years))


def _bass(which: int) -> Statistic:
    """Bass's p or q, fitted to simulated awareness at a ceiling of 1 as F42 was."""

    def curve(t: np.ndarray, p: float, q: float) -> np.ndarray:
        decay = np.exp(-(p + q) * t)
        return (1 - decay) / (1 + q / p * decay)

    def fitted(run: RunSeen) -> float:
        found, _ = curve_fit(curve, TOOLKIT_YEARS, _curve(run), p0=(0.04, 0.07), bounds=(1e-4, 2.0))
        return float(found[which])

    return lambda seen: intervals.mean(seen.each("nothing", fitted))


def _community(seen: Seen) -> Interval:
    """Mean involvement in the better half of programmes by gain, less that in all."""
    level = seen.varied("network.community", "programme")
    gains = seen.each("programme", gain(6), None)
    return intervals.jackknife(
        lambda rows: float(level[rows][gains[rows] > np.median(gains[rows])].mean() - level[rows].mean()), len(level)
    )


def _retained(run: RunSeen) -> float:
    """What is left of doing it well three years after the money; NaN where there was next to none."""
    start = well(3)(run)
    return well(6)(run) / start if start >= 0.01 else float("nan")


def _quality_over_hours(seen: Seen) -> Interval:
    """How much more of members' gain, at equal true effect, expertise and focus explain than hours do."""
    true = seen.varied("practice.effect", "programme")
    y = seen.each("programme", gain(3), None) / np.where(np.abs(true) > 0.01, true, np.nan)
    good = np.isfinite(y)
    keys = ("network.external_expertise", "network.focus", "network.cpd")
    x = np.column_stack([np.ones(good.sum()), *(seen.varied(key, "programme")[good] for key in keys)])
    y = y[good]

    def explained(rows: np.ndarray, columns: list[int]) -> float:
        part = x[rows][:, columns]
        left = y[rows] - part @ np.linalg.lstsq(part, y[rows], rcond=None)[0]
        return 1 - float(left.var() / y[rows].var())

    def statistic(rows: np.ndarray) -> float:
        whole = explained(rows, [0, 1, 2, 3])
        return (whole - explained(rows, [0, 3])) - (whole - explained(rows, [0, 1, 2]))

    return intervals.jackknife(statistic, len(y))


def _null_though_practice_moved(seen: Seen) -> Interval:
    moved = trial_difference("in_use")
    return intervals.share([run.trial.null for run in seen.runs("programme", None) if moved(run) > 0.05])


def _turnover_over_money(seen: Seen) -> Interval:
    base, turnover, money = (seen.each("middling", well(6), scenario) for scenario in (0, 1, 2))
    return intervals.mean((base - turnover) - (base - money))


def _some_use_left(seen: Seen) -> Interval:
    return intervals.mean(seen.each("middling", lambda run: float((run.at("in_use", 6)[run.members(6)] >= 1).mean())))


def _colleagues_over_documents(seen: Seen) -> Interval:
    base, alone = (seen.each("with post", in_use(3), scenario) for scenario in (0, 1))
    return intervals.mean((base - alone) - (base - seen.each("without post", in_use(3))))


def _hierarchy_cost(seen: Seen) -> Interval:
    """What hierarchy costs the largest less what it costs the smallest: below nil if large ones do worse."""
    names = [*HIERARCHIES]
    small, large = (
        seen.each(f"hierarchy of {n}", well(3)) - seen.each(f"network of {n}", well(3)) for n in (names[0], names[-1])
    )
    return intervals.mean(large - small)


def _people(series: str) -> Statistic:
    return mean("nothing", lambda run: float(np.mean(run.series[series])))


def _novices_gone(years: int) -> Statistic:
    return mean("nothing", lambda run: 1 - run.series["novices"][years - 1])


def _heads_stay(phase: int) -> Statistic:
    def statistic(seen: Seen) -> Interval:
        stays: list[bool] = []
        for run in seen.runs("nothing"):
            for year in (1, 2, 3):
                new = (run.at("head_tenure", year) == 0) & (run.at("phase", year) == phase)
                stays += (run.at("head_tenure", year + 5)[new] >= 5).tolist()
        return intervals.share(stays)

    return statistic


def _turnover_gradient(seen: Seen) -> Interval:
    """People lost a year in the most over the least disadvantaged fifth of schools."""

    def lost(top: bool) -> Measure:
        def measure(run: RunSeen) -> float:
            rank = run.at("fsm_rank", 0)
            inside = rank >= 0.8 if top else rank < 0.2
            came = sum(run.at("came", year)[inside].sum() for year in range(1, run.years + 1))
            return float(came / run.at("size", 0)[inside].sum())

        return measure

    most, least = (seen.each("nothing", lost(top)) for top in (True, False))
    return intervals.jackknife(lambda rows: float(most[rows].mean() / least[rows].mean()), len(most))


def _fidelity(place: int) -> Statistic:
    """Of funded users at the end of year 3, where money goes on: 0 the median, 1 the 90th centile."""
    return mean("middling", lambda run: float(run.series["fidelity"][3][place]), 3)


def _cluster_size(run: RunSeen) -> float:
    cluster = run.at("cluster", 1)
    return float(np.unique(cluster[cluster >= 0], return_counts=True)[1].mean())


_width = mean("programme", lambda run: run.trial.high - run.trial.low, None)

REVIEW = (
    Check("F02.harmless", "the least main effect of any of the seven features on depth at year 3", "features", least_main_effect(lambda seen: seen.each("bundle", depth(3), None)), POSITIVE, own=True),
    Check("F02.cpd", "CPD's Shapley share of use at year 3, less the largest of the others'", "features", lead(lambda seen: seen.each("bundle", in_use(3), None), FEATURES.index("cpd")), POSITIVE, own=True),
    Check("F02.ownership", "ownership's Shapley share of clusters' vitality at year 10, less the largest of the others'", "features", lead(lambda seen: seen.outcome("cluster_vitality", "bundle", None), FEATURES.index("ownership")), POSITIVE, own=True),
    Check("F03.size", "rank correlation of network size with doing it well", "sizes", rank_correlation(dict(SIZES), well(3)), of("F03"), own=True),
    Check("F03.quality", "rank correlation of collaboration with doing it well", "sizes", rank_correlation(dict(QUALITIES), well(3)), (0.15, 1.0), own=True),
    Check("F04.gap", "attainment gap narrowed by targeted less universal networks, SD", "targeting", outcome_difference("targeted_networks", "codesigned_networks", "attainment_gap_sd"), POSITIVE),
    Check("F04.pound", "disadvantaged pupils' gain for a pound a pupil, targeted less universal", "targeting", outcome_difference("targeted_networks", "codesigned_networks", "attainment_disadvantaged_sd", "cost_per_pupil_gbp"), POSITIVE),
    Check("F05", "community involvement of the better half of programmes less that of all", "programmes", _community, POSITIVE, own=True),
)  # fmt: skip
GROUPS = (
    Check("F28", "share of trials of a light touch that find nothing", "trials", null_share("light touch"), NULL, own=True),
    Check("F28.effect", "mean estimate of a light touch, SD", "trials", mean("light touch", effect), of("F28")),
    Check("F24", "share of the effect kept when trainers teach, a day less", "trials", kept("trainers teach", "developers teach"), (0.0, 0.4), own=True, order=LOSES_MOST),
    Check("F26", "share of the effect kept by a scripted programme when trainers teach", "scripted trials", kept("trainers teach", "developers teach"), (0.8, None), own=True, order=KEEPS_MOST),
    Check("F54", "doing it well lost to doubled turnover less that lost to a year's money", "after the money", _turnover_over_money, POSITIVE, own=True),
    Check("F58", "share of schools with some use left three years after the money", "after the money", _some_use_left, (0.6, 1.0)),
    Check("F57", "correlation of true effect with what is left three years on", "programmes", correlation("programme", "practice.effect", _retained), of("F57")),
    Check("F20c", "share of trials of collaboration alone that find nothing", "trials", null_share("lesson study"), NULL, own=True),
    Check("F20c.effect", "mean estimate of collaboration alone, SD", "trials", mean("lesson study", effect), of("F20c")),
    Check("F20d", "share of trials of seldom peer observation that find nothing", "trials", null_share("peer observation"), NULL, own=True),
    Check("F20d.effect", "mean estimate of seldom peer observation, SD", "trials", mean("peer observation", effect), of("F20d")),
    Check("F20e", "mean estimate of specific, lasting collaboration, SD", "trials", mean("embedding formative assessment", effect), of("F20e")),
    Check("F30", "mean estimate of champions without a named practice, SD", "champions", mean("champions", effect), (0.0, 0.08), own=True, order=of("F30", at=0)),
    Check("F31", "share of trials of champions that find nothing", "champions", null_share("champions"), NULL, own=True),
    Check("F31.aware", "teachers aware in champions' schools less in controls", "champions", mean("champions", trial_difference("aware")), POSITIVE, own=True),
    Check("F31.turnover", "estimate with nobody leaving less that with turnover, SD", "champions", difference("champions", "champions", effect, 1, 0), POSITIVE, own=True),
    Check("F41", "years before teachers that senior leaders were at teachers' level of 2018", "nothing", _lead, (5.0, None), own=True, order=YEARS_BEFORE),
    Check("F74", "mean estimate of learning communities, SD", "trials", mean("learning communities", effect), of("F74")),
    Check("F78", "share of trials of networks of three with a mixed agenda that find nothing", "trials", null_share("mixed agenda of three"), NULL, own=True),
    Check("F76.years", "members' gain at year 4 less at year 2, strong with weak, SD", "pairs", change("strong and weak", gain(4), gain(2)), POSITIVE),
    Check("F76.pairing", "members' gain at year 4, strong with weak less equals, SD", "pairs", difference("strong and weak", "equals", gain(4)), POSITIVE),
    Check("F77", "members' gain at year 4, intensive less little together, SD", "pairs", difference("strong and weak", "little together", gain(4)), POSITIVE),
    Check("F61", "use lost without colleagues' influence less that lost without guidance by post", "colleagues", _colleagues_over_documents, POSITIVE, own=True),
)  # fmt: skip
OTHER_TESTS = (
    Check("F14", "gain explained by quality of CPD less that explained by its hours", "programmes", _quality_over_hours, POSITIVE, own=True),
    Check("F16", "estimate with materials less without, SD", "trials", difference("with materials", "middling", effect), POSITIVE),
    Check("F17c.peers", "estimate of expertise with peers less expertise alone, SD", "trials", difference("middling", "expertise alone", effect), POSITIVE),
    Check("F17c.expertise", "estimate of expertise with peers less peers alone, SD", "trials", difference("middling", "peers alone", effect), POSITIVE),
    Check("F20f", "members' gain a year after the money less at its end, SD", "after the money", change("middling", gain(4), gain(3)), (None, 0.0)),
    Check("F34", "share of trials that find nothing though practice moved", "141 trials", _null_though_practice_moved, NULL, own=True),
    Check("F45", "what hierarchy costs 60 schools less what it costs 6, doing it well", "hierarchies", _hierarchy_cost, (None, 0.0), own=True),
)  # fmt: skip
CALIBRATION = (
    Check("F07", "mean estimate of a middling programme, SD", "trials", mean("middling", effect), of("F07")),
    Check("F08", "mean estimate of a middling programme, SD", "trials", mean("middling", effect), (0.05, 0.09)),
    Check("F11", "mean estimate of coaching, SD", "trials", mean("coaching", effect), of("F11", at=1)),
    Check("F21", "mean estimate of 141 trials, SD", "141 trials", mean("programme", effect, None), of("F21", at=0)),
    Check("F21.width", "mean width of their intervals, SD", "141 trials", _width, of("F21", at=1), own=True),
    Check("F26.reach", "schools that a free script reaches in two years", "reach", mean("free script", reach(2)), (0.6, 0.7), tagged="CAL"),
    Check("F27.effect", "gain of all pupils with guidance by post less with nothing, SD", "post", outcome_difference("post", "nothing", "attainment_sd"), (-0.02, 0.02)),
    Check("F27.use", "use with guidance by post less with nothing", "post", difference("post", "nothing", everywhere("in_use", 2)), (-0.02, 0.02), own=True),
    Check("F32", "schools reached in a year through networks that are there, over those by advocates", "reach", ratio("existing networks", "advocates", reach(1)), (1.3, 2.2), own=True),
    Check("F35", "schools that advocates reach in two years", "reach", mean("advocates", reach(2)), of("F35", 0.01)),
    Check("F38.median", "median fidelity of funded users at year 3", "after the money", _fidelity(0), (0.55, 0.7)),
    Check("F38.best", "90th centile of fidelity of funded users at year 3", "after the money", _fidelity(1), (None, 0.85)),
    Check("F40", "root mean square error of teachers' awareness over seven years", "nothing", _toolkit_error, (0.0, 0.03), own=True),
    Check("F42.p", "Bass's p of teachers' awareness, a year", "nothing", _bass(0), (0.03, 0.06)),
    Check("F42.q", "Bass's q of teachers' awareness, a year", "nothing", _bass(1), (0.05, 0.11)),
    Check("F51.sustainers", "schools that meet the criterion in years 2 and 5", "after the money", mean("middling", trajectory("sustainer")), of("F51", 0.01, 0)),
    Check("F51.slow", "schools that meet it in year 5 and not in 2", "after the money", mean("middling", trajectory("slow")), of("F51", 0.01, 1)),
    Check("F51.late", "schools that meet it in year 3 and not in 5", "after the money", mean("middling", trajectory("late")), of("F51", 0.01, 2)),
    Check("F51.rapid", "all other schools", "after the money", mean("middling", trajectory("rapid")), of("F51", 0.01, 3)),
    Check("F52", "schools that leave formally in five years with live support", "after the money", mean("middling", left_formally(1, 6), 3), of("F52", 0.01)),
    Check("F53", "schools that leave formally in three years without", "after the money", mean("no network", left_formally(3, 6)), of("F53", 0.01)),
    Check("F63", "teachers who leave in a year", "nothing", _people("left"), of("F63", 0.01)),
    Check("F64", "teachers who move in a year", "nothing", _people("moved"), of("F64", 0.01, 0)),
    Check("F65.1", "new teachers gone after a year", "nothing", _novices_gone(1), of("F65", 0.01, 0)),
    Check("F65.3", "new teachers gone after three years", "nothing", _novices_gone(3), of("F65", 0.01, 1)),
    Check("F65.5", "new teachers gone after five years", "nothing", _novices_gone(5), of("F65", 0.01, 2)),
    Check("F66.primary", "new primary heads in post after five years", "nothing", _heads_stay(0), of("F66", 0.01, 0)),
    Check("F66.secondary", "new secondary heads in post after five years", "nothing", _heads_stay(1), of("F66", 0.01, 1)),
    Check("F68", "people lost a year, most over least disadvantaged fifth", "nothing", _turnover_gradient, (1.2, 1.8), own=True),
    Check("F79", "schools in a cluster", "after the money", mean("middling", _cluster_size), of("F79")),
)  # fmt: skip
CHECKS = (*REVIEW, *GROUPS, *OTHER_TESTS, *CALIBRATION)

_NO_LOG = "the model keeps no log of why a teacher came to use a practice or missed CPD"
_PARTS = "a practice has one stage in the model, not components"
NOT_CHECKED = {
    "F09": "from memory only: its numbers are no hard test",
    "F10": "from memory only: its numbers are no hard test",
    "F15": "contradicts F14: both cannot hold, and F14 is checked",
    "F17": "instruction has no spread before a practice comes, by which a teacher's gain could be divided",
    "F17b": "as F17; its number is from memory",
    "F18": "a regression over coded programmes, of which F14's is one part",
    "F19": "the model has no theory, demonstration or practice as separate parts of training; and its three versions disagree",
    "F20": "pairs of teachers are not a lever",
    "F20b": "needs each teacher's pupils: attainment is a school's",
    "F25": "re-trials of these are from memory; F24 has the same mechanism",
    "F29": "the finding gives no threshold for taking little part",
    "F33": "no number, and F34 asks for more",
    "F36": "hubs' own activity is not recorded",
    "F37": "selection and fidelity are not told apart yet",
    "F39": _PARTS,
    "F44": "S-shape needs a fit by school and seed that is not written yet",
    "F46": _NO_LOG,
    "F47": "treatment of single teachers is not a lever",
    "F48": "seeding by centrality is not a lever",
    "F50": "density of ties is fixed when a system is built",
    "F55": _PARTS,
    "F56": _PARTS,
    "F59": _PARTS,
    "F60": _PARTS,
    "F67": "tenure by school's standing is not in the model; its rates are checked by F66",
    "F69": "CPD that has nothing to do with the practice is not in the model",
    "F70": "what a teacher makes of a single course is not recorded",
    "F71": _NO_LOG,
    "F72": _NO_LOG,
    "F73": "an entitlement to CPD is not a lever",
    "F73b": "peer learning that no policy brings is not in the model",
    "F80": "near and far aims are not told apart",
    "F83": "F32 checks reach; lasting by how schools were recruited is not written yet",
}
