"""CPD: who attends, how good it is, and what it does to knowledge and fidelity.

Rehearsal with feedback, not hours alone, builds fidelity (F14, F19); with no new knowledge in there is a ceiling (F20c, F26).
"""

from __future__ import annotations

from kmsim.jit import rule
from kmsim.rules.numbers import HALF, ONE, clip, pull, relax


@rule
def attendance(priority, mandate, workload, noise, p):
    """a = clip(.3 + .6 priority + .2 m - .4 (w0 - 1/2) + .15 xi): the share of its hours a teacher attends (F69, F71)."""
    return clip(
        p.att_base
        + p.att_priority * priority
        + p.att_mandate * mandate
        - p.att_workload * (workload - HALF)
        + p.att_noise * noise
    )


@rule
def carried(novelty, p):
    """(nu, carry): the share that is new, against the reference; what recirculates what is known carries little."""
    nu = novelty / p.novelty_reference
    return nu, min(ONE, nu)


@rule
def quality(ex, expertise, carry, scripting, focus, p):
    """Q = (peer + (1 - peer) X)(floor + (1 - floor) focus), X the best of expert, expertise taken in, or script."""
    best = max(carry * ex, carry * expertise, p.script_weight * scripting)
    return (p.peer + (ONE - p.peer) * best) * (p.focus_floor + (ONE - p.focus_floor) * focus)


@rule
def rehearsal(vitality, coached, p):
    """C: the share of CPD that is rehearsal with feedback; a lively cluster raises it, a coach makes it whole."""
    return max(p.c_floor + p.c_vitality * vitality, coached)


@rule
def knowledge_after(u, attended, quality, in_use, p, dt):
    """u after dt.

    The whole rule in one piece, for reading and for tests; `phases.teachers` takes it by its halves.
    """
    gain, weighted, loss = knowledge_pulls(u, attended, quality, in_use, p)
    return relax(u, gain, weighted, loss, dt)


@rule
def knowledge_pulls(u, attended, quality, in_use, p):
    """What moves u (gain, gain x target, loss): CPD teaches, awareness alone gives a little, what is not used is forgotten."""
    taught = pull(p.a_u * attended * quality, ONE, u)
    heard = pull(p.u_use, p.u_floor, u)
    return taught + heard, taught + heard * p.u_floor, p.u_loss * (ONE - in_use)


@rule
def ceiling(expertise, carry, scripting, aptitude, p):
    """q*: the fidelity within reach, raised by expertise or script; no new knowledge in, no depth (F20c, F26, F38).

    The whole rule in one piece, for reading and for tests; `phases.teachers` takes it by its halves.
    """
    return reached(taken_in(expertise, carry, scripting, p), aptitude, p)


@rule
def taken_in(expertise, carry, scripting, p):
    """The best a school can go by: the expertise it has taken in, as far as it carries, or a script."""
    return max(carry * expertise, p.script_weight * scripting)


@rule
def reached(best, aptitude, p):
    """The fidelity within reach of one of this aptitude who goes by that."""
    return min(max(p.q_unaided + p.q_range * best + p.q_aptitude * aptitude, p.q_least), ONE)
