"""Turnover: who leaves, who moves, and what a newcomer brings (F63-F68). Annual probabilities, used as they stand."""

from __future__ import annotations

from kmsim.jit import rule
from kmsim.rules.numbers import HALF, ONE


@rule
def strain(fsm_rank, p):
    """M: turnover rises with free school meals (P08, F68)."""
    return ONE + p.turnover_fsm * (fsm_rank - HALF)


@rule
def leave_chance(experience, p):
    """The chance of leaving the profession in a year, by years of experience (F65; older leavers so that the total is 8.5-9%)."""
    if experience < 2:
        return p.leave_0
    if experience < 4:
        return p.leave_2
    if experience < 6:
        return p.leave_4
    if experience < 10:
        return p.leave_6
    if experience < 30:
        return p.leave_10
    return p.leave_30


@rule
def newcomer_heard(experience, aware_share, routine, draw, p):
    """Whether a newcomer has heard of a practice: all do where it is routine; one who taught before, as often as the new colleagues (F42)."""
    return routine > p.routine_known or (experience > 0 and draw < aware_share)


@rule
def newcomer_known(routine, p):
    """What a school's routine hands to a newcomer: knowledge, fidelity (P30, F54)."""
    return p.new_u * routine, p.new_q * routine
