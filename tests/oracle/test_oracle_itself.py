"""The oracle on a tiny system: does it run, keep its states in bounds, conserve people and money, and repeat itself?"""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml

from kmsim.parameters import defaults
from tests.oracle.arithmetic import chance, nearly_equal_runs, relax
from tests.oracle.model import OracleModel
from tests.oracle.people import AWARE, LAPSED, TRYING, UNAWARE, USING
from tests.oracle.tiny import tiny

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
POLICIES = sorted(path.stem for path in (CONFIGS / "policy").glob("*.yaml"))
PRACTICES = sorted(path.stem for path in (CONFIGS / "practice").glob("*.yaml"))
CODESIGNED_NOW = {
    "levers": [
        {"recruit": {"invitation": 1.0, "coverage": 0.5, "assigned": True}},
        {"cpd": {"intensity": 0.7, "focus": 0.7}},
        {"expert_days": {"expertise": 0.75}},
        {"train_facilitators": {"capacity": 0.7}},
        {"form_clusters": {"collaboration": 0.75, "network_size": 5}},
        {"codesign": {"ownership": 0.75}},
    ]
}


def read(folder: str, name: str) -> dict:
    return yaml.safe_load((CONFIGS / folder / f"{name}.yaml").read_text(encoding="utf-8"))


def make(policy, practices=("formative_assessment",), system=None, **options) -> OracleModel:
    described = read("policy", policy) if isinstance(policy, str) else policy
    values = {"seed": 11, "years": 3, "funded_years": 3, "ticks_per_year": 6, **options}
    return OracleModel(
        system if system is not None else tiny(),
        described,
        [read("practice", name) for name in practices],
        values.pop("parameters", None) or defaults(),
        **values,
    )


def run(model: OracleModel, years: float = 3) -> OracleModel:
    for _ in range(round(years * model.ticks_per_year)):
        model.step()
    return model


def without(policy: dict, kind: str) -> dict:
    return {"levers": [lever for lever in policy["levers"] if kind not in lever]}


def shares_of_members(model: OracleModel) -> tuple[float, float]:
    """Share of posts in use, and doing it well, in member schools."""
    posts = [t for t in model.teachers if t.school.signed_up[0]]
    return sum(t.in_use(0) for t in posts) / len(posts), sum(t.is_well(0) for t in posts) / len(posts)


def snapshot(model: OracleModel) -> list:
    people = [(t.stage, t.knowledge, t.fidelity, t.ownership, t.experience, t.openness) for t in model.teachers]
    schools = [(s.priority, s.signed_up, s.routine, s.expertise, s.attainment, s.climate) for s in model.schools]
    return [people, schools, model.ledger, model.staff_hours, model.committed]


def check_bounds(model: OracleModel) -> None:
    for teacher in model.teachers:
        assert 0 <= teacher.experience <= 250
        for k in range(len(model.practices)):
            assert teacher.stage[k] in (UNAWARE, AWARE, TRYING, USING, LAPSED)
            for value in (teacher.knowledge[k], teacher.fidelity[k], teacher.ownership[k], teacher.attendance[k]):
                assert 0.0 <= value <= 1.0
    for school in model.schools:
        assert 0.0 <= school.climate <= 1.0
        for k in range(len(model.practices)):
            for value in (school.priority[k], school.routine[k], school.expertise[k], school.scripting[k]):
                assert 0.0 <= value <= 1.0
            assert 0.0 <= school.attainment[k] <= 0.5
            assert school.cluster[k] is None or (school.signed_up[k] and school in school.cluster[k].schools)
    for cluster in (cluster for of_practice in model.clusters for cluster in of_practice):
        assert 0.0 <= cluster.vitality <= 1.0 and 0.0 <= cluster.facilitators <= 6.0
        assert len(cluster.schools) >= 2
    assert all(math.isfinite(amount) and amount >= 0.0 for amount in model.ledger.values())
    assert model.spent == pytest.approx(sum(model.ledger.values()))


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_runs_and_stays_in_bounds(policy):
    model = make(policy, system=tiny(seed=3))
    for _ in range(18):
        model.step()
        check_bounds(model)
    assert model.tick == 18
    counted = [sum(1 for t in model.teachers if t.stage[0] == stage) for stage in range(5)]
    assert sum(counted) == len(model.teachers) >= 50


