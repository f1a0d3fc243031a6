"""Peers: colleagues who do it better pull fidelity up; support holds it there (F20, F47, F51)."""

from __future__ import annotations

from kmsim.jit import rule
from kmsim.rules.numbers import ONE, clip, pull, relax


@rule
def standing_support(vitality, expertise, carry, routine, scripting, p):
    """The support a school has whoever the teacher's contacts are: cluster, routine or script, whichever is best.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [round(standing_support(0.5, 0.5, 1.0, routine, 0.0, p), 2) for routine in (0.0, 1.0)]
    [0.25, 0.8]
    """
    return max(vitality * expertise * carry, p.s_routine * routine, p.script_weight * scripting)


@rule
def support(standing, use_share, q_school, community, vitality, p):
    """S: the better of what stands and of in-school norm x depth, with what a lively community adds.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [round(support(standing, 0.0, 0.0, 0.0, 0.0, p), 2) for standing in (0.0, 0.5, 1.0)]
    [0.0, 0.6, 1.0]
    """
    return clip(p.s_support * max(standing, use_share * q_school) + p.s_community * community * vitality)


@rule
def fidelity_after(q, rehearsed, support, q_star, q_school, q_cluster, lively, in_use, p, dt):
    """q after dt; rehearsed = a H Q C (hours a year), lively = vitality x carry.

    The whole rule in one piece, for reading and for tests; `phases.teachers` takes it by its halves.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"phi_q": 0.1})
    >>> [round(fidelity_after(0.6, 0.0, support, 0.6, 0.0, 0.0, 0.0, 1.0, p, 1.0), 3) for support in (0.0, 1.0)]
    [0.543, 0.6]
    """
    gain, weighted, loss = fidelity_pulls(q, rehearsed, support, q_star, q_school, q_cluster, lively, in_use, p)
    return relax(q, gain, weighted, loss, dt)


@rule
def fidelity_pulls(q, rehearsed, support, q_star, q_school, q_cluster, lively, in_use, p):
    """What moves q (gain, gain x target, loss): rehearsed CPD and supported use pull to q*, better colleagues to theirs.

    Unsupported it drifts down: phi_q (1 - S), P26.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"peer_learn": 0.75})
    >>> fidelity_pulls(0.5, 0.0, 1.0, 0.5, 0.25, 1.0, 1.0, 0.0, p)
    (0.75, 0.75, 0.0)
    """
    trained = pull(p.a_q * rehearsed + p.q_doing * in_use * support, q_star, q)
    school = pull(p.peer_school * p.peer_learn, q_school, q)
    cluster = pull(p.peer_learn * lively, q_cluster, q)
    weighted = trained * q_star + school * q_school + cluster * q_cluster
    return trained + school + cluster, weighted, p.phi_q * (ONE - support)
