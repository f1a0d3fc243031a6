"""Awareness: simple contagion. Broadcast reaches awareness and a little knowledge only (F27-F29)."""

from __future__ import annotations

from kmsim.jit import rule


@rule
def earliness(role, p):
    """How much sooner someone in this role hears of a practice (F41): leaders years before teachers.

    >>> from kmsim.parameters import defaults, record
    >>> [earliness(role, record(defaults())) for role in range(4)]
    [1.0, 1.5, 3.0, 3.0]
    """
    return p.k_head if role == 3 else p.k_senior if role == 2 else p.k_middle if role == 1 else p.k_teacher


@rule
def awareness_rate(early, broadcast, aware_share, hours, p):
    """p_aware k + broadcast b + q_aware (share of ties aware) + aware_cpd (hours attended a year); F40, F42.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"p_aware": 0.04, "broadcast": 0.25})
    >>> [round(awareness_rate(1.0, broadcast, 0.0, 0.0, p), 2) for broadcast in (0.0, 1.0)]
    [0.04, 0.29]
    """
    return p.p_aware * early + p.broadcast * broadcast + p.q_aware * aware_share + p.aware_cpd * hours
