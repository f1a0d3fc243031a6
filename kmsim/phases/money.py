"""Booking what the tick cost: cash by category, and teachers' own time apart from it."""

from __future__ import annotations

import numpy as np

from kmsim.jit import borrowing, rule

CATEGORIES = (
    "broadcast",
    "mandate",
    "recruitment",
    "cover",
    "experts",
    "coaching",
    "facilitation",
    "codesign",
    "coordination",
    "community",
    "incentives",
    "materials",
    "central",
    "network",
)
COVER = CATEGORIES.index("cover")
COORDINATION = CATEGORIES.index("coordination")


@borrowing
def money(w, tick):
    """Pay for this tick. Cover is bought for half the paid hours, up to the plan; hours beyond are teachers' own."""
    s, m = w.schools, w.money
    dt, wide = 1.0 / w.clock.ticks_per_year, _any(m.wide)
    for i in range(len(s)):
        paid = 0.0
        if wide:
            for c in range(len(m.ledger)):
                if m.wide[i, c] > 0:
                    line = m.wide[i, c] * len(w.uptake) * dt
                    m.ledger[c] += line
                    paid += line
        for k in range(len(w.uptake)):
            if not w.uptake[k, i].signed_up:
                continue
            paid += _membership(w, k, i, dt)
        s[i].cpd_budget += paid


@rule
def _any(sums):
    """Whether anything is to be paid: policies that reach every school are few."""
    found = False
    for row in sums:
        for gbp in row:
            found |= gbp > 0
    return found


@rule
def _membership(w, k, i, dt):
    """One school's cash for one practice this tick; books it by category, and the hours of teachers' own time."""
    s, m, p = w.schools, w.money, w.p[0]
    fund = np.float64(w.uptake[k, i].fund)
    paid = 0.0
    if fund > 0:
        for c in range(len(m.ledger)):
            if m.lines[i, c] > 0:
                line = m.lines[i, c] * fund * dt
                if c == COORDINATION and w.clock.hierarchy:
                    line *= 1.0 + max(0.0, w.scratch.group_members[k, s[i].group] - p.hierarchy_free) / p.cost_scale
                m.ledger[c] += line
                paid += line
    posts = np.float64(s[i].n_posts)
    attended_share = np.float64(w.uptake[k, i].attendance)
    wanted = p.cover_share * w.uptake[k, i].paid_hours * attended_share * posts
    covered = min(wanted, fund * w.offer[i].cover_hours) * dt
    cover = covered * s[i].day_rate / p.hours_a_day
    m.ledger[COVER] += cover
    paid += cover
    attended = w.uptake[k, i].hours * attended_share * posts * dt
    m.staff_hours[0] += attended - covered + w.uptake[k, i].own_hours * posts / p.f_reach * dt
    return paid
