"""The headline in words, computed from a comparison and never typed: who leads on what, with ranges and seeds.

A policy "leads" only if its 90% range is clear of every other's, over a posterior that of chance alone too; else the
sentence names those it cannot be told apart from. Nothing is said of a policy that does too little to be judged (under 1% of teachers).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kmsim.outcomes.definitions import OUTCOMES
from kmsim.report import frames
from kmsim.report.frames import BASELINE, ENOUGH, Cell, Comparison, k_of_n, shown, shown_range, shown_year
from kmsim.report.style import plain_name

FEW_SEEDS = 10
LEAST = 0.01  # share of teachers below which depth, ownership, gap and rank say nothing
NOT_APART = "cannot be told apart by range from"
NOT_BY_LUCK = "cannot be told apart, by range or by that of chance alone, from"


@dataclass(frozen=True)
class Finding:
    """One question with its answer, and what to know beside it. leader: the policy with the best mean; clear: its range overlaps no other's.

    together: those it cannot be told apart from; judged: all that were ranked.
    """

    question: str
    sentence: str
    beside: str = ""
    leader: str | None = None
    clear: bool = False
    together: tuple[str, ...] = ()
    judged: tuple[str, ...] = ()


@dataclass(frozen=True)
class Headline:
    """What stands at the top of a report: one sentence, the findings, and the label every range carries."""

    lead: str
    findings: list[Finding]
    ranges: str
    label: str
    budget: str = ""
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Question:
    question: str
    outcome: str
    moment: str
    what: str
    floor: str | None = None  # outcome that must reach 1% of teachers for a policy to be judged


QUESTIONS = (
    _Question("Reaches most teachers", "spread_teachers", "funding_end", "{} of teachers trying or using it"),
    _Question("Most doing it well", "doing_it_well", "funding_end", "{} of teachers doing it well"),
    _Question("Deepest", "depth", "funding_end", "a quality of use of {} out of 1 among those using it", "spread_teachers"),
    _Question("Most lasting", "sustained", "end", "{} of teachers still doing it well three years after funding ended"),
    _Question("Most owned by teachers", "ownership", "funding_end", "an ownership of {} out of 1 among those using it", "spread_teachers"),
    _Question("Most to disadvantaged schools", "gap", "funding_end", "{} between the most and the least disadvantaged fifth of schools in doing it well", "doing_it_well"),
    _Question("Disadvantaged pupils", "months_disadvantaged", "end", "{} months of progress for disadvantaged pupils"),
)  # fmt: skip


def headline(c: Comparison, practice: str | None = None) -> Headline:
    """The headline block of a comparison for one practice (the first if none is named). Pure: the same frames, the same words.

    Raises IndexError if the comparison has no practice.

    >>> headline(comparison).findings[1].sentence  # doctest: +SKIP
    'Co-designed networks leads: 12.3% (11.0 to 13.5%) of teachers doing it well ...'
    """
    practice = frames.practices(c)[0] if practice is None else practice
    findings = [_answer(c, practice, q) for q in QUESTIONS if frames.has(c, q.outcome)]
    if frames.has(c, "attainment_disadvantaged_sd") and frames.has(c, "cost_per_pupil_gbp"):
        findings.append(per_pound(c, practice))
    n = frames.seeds(c)
    ranges = (
        f"Ranges are the middle 90% of {n} seeds"
        if n > 1
        else "One seed: there are no ranges, and no policy can be called better"
    )
    warnings = [f"With {n} seeds the ranges are rough."] if ENOUGH <= n < FEW_SEEDS else []
    few = frames.few(c)
    if few and n > 1:
        least = ENOUGH if n < ENOUGH else frames.ENOUGH_LUCK
        warnings = [f"{few} too few to call any policy better: run at least {least}."]
    findings = [replace(f, sentence=frames.said(c, f.sentence), beside=frames.said(c, f.beside)) for f in findings]
    lead, ranges = frames.said(c, _lead(findings, few)), frames.said(c, ranges)
    warnings = [frames.said(c, warning) for warning in warnings]
    return Headline(lead, findings, f"{ranges} ({c.label}).", c.label, budget_words(c), warnings)


def headline_text(c: Comparison, practice: str | None = None) -> str:
    """The headline block as plain text, one line a sentence."""
    head = headline(c, practice)
    lines = [
        head.lead,
        *(f"{f.question}: {f.sentence} {f.beside}".strip() for f in head.findings),
        head.budget,
        head.ranges,
        *head.warnings,
    ]
    return "\n".join(line for line in lines if line)


def leading(c: Comparison, practice: str, outcome: str, moment: str) -> set[str]:
    """The policy with the best mean on an outcome and those it cannot be told apart from; empty if nothing can be ranked.

    moment: "funding_end" or "end". Policies that do too little to be judged are never among them.
    """
    if OUTCOMES[outcome].better != "more":
        return set()
    floor = next((q.floor for q in QUESTIONS if q.outcome == outcome), None)
    found = _answer(c, practice, _Question("", outcome, moment, "{}", floor))
    if len(found.judged) < 2 or frames.few(c):
        return set()
    return {found.leader, *found.together} - {None}  # type: ignore[return-value]


def ahead(c: Comparison, practice: str, outcome: str, moment: str, policy: str, other: str) -> tuple[int, int]:
    """In how many seeds (of how many) a policy is better than another on an outcome: (k, n). Equal is not ahead."""
    table = frames.by_seed(c, practice, outcome, moment)
    if policy not in table or other not in table:
        return 0, 0
    sense = -1 if OUTCOMES[outcome].better == "less" else 1
    difference = (sense * (table[policy] - table[other])).dropna()
    return int((difference > 0).sum()), len(difference)


def budget_words(c: Comparison) -> str:
    """What the policies had to spend, in a sentence."""
    budget, pupils = c.config.get("budget_gbp", c.config.get("budget")), c.counts.get("pupils", 0)
    if budget is None:
        return "Each policy ran at its own cost, with no budget held equal."
    if isinstance(budget, str) or not np.isfinite(float(budget)):
        return ""
    each = f" ({shown('cost_per_pupil_gbp', float(budget) / pupils)} a pupil)" if pupils else ""
    return f"Each funded policy could spend the same {shown('cost_gbp', float(budget))}{each}; what it cannot use stays unspent."


def per_pound(c: Comparison, practice: str) -> Finding:
    """Months of progress that disadvantaged pupils gain at the end for each £10 a pupil paid, above business as usual if it ran.

    Only policies that cost something and whose gain is above none in its whole range are ranked.
    """
    question = "Months per pound"
    gain, cost = months_per_ten_pounds(c, practice)
    cells = {p: _ratio(gain[p], cost[p]) for p in cost if gain[p].n >= ENOUGH and gain[p].side() > 0}
    base = "business as usual" if BASELINE in c.policies else "nothing"
    if few := frames.few(c):
        return Finding(question, f"{few} too few to tell a gain from chance, so none is set against its cost.")
    if not cells:
        return Finding(
            question, f"No policy that costs money gains disadvantaged pupils more than {base} in its whole range."
        )
    left = len(gain) - len(cells)
    finding = _sentence(
        question,
        cells,
        lambda x: (_small(x.mean, x.mean), f"{_small(x.low, x.mean)} to {_small(x.high, x.mean)}" if x.n > 1 else ""),
        "{} months of progress for disadvantaged pupils for each £10 paid a pupil",
        lambda a, b: _wins(cost[a], cost[b]),
        None,
    )
    note = (
        f"Not ranked: {_count(left, 'policy', 'policies')} whose gain above {base} cannot be told from none, or that cost nothing."
        if left
        else ""
    )
    return replace(finding, beside=f"{finding.beside} {note}".strip())


def months_per_ten_pounds(c: Comparison, practice: str) -> tuple[dict[str, Cell], dict[str, np.ndarray]]:
    """By policy: the gain in months at the end above business as usual (a cell), and by seed the gain for each £10 a pupil."""
    sd = frames.by_seed(c, practice, "attainment_disadvantaged_sd", "end")
    cost = frames.by_seed(c, practice, "cost_per_pupil_gbp", "end")
    gain, ratio = {}, {}
    for policy in sd:
        if policy == BASELINE or policy not in cost:
            continue
        months = frames.exact_months(sd[policy])
        more = months - (frames.exact_months(sd[BASELINE]) if BASELINE in sd else 0.0)
        paid = cost[policy].reindex(sd.index).to_numpy(float)
        luck = _luck_of_gain(c, practice, policy, BASELINE in sd)
        gain[policy] = replace(_cell(more), luck=luck) if np.nanmean(paid) > 0 else frames.NOTHING
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio[policy] = np.where(paid > 0, 10 * more / paid, np.nan)
    return gain, ratio


def _luck_of_gain(c: Comparison, practice: str, policy: str, baseline: bool) -> tuple[float, float] | None:
    """What chance alone does to a gain in months at the end; None where that is what its range is of."""
    frame = c.paired[c.paired.role == "baseline"] if baseline else c.summary
    rows = frames.of_practice(frame, practice, "attainment_disadvantaged_sd")
    found = frames.lucks(c, rows[(rows.policy == policy) & (rows.moment == "end")])
    if not found or found[0] is None:
        return None
    low, high = (float(x) if np.isinf(x) else float(frames.exact_months(x)) for x in found[0])
    return low, high


def _ratio(gain: Cell, ratios: np.ndarray) -> Cell:
    """The gain for a price, its luck that of the gain."""
    found = _cell(ratios)
    return found if gain.luck is None else replace(found, luck=_scaled(gain.luck, found.mean / gain.mean))


def _scaled(span: tuple[float, float], by: float) -> tuple[float, float]:
    return span[0] * by, span[1] * by


def _answer(c: Comparison, practice: str, q: _Question) -> Finding:
    cells = {p: frames.cell(c, practice, p, q.outcome, q.moment) for p in c.policies}
    cells = {p: x for p, x in cells.items() if x.known}
    if not cells:
        why = (
            "the run ends less than three years after funding"
            if q.outcome == "sustained"
            else "it has no value in this run"
        )
        return Finding(q.question, f"n/a: {why}.")
    judged = dict(cells)
    if q.floor and frames.has(c, q.floor):
        judged = {p: x for p, x in cells.items() if frames.cell(c, practice, p, q.floor, q.moment).mean >= LEAST}
        if not judged:
            return Finding(q.question, f"n/a: under every policy fewer than 1% of teachers are {_doing(q.floor)}.")
    elif OUTCOMES[q.outcome].percent and max(x.mean for x in cells.values()) < LEAST:
        return Finding(q.question, f"No policy has {q.what.format('1%')}, so there is nothing to rank.")
    elif q.outcome != "gap" and max(x.mean for x in cells.values()) <= 0:
        return Finding(q.question, "No policy is above nought, so there is nothing to rank.")
    year = "" if q.outcome == "sustained" else f" in year {shown_year(frames.moment_year(c, q.moment))}"
    if q.outcome == "spread_teachers" or q.outcome == "doing_it_well":
        year += ", when all funding had ended"

    def show(x: Cell) -> tuple[str, str]:
        return shown(q.outcome, x.mean), shown_range(q.outcome, x.low, x.high).removesuffix(
            " points"
        ) if x.n > 1 else ""

    finding = _sentence(
        q.question,
        judged,
        show,
        q.what + year,
        lambda a, b: ahead(c, practice, q.outcome, q.moment, a, b),
        BASELINE if BASELINE in cells and q.outcome not in ("depth", "ownership", "gap") else None,
    )
    extra = ""
    if q.outcome == "gap" and finding.leader:
        x = judged[finding.leader]
        extra = " " + _side(x)
    if q.outcome == "months_disadvantaged" and finding.leader and frames.has(c, "attainment_disadvantaged_sd"):
        x = frames.cell(c, practice, finding.leader, "attainment_disadvantaged_sd", q.moment)
        extra = f" In SD: {shown('attainment_disadvantaged_sd', x.mean)}" + (
            f" ({shown_range('attainment_disadvantaged_sd', x.low, x.high)})." if x.n > 1 else "."
        )
    left = len(cells) - len(judged)
    if left:
        verb = "is" if left == 1 else "are"
        extra += f" {_count(left, 'policy', 'policies').capitalize()} with fewer than 1% of teachers {_doing(str(q.floor))} {verb} not ranked."
    return replace(finding, beside=(finding.beside + extra).strip())


def _doing(floor: str) -> str:
    return "doing it well" if floor == "doing_it_well" else "trying or using it"


def _side(x: Cell) -> str:
    if frames.untold(x):
        return f"So few {'seeds' if x.n < ENOUGH else 'runs of luck'} say nothing of the side."
    if x.side() > 0:
        return "Its whole range is in favour of disadvantaged schools."
    if x.side() < 0:
        return "Even so, its whole range is against disadvantaged schools."
    which = "Its range" if x.low <= 0 <= x.high else "The range of chance alone"
    return f"{which} reaches both sides of nought, so it may be a gap either way."


def _sentence(
    question: str,
    cells: dict[str, Cell],
    show: Callable[[Cell], tuple[str, str]],
    what: str,
    wins: Callable[[str, str], tuple[int, int]],
    baseline: str | None,
) -> Finding:
    """The sentence on the best mean: `leads` if its range is clear of all others, else those it cannot be told apart from."""
    order = sorted(cells, key=lambda p: -cells[p].mean)
    top, rest = order[0], order[1:]
    together = tuple(p for p in rest if cells[p].overlaps(cells[top]))
    clear = bool(rest) and not together
    mean, span = show(cells[top])
    value = what.format(f"{mean} ({span})" if span else mean)

    def named(policy: str) -> str:
        return f"{plain_name(policy)} ({', '.join(x for x in show(cells[policy]) if x)})"

    beside = ""
    if not rest:
        text = f"{plain_name(top)} is the only policy that can be judged: {value}."
    elif clear:
        text = f"{plain_name(top)} leads: {value}; next is {named(rest[0])}."
    elif few := frames.untold(cells[top]):
        text = f"{plain_name(top)} has the highest mean, {value}; {few}."
    else:
        near = [named(p) for p in together[: 3 if len(together) <= 3 else 2]]
        if len(together) > 3:
            near.append(f"{len(together) - 2} more")
        text = f"{plain_name(top)} has the highest mean, {value}, but {not_apart(cells[top])} {_and(near)}."
        lower = len(rest) - len(together)
        if lower:
            beside = (
                f"The {'range of the other one lies' if lower == 1 else f'ranges of the other {lower} lie'} below. "
            )
    against = rest[:1] + ([baseline] if baseline and baseline not in (top, *rest[:1]) else [])
    told = [
        f"{'business as usual' if p == BASELINE else plain_name(p)} in {k_of_n(k, n)}"
        for p in against
        for k, n in [wins(top, p)]
        if n
    ]
    if told:
        beside += f"With the same seeds it is ahead of {_and(told)}."
    return Finding(question, text, beside.strip(), top, clear, together, tuple(order))


def not_apart(found: Cell) -> str:
    """By what a cell cannot be told from others."""
    return NOT_APART if found.luck is None else NOT_BY_LUCK


def _lead(findings: Sequence[Finding], few: str = "") -> str:
    """One sentence over all questions: who has the best mean most often, and how often that is clear of all others."""
    ranked = [f for f in findings if f.leader and len(f.judged) > 1]
    if not ranked:
        return "Nothing in this run can be ranked."
    if few:
        return f"{few} too few to say which policy is best."
    leaders = Counter(f.leader for f in ranked)
    most = max(leaders.values())
    tops = [p for p in leaders if leaders[p] == most]
    if len(tops) > 1:
        names = _and([plain_name(str(p)) for p in tops])
        clear = sum(f.clear for f in ranked if f.leader in tops)
        return (
            f"{names} each have the best mean on {most} of {len(ranked)} questions; {_clear(clear, most * len(tops))}."
        )
    top = str(tops[0])
    mine = [f for f in ranked if f.leader == top]
    clear = sum(f.clear for f in mine)
    partners = Counter(p for f in mine for p in f.together)
    text = f"{plain_name(top)} has the best mean on {most} of {len(ranked)} questions; {_clear(clear, most)}"
    if partners and clear < most:
        partner, times = min(partners.items(), key=lambda item: (-item[1], plain_name(item[0])))
        text += (
            f": on {times} it cannot be told apart from {plain_name(partner)}"
            if clear == 0
            else f", and on {times} it cannot be told apart from {plain_name(partner)}"
        )
    return text + "."


def _clear(clear: int, of: int) -> str:
    if clear == 0:
        return (
            "on none of them is its range clear of every other policy's"
            if of > 1
            else "its range there is not clear of every other policy's"
        )
    if clear == of:
        return (
            "each time its range is clear of every other policy's"
            if of > 1
            else "its range there is clear of every other policy's"
        )
    return f"on {clear} of them its range is clear of every other policy's"


def _wins(a: np.ndarray, b: np.ndarray) -> tuple[int, int]:
    both = np.isfinite(a) & np.isfinite(b)
    return int(np.sum(a[both] > b[both])), int(both.sum())


def _cell(values: np.ndarray) -> Cell:
    good = np.asarray(values, float)
    good = good[np.isfinite(good)]
    if len(good) == 0:
        return frames.NOTHING
    low, high = np.quantile(good, [frames.LOW, frames.HIGH])
    return Cell(float(good.mean()), float(low), float(high), len(good))


def _small(value: float, beside: float) -> str:
    digits = 1 if abs(beside) >= 10 else 2 if abs(beside) >= 0.2 else 3
    return f"{value:.{digits}f}".replace("-", "−")


def _count(n: int, one: str, many: str) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return f"{words[n] if n < len(words) else n} {one if n == 1 else many}"


def _and(items: Sequence[str]) -> str:
    items = list(items)
    return "".join(items) if len(items) < 2 else ", ".join(items[:-1]) + " and " + items[-1]
