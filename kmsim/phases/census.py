"""Counting: what each school's posts add up to, and what each post's contacts are doing."""

from __future__ import annotations

import numpy as np

from kmsim.jit import borrowing, compiled, rule
from kmsim.rules.adoption import TRYING, UNAWARE, USING
from kmsim.rules.numbers import ZERO

_AWARE, _IN_USE, _WELL = np.uint32(1), np.uint32(256), np.uint32(65536)
_NONE = np.uint32(0)


@rule
def showing(stage, q, p):
    """What a post shows to those who look to it: aware + 256 if in use + 65536 if doing it well."""
    aware = _AWARE if stage != UNAWARE else _NONE
    in_use = _IN_USE if stage == TRYING or stage == USING else _NONE
    well = _WELL if stage == USING and q >= p.q_well else _NONE
    return aware + in_use + well


@rule
def tell_followers(contacts, follow_start, follow_from, post, change):
    """Add a change of what a post shows to the counts of everyone with a tie to it (whole numbers: any order will do)."""
    for t in range(np.uintp(follow_start[post]), np.uintp(follow_start[post + 1])):
        contacts[np.uintp(follow_from[t])] += change


@borrowing
def census(w):
    """Count every school's posts, in row order."""
    for k in range(len(w.uptake)):
        for i in range(len(w.schools)):
            count_school(w, k, i)


@rule
def count_school(w, k, i):
    """Counts and sums of one school's posts, in row order."""
    s, p = w.schools, w.p[0]
    first, n = s[i].first_post, s[i].n_posts
    stage = w.posts.stage[k, first : first + n]
    fidelity = w.posts.fidelity[k, first : first + n]
    ownership = w.posts.ownership[k, first : first + n]
    aware = trying = using = well = champions = 0
    q_users = o_users = q_deep = ZERO
    for j in range(n):
        q, o = fidelity[j], ownership[j]
        is_using = stage[j] == USING
        is_trying = stage[j] == TRYING
        aware += stage[j] != UNAWARE
        trying += is_trying
        using += is_using
        well += is_using and q >= p.q_well
        champions += is_using and q > p.q_champion and o > p.o_champion
        q_users += q if is_using or is_trying else ZERO
        o_users += o if is_using or is_trying else ZERO
        q_deep += q if is_using else ZERO
    w.uptake[k, i].aware = aware
    w.uptake[k, i].trying = trying
    w.uptake[k, i].in_use = trying + using
    w.uptake[k, i].well = well
    w.uptake[k, i].champions = champions
    w.uptake[k, i].q_users = q_users
    w.uptake[k, i].o_users = o_users
    w.uptake[k, i].q_deep = q_deep


@compiled
def contacts_afresh(w, tie_start, tie_to):
    """What every post's contacts are doing, counted from the ties themselves: (K, n). For checks and starts."""
    posts = w.posts
    out = np.zeros(posts.contacts.shape, np.uint32)
    for k in range(out.shape[0]):
        for i in range(out.shape[1]):
            for t in range(tie_start[i], tie_start[i + 1]):
                j = tie_to[t]
                out[k, i] += showing(posts.stage[k, j], posts.fidelity[k, j], w.p[0])
    return out
