"""CPD: who attends, how good it is, and what it does to knowledge and fidelity.

Rehearsal with feedback, not hours alone, builds fidelity (F14, F19); with no new knowledge in there is a ceiling (F20c, F26).
"""

from __future__ import annotations

from kmsim.jit import rule
from kmsim.rules.numbers import HALF, ONE, clip, pull, relax


@rule
def attendance(priority, mandate, workload, noise, p):
    """a = clip(.3 + .6 priority + .2 m - .4 (w0 - 1/2) + .15 xi): the share of its hours a teacher attends (F69, F71).

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [round(attendance(priority, 0.0, 0.5, 0.0, p), 2) for priority in (0.0, 1.0)]
    [0.3, 0.9]
    """
    return clip(
        p.att_base
        + p.att_priority * priority
        + p.att_mandate * mandate
        - p.att_workload * (workload - HALF)
        + p.att_noise * noise
    )


@rule
def carried(novelty, p):
    """(nu, carry): the share that is new, against the reference; what recirculates what is known carries little.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [[round(x, 2) for x in carried(novelty, p)] for novelty in (0.35, 1.4)]
    [[0.5, 0.5], [2.0, 1.0]]
    """
    nu = novelty / p.novelty_reference
    return nu, min(ONE, nu)


@rule
def quality(ex, expertise, carry, scripting, focus, p):
    """Q = (peer + (1 - peer) X)(floor + (1 - floor) focus), X the best of expert, expertise taken in, or script.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"peer": 0.5})
    >>> [round(quality(ex, 0.0, 1.0, 0.0, 1.0, p), 2) for ex in (0.0, 1.0)]
    [0.5, 1.0]
    """
    best = max(carry * ex, carry * expertise, p.script_weight * scripting)
    return (p.peer + (ONE - p.peer) * best) * (p.focus_floor + (ONE - p.focus_floor) * focus)


@rule
def rehearsal(vitality, coached, p):
    """C: the share of CPD that is rehearsal with feedback; a lively cluster raises it, a coach makes it whole.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [rehearsal(vitality, 0.0, p) for vitality in (0.0, 1.0)], rehearsal(0.0, 1.0, p)
    ([0.25, 1.0], 1.0)
    """
    return max(p.c_floor + p.c_vitality * vitality, coached)


@rule
def knowledge_after(u, attended, quality, in_use, p, dt):
    """u after dt.

    The whole rule in one piece, for reading and for tests; `phases.teachers` takes it by its halves.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"a_u": 0.12, "u_floor": 0.15})
    >>> [round(knowledge_after(0.0, hours, 1.0, 1.0, p, 10.0), 2) for hours in (0.0, 20.0)]
    [0.14, 0.91]
    """
    gain, weighted, loss = knowledge_pulls(u, attended, quality, in_use, p)
    return relax(u, gain, weighted, loss, dt)


@rule
def knowledge_pulls(u, attended, quality, in_use, p):
    """What moves u (gain, gain x target, loss): CPD teaches, awareness alone gives a little, what is not used is forgotten.

    >>> from kmsim.parameters import defaults, record
    >>> gain, weighted, loss = knowledge_pulls(0.5, 0.0, 1.0, 0.0, record(defaults()))
    >>> gain, weighted, round(loss, 2)
    (0.0, 0.0, 0.1)
    """
    taught = pull(p.a_u * attended * quality, ONE, u)
    heard = pull(p.u_use, p.u_floor, u)
    return taught + heard, taught + heard * p.u_floor, p.u_loss * (ONE - in_use)


@rule
def ceiling(expertise, carry, scripting, aptitude, p):
    """q*: the fidelity within reach, raised by expertise or script; no new knowledge in, no depth (F20c, F26, F38).

    The whole rule in one piece, for reading and for tests; `phases.teachers` takes it by its halves.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"q_unaided": 0.4, "q_range": 0.6})
    >>> [round(ceiling(expertise, 1.0, 0.0, 0.0, p), 2) for expertise in (0.0, 0.5, 1.0)]
    [0.4, 0.7, 1.0]
    """
    return reached(taken_in(expertise, carry, scripting, p), aptitude, p)


@rule
def taken_in(expertise, carry, scripting, p):
    """The best a school can go by: the expertise it has taken in, as far as it carries, or a script.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [round(taken_in(0.75, 0.5, scripting, p), 3) for scripting in (0.0, 1.0)]
    [0.375, 0.8]
    """
    return max(carry * expertise, p.script_weight * scripting)


@rule
def reached(best, aptitude, p):
    """The fidelity within reach of one of this aptitude who goes by that.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"q_unaided": 0.4})
    >>> [round(reached(0.0, aptitude, p), 2) for aptitude in (-9.0, 0.0, 9.0)]
    [0.05, 0.4, 1.0]
    """
    return min(max(p.q_unaided + p.q_range * best + p.q_aptitude * aptitude, p.q_least), ONE)