@pytest.mark.parametrize("policy", ["codesigned_networks", "trust_led", "scripted_programme", "national_mandate"])
def test_several_practices_at_once(policy):
    model = make(policy, practices=PRACTICES, system=tiny(seed=4, schools=12, regions=2))
    for _ in range(18):
        model.step()
        check_bounds(model)
        assert all(sum(c.hours for c in school.conditions) <= 40.0001 for school in model.schools)
        assert all(sum(c.priority for c in school.conditions) <= 1.5001 for school in model.schools)
    assert len({tuple(t.stage) for t in model.teachers}) > 1


@pytest.mark.parametrize("ticks", [6, 12, 39])
def test_any_number_of_ticks(ticks):
    check_bounds(run(make("codesigned_networks", ticks_per_year=ticks), 2))


@pytest.mark.parametrize("policy", ["codesigned_networks", "trust_led", "strong_weak_pairing"])
def test_same_seed_same_result(policy):
    first, again = run(make(policy)), run(make(policy))
    other = run(make(policy, seed=12))
    assert snapshot(first) == snapshot(again)
    assert snapshot(first) != snapshot(other)


def test_turnover_conserves_people():
    model = make("codesigned_networks", system=tiny(schools=8))
    arrivals = 0
    for year in range(6):
        run(model, 1)
        people = [t.person for t in model.teachers]
        assert len(set(people)) == len(people) == len(model.teachers)
        new = [t for t in model.teachers if t.person >= len(people) + arrivals]
        left = sum(1 for t in model.teachers if t.turnover_decision[0] < t.turnover_decision[1][0])
        assert len(new) == left == model._people - len(people) - arrivals
        arrivals += len(new)
        assert all(t.experience > 0 for t in model.teachers if t not in new)
        assert model.year == year + 1
    assert 0 < arrivals / 6 / len(model.teachers) < 0.2


def test_movers_take_knowledge_along_and_half_their_ownership():
    parameters = {**defaults(), "move": 2.0}
    for name in ("leave_0", "leave_2", "leave_4", "leave_6", "leave_10", "leave_30"):
        parameters[name] = 0.0
    model = make("business_as_usual", parameters=parameters)
    for teacher in model.teachers:
        teacher.resync(0, USING, knowledge=0.5, fidelity=0.7, ownership=0.8)
    before = {t.person: (t.openness, t.aptitude) for t in model.teachers}
    model.tick = 5
    model.turn_over()
    for teacher in model.teachers:
        if teacher is teacher.school.teachers[0]:
            continue
        assert teacher.person != teacher.index
        assert (teacher.openness, teacher.aptitude) == before[teacher.person]
        assert teacher.ownership[0] == pytest.approx(0.4) and teacher.fidelity[0] == 0.7


@pytest.mark.parametrize("budget", [0.0, 1e3, 2e4, 1e5, 3e5, 1e6])
@pytest.mark.parametrize("policy", POLICIES)
def test_spending_stays_within_budget(policy, budget):
    model = run(make(policy, budget=budget, system=tiny(seed=6, schools=9, regions=2), years=6), 6)
    assert model.spent <= budget * (1 + 1e-9) + 1e-6
    assert model.spent <= model.committed * (1 + 1e-9) + 1e-6
    assert model.committed <= budget * (1 + 1e-9) + 1e-6


def test_a_larger_budget_reaches_at_least_as_many():
    few, many = (
        sum(any(s.ever_joined) for s in run(make("codesigned_networks", budget=b)).schools) for b in (5e4, 1e7)
    )
    assert few <= many and many > 0


