"""Ownership: grows by setting goals, by own success and by owning peers; a mandate wears it (F02, Coburn 2003)."""

from __future__ import annotations

from kmsim.jit import rule
from kmsim.rules.numbers import ONE, pull, relax


@rule
def goal_setting(ownership, vitality, meets, scripting, p):
    """The gain from taking part in setting goals, for one who attends all of it."""
    return p.o_part * vitality * ownership * meets * (ONE - p.script_rigid * scripting)


@rule
def success_gain(ownership, vitality, p):
    """The gain from own success at full fidelity: more where goals are the members' own and the cluster is lively."""
    own = p.o_lead + (ONE - p.o_lead) * ownership
    together = p.o_together + (ONE - p.o_together) * vitality
    return p.o_success * own * together


@rule
def ownership_after(o, part, success, vitality, o_cluster, mandate, p, dt):
    """o after dt.

    The whole rule in one piece, for reading and for tests; `phases.teachers` takes it by its halves.
    """
    gain, weighted, loss = ownership_pulls(o, part, success, vitality, o_cluster, mandate, p)
    return relax(o, gain, weighted, loss, dt)


@rule
def ownership_pulls(o, part, success, vitality, o_cluster, mandate, p):
    """What moves o (gain, gain x target, loss): part and success pull to 1, owning peers to theirs; mandate and time wear it."""
    grown = pull(part + success, ONE, o)
    peers = pull(p.o_peers * vitality, o_cluster, o)
    return grown + peers, grown + peers * o_cluster, p.o_mandate * mandate + p.o_fade
