"""Peers: colleagues who do it better pull fidelity up; support holds it there (F20, F47, F51)."""

from __future__ import annotations

from kmsim.jit import rule
from kmsim.rules.numbers import ONE, clip, pull, relax


@rule
def standing_support(vitality, expertise, carry, routine, scripting, p):
    """The support a school has whoever the teacher's contacts are: cluster, routine or script, whichever is best."""
    return max(vitality * expertise * carry, p.s_routine * routine, p.script_weight * scripting)


@rule
def support(standing, use_share, q_school, community, vitality, p):
    """S: the better of what stands and of in-school norm x depth, with what a lively community adds."""
    return clip(p.s_support * max(standing, use_share * q_school) + p.s_community * community * vitality)


@rule
def fidelity_after(q, rehearsed, support, q_star, q_school, q_cluster, lively, in_use, p, dt):
    """q after dt; rehearsed = a H Q C (hours a year), lively = vitality x carry.

    The whole rule in one piece, for reading and for tests; `phases.teachers` takes it by its halves.
    """
    gain, weighted, loss = fidelity_pulls(q, rehearsed, support, q_star, q_school, q_cluster, lively, in_use, p)
    return relax(q, gain, weighted, loss, dt)


@rule
def fidelity_pulls(q, rehearsed, support, q_star, q_school, q_cluster, lively, in_use, p):
    """What moves q (gain, gain x target, loss): rehearsed CPD and supported use pull to q*, better colleagues to theirs.

    Unsupported it drifts down: phi_q (1 - S), P26.
    """
    trained = pull(p.a_q * rehearsed + p.q_doing * in_use * support, q_star, q)
    school = pull(p.peer_school * p.peer_learn, q_school, q)
    cluster = pull(p.peer_learn * lively, q_cluster, q)
    weighted = trained * q_star + school * q_school + cluster * q_cluster
    return trained + school + cluster, weighted, p.phi_q * (ONE - support)