def test_broadcast_reaches_only_the_schools_that_it_can_pay_for():
    model = make("guidance_only", budget=310.0)
    run(model, 1)
    assert sum(school.broadcast > 0 for school in model.schools) == 2
    assert model.committed == pytest.approx(300.0)


def test_business_as_usual_costs_nothing():
    model = run(make("business_as_usual"))
    assert model.spent == model.staff_hours == model.committed == 0.0
    assert not any(any(school.signed_up) for school in model.schools)


def test_guidance_alone_does_about_nothing():
    model = run(make("guidance_only", system=tiny(schools=20)))
    assert sum(t.is_well(0) for t in model.teachers) / len(model.teachers) < 0.01
    assert sum(t.in_use(0) for t in model.teachers) / len(model.teachers) < 0.08
    assert sum(t.stage[0] != UNAWARE for t in model.teachers) / len(model.teachers) > 0.3


def test_networks_do_something_and_fail_without_expertise_or_cpd():
    system = tiny(seed=2, schools=20)
    whole = shares_of_members(run(make(CODESIGNED_NOW, system=system)))
    for missing in ("expert_days", "cpd"):
        less = shares_of_members(run(make(without(CODESIGNED_NOW, missing), system=system)))
        assert less[1] < 0.1 < whole[1]
    assert whole[0] > 0.4


def test_a_year_does_not_depend_on_the_tick_much():
    system = tiny(seed=2, schools=20)
    coarse = [shares_of_members(run(make(CODESIGNED_NOW, system=system, seed=s)))[0] for s in range(5)]
    fine = [shares_of_members(run(make(CODESIGNED_NOW, system=system, seed=s, ticks_per_year=12)))[0] for s in range(5)]
    assert abs(sum(coarse) - sum(fine)) / 5 < 0.06


def test_decisions_are_kept_with_their_thresholds():
    model = make("codesigned_networks")
    for _ in range(12):
        before = [t.stage[0] for t in model.teachers]
        model.step()
        if model.tick % 6 == 0:
            continue
        for teacher, stage in zip(model.teachers, before, strict=True):
            aware, decision = teacher.decisions[0]["aware"], teacher.decisions[0]["stage"]
            if stage == UNAWARE:
                assert (teacher.stage[0] != UNAWARE) == (aware[0] < aware[1][0])
            else:
                assert aware is None
            if stage == TRYING:
                use, either = decision[1]
                expected = USING if decision[0] < use else LAPSED if decision[0] < either else TRYING
                assert teacher.stage[0] == expected
            if stage == USING:
                assert (teacher.stage[0] == LAPSED) == (decision[0] < decision[1][0])


def test_draws_are_timed_only_when_asked():
    untimed, timed = run(make("coaching"), 1), run(make("coaching", time_draws=True), 1)
    assert untimed.draw_seconds == 0.0 < timed.draw_seconds
    assert timed.draw_count == untimed.draw_count > 0


def test_taper_and_end_of_funding():
    model = make("codesigned_networks", taper=2.0, funded_years=1, years=4)
    run(model, 0.5)
    school = next(s for s in model.schools if s.signed_up[0])
    funds = []
    for model.tick in range(24):
        funds.append(school.funding(0))
    assert funds[:7] == [1.0] * 7
    assert funds[12] == pytest.approx(0.5) and funds[17] == pytest.approx(1 / 12) and funds[18:] == [0.0] * 6


def test_arithmetic():
    assert relax(0.3, [], 0.0, 0.5) == 0.3
    assert relax(0.3, [(2.0, 0.2)], 0.0, 0.5) == 0.3
    assert relax(0.2, [(1.0, 1.0), (9.0, 0.1)], 1.0, 0.5) == pytest.approx(0.5 - 0.3 * math.exp(-1.0))
    assert chance(0.0, 0.1) == 0.0
    assert nearly_equal_runs(list(range(8)), 3) == [[0, 1, 2], [3, 4, 5], [6, 7]]
    assert nearly_equal_runs([1, 2], 1) == [[1, 2]]
