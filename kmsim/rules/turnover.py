"""Turnover: who leaves, who moves, and what a newcomer brings (F63-F68). Annual probabilities, used as they stand."""

from __future__ import annotations

from kmsim.jit import rule
from kmsim.rules.numbers import HALF, ONE


@rule
def strain(fsm_rank, p):
    """M: turnover rises with free school meals (P08, F68).

    >>> from kmsim.parameters import defaults, record
    >>> [round(strain(rank, record(defaults())), 2) for rank in (0.0, 0.5, 1.0)]
    [0.79, 1.0, 1.21]
    """
    return ONE + p.turnover_fsm * (fsm_rank - HALF)


@rule
def leave_chance(experience, p):
    """The chance of leaving the profession in a year, by years of experience (F65; older leavers so that the total is 8.5-9%).

    >>> from kmsim.parameters import defaults, record
    >>> [round(leave_chance(years, record(defaults())), 3) for years in (0, 7, 15, 35)]
    [0.113, 0.028, 0.085, 0.25]
    """
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
    """Whether a newcomer has heard of a practice: all do where it is routine; one who taught before, as often as the new colleagues (F42).

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [newcomer_heard(experience, 0.4, 0.0, 0.3, p) for experience in (0, 5)], newcomer_heard(0, 0.4, 0.9, 0.3, p)
    ([False, True], True)
    """
    return routine > p.routine_known or (experience > 0 and draw < aware_share)


@rule
def newcomer_known(routine, p):
    """What a school's routine hands to a newcomer: knowledge, fidelity (P30, F54).

    >>> from kmsim.parameters import defaults, record
    >>> [round(x, 2) for x in newcomer_known(0.5, record(defaults()))]
    [0.3, 0.25]
    """
    return p.new_u * routine, p.new_q * routine
