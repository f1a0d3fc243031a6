"""What the tests of rules share: parameters, ranges to draw arguments from, and the two ways to call a rule."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache

import numpy as np
from hypothesis import strategies as st

from kmsim.parameters import defaults, record

# Sections 9 and 10 of MODEL.md, so that numbers reckoned by hand stay right when defaults are tuned.
MODEL = {
    "p_aware": 0.04, "q_aware": 0.07, "broadcast": 0.25, "aware_cpd": 1 / 6, "k_teacher": 1.0, "k_middle": 1.5, "k_senior": 3.0, "k_head": 3.0,
    "att_base": 0.3, "att_priority": 0.6, "att_mandate": 0.2, "att_workload": 0.4, "att_noise": 0.15, "h_max": 40.0, "h_cpd": 36.0, "h_target": 0.5,
    "h_facilitator": 60.0, "f_reach": 6.0, "a_u": 0.12, "u_use": 0.3, "u_floor": 0.15, "u_loss": 0.1, "a_q": 0.07, "q_doing": 0.4, "peer": 0.35,
    "focus_floor": 0.4, "c_floor": 0.25, "c_vitality": 0.75, "script_weight": 0.8, "q_unaided": 0.4, "q_range": 0.6, "q_aptitude": 0.12, "q_least": 0.05,
    "phi_q": 0.15, "peer_learn": 0.8, "peer_school": 0.3, "s_support": 1.2, "s_routine": 0.8, "s_community": 0.15, "r_try": 2.5, "b0": -2.2,
    "b_reinforcement": 2.0, "b_priority": 1.2, "b_mandate": 1.5, "b_ownership": 1.0, "b_workload": 1.2, "b_openness": 0.7, "theta": 2.0, "half_user": 0.5,
    "retry": 0.5, "w_trying": 0.15, "priority_room": 1.5, "r_use": 3.0, "q_half": 0.3, "support_floor": 0.3, "r_lapse": 1.0, "r_drop": 0.45,
    "c_ownership": 0.7, "c_reinforcement": 0.8, "c_benefit": 0.6, "c_priority": 0.8, "c_workload": 1.0, "mandate_hold": 0.7, "see_gain": 2.0,
    "seen_noise": 0.5, "seen_community": 0.2, "seen_max": 1.5, "script_simple": 0.5, "script_rigid": 0.5, "o_part": 0.8, "o_success": 0.3, "o_lead": 0.3,
    "o_together": 0.3, "o_peers": 0.3, "o_mandate": 0.6, "o_fade": 0.15, "o_keep": 0.5, "tau_v": 0.6, "own_share": 3.0, "own_gain": 1.6, "own_half": 0.35,
    "f_needed": 2.0, "f_gain": 0.4, "f_loss": 0.25, "f_max": 6.0, "champions_max": 8.0, "hierarchy_free": 10.0, "hierarchy_scale": 40.0, "e_gain": 0.15,
    "e_loss": 0.12, "e_hold": 0.7, "pool_free": 10.0, "pool_slope": 0.15, "pool_floor": 0.4, "tier_keep": 0.7, "rate_mandate": 3.0, "rate_invite": 0.3,
    "s_climate": 1.5, "s_neighbours": 0.8, "s_existing": 0.6, "s_incentive": 0.56, "incentive_full": 3000.0, "s_scripting": 0.4, "s_ask": 0.3,
    "s_target": 2.0, "withdraw_live": 0.014, "withdraw_dead": 0.125, "v_alive": 0.3, "pr_rate": 0.5, "pr_floor": 0.4, "pr_climate": 0.6,
    "pr_unsigned": 0.2, "pr_owned": 0.6, "pr_use": 1.5, "r_gain": 0.25, "script_routine": 0.5, "r_loss": 0.2, "climate_gain": 0.05, "leave_0": 0.113,
    "leave_2": 0.086, "leave_4": 0.049, "leave_6": 0.028, "leave_10": 0.085, "leave_30": 0.25, "turnover_fsm": 0.42, "new_u": 0.6, "new_q": 0.5,
    "delay": 1.5, "effect_ratio": 1.0, "d_target": 0.5, "d_community": 0.25,
}  # fmt: skip

P = record(defaults())
HAND = record(defaults() | MODEL)
DT = np.float32(1 / 6)


def between(low: float, high: float) -> st.SearchStrategy[np.float32]:
    """Float32 numbers of a closed interval."""
    low, high = float(np.float32(low)), float(np.float32(high))
    return st.floats(low, high, width=32, allow_subnormal=False).map(np.float32)


unit = between(0, 1)
deviate = between(-5, 5)
hours = between(0, 40)
steps = st.sampled_from([np.float32(1 / n) for n in (6, 12, 39, 52)])


def compiled(rule, *arguments, p=P):
    """The rule as phases use it: compiled, float32 in and out. `dt`, where the rule has one, is the last argument given."""
    return rule(*_in_place(rule, arguments, p))


def by_hand(rule, *arguments, p=HAND) -> float:
    """The rule with MODEL's values, compiled and as plain Python: they must agree; what they give, as a float."""
    values = _in_place(rule, arguments, p)
    fast, plain = np.atleast_1d(rule(*values)), np.atleast_1d(rule.py_func(*values))
    assert np.allclose(fast, plain, rtol=2e-6, atol=1e-7)
    return float(fast[0]) if len(fast) == 1 else tuple(float(x) for x in fast)


@cache
def _names(rule) -> list[str]:
    return list(inspect.signature(rule.py_func).parameters)


def _in_place(rule, arguments, p) -> list:
    """The arguments of a call, with the parameter record where the rule wants it."""
    values = [_as_32(a) for a in arguments]
    if "p" in _names(rule):
        values.insert(_names(rule).index("p"), p)
    return values


def _as_32(value):
    return value if isinstance(value, bool) else np.float32(value)


class Senses:
    """A rule and how it answers to each argument: `+a` rises with a, `-a` falls. The rest of its domain is drawn."""

    def __init__(self, rule, domain: Mapping[str, st.SearchStrategy], senses: str, tolerance: float = 2e-6):
        self.rule, self.domain, self.tolerance = rule, dict(domain), tolerance
        self.senses = {word[1:]: {"+": 1, "-": -1}[word[0]] for word in senses.split()}
        assert set(self.senses) <= set(self.domain)

    def check(self, data: st.DataObject, name: str) -> None:
        """Draw a point and two values of one argument; the rule must order them as its sense says."""
        point = {key: data.draw(strategy, key) for key, strategy in self.domain.items()}
        low, high = sorted((point[name], data.draw(self.domain[name], f"another {name}")))
        first, second = (float(compiled(self.rule, *(point | {name: value}).values())) for value in (low, high))
        slack = self.tolerance * max(1.0, abs(first), abs(second))
        assert self.senses[name] * (second - first) >= -slack


def senses_of(*tables: Senses) -> list:
    """(table, argument) for pytest: one test for each rule and argument."""
    import pytest

    return [
        pytest.param(table, name, id=f"{table.rule.__name__}({'+' if sense > 0 else '-'}{name})")
        for table in tables
        for name, sense in table.senses.items()
    ]
