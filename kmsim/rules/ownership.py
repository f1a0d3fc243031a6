"""Ownership: grows by setting goals, by own success and by owning peers; a mandate wears it (F02, Coburn 2003)."""

from __future__ import annotations

from kmsim.jit import rule
from kmsim.rules.numbers import ONE, pull, relax


@rule
def goal_setting(ownership, vitality, meets, scripting, p):
    """The gain from taking part in setting goals, for one who attends all of it.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"o_part": 0.8, "script_rigid": 0.5})
    >>> [round(goal_setting(1.0, 1.0, 1.0, scripting, p), 2) for scripting in (0.0, 1.0)]
    [0.8, 0.4]
    """
    return p.o_part * vitality * ownership * meets * (ONE - p.script_rigid * scripting)


@rule
def success_gain(ownership, vitality, p):
    """The gain from own success at full fidelity: more where goals are the members' own and the cluster is lively.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"o_success": 0.3})
    >>> [round(success_gain(ownership, 1.0, p), 2) for ownership in (0.0, 1.0)]
    [0.09, 0.3]
    """
    own = p.o_lead + (ONE - p.o_lead) * ownership
    together = p.o_together + (ONE - p.o_together) * vitality
    return p.o_success * own * together


@rule
def ownership_after(o, part, success, vitality, o_cluster, mandate, p, dt):
    """o after dt.

    The whole rule in one piece, for reading and for tests; `phases.teachers` takes it by its halves.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"o_fade": 0.15, "o_mandate": 0.6})
    >>> [round(ownership_after(0.5, 0.0, 0.0, 0.0, 0.0, mandate, p, 1.0), 3) for mandate in (0.0, 1.0)]
    [0.43, 0.236]
    """
    gain, weighted, loss = ownership_pulls(o, part, success, vitality, o_cluster, mandate, p)
    return relax(o, gain, weighted, loss, dt)


@rule
def ownership_pulls(o, part, success, vitality, o_cluster, mandate, p):
    """What moves o (gain, gain x target, loss): part and success pull to 1, owning peers to theirs; mandate and time wear it.

    >>> from kmsim.parameters import defaults, record
    >>> ownership_pulls(0.5, 0.5, 0.25, 0.0, 0.0, 0.0, record(defaults() | {"o_fade": 0.125}))
    (0.75, 0.75, 0.125)
    """
    grown = pull(part + success, ONE, o)
    peers = pull(p.o_peers * vitality, o_cluster, o)
    return grown + peers, grown + peers * o_cluster, p.o_mandate * mandate + p.o_fade
