"""What all teachers of one school meet this tick, worked out once a school and laid before each of its posts."""

from __future__ import annotations

import numpy as np

from kmsim.jit import inner, rule
from kmsim.phases.tile import AT, LANES, MET
from kmsim.rules.adoption import hardness, visible_gain
from kmsim.rules.cpd import carried, taken_in
from kmsim.rules.numbers import ONE, ZERO, F
from kmsim.rules.ownership import goal_setting, success_gain
from kmsim.rules.peers import standing_support

PLACE = np.dtype([(name, np.float32) for name in MET])
_AT = tuple(np.uintp(AT[name]) for name in MET)
_LANE, _ONE = np.uintp(LANES), np.uintp(1)


@inner
def work_out_places(w, k):
    """What the teachers of every school meet for practice k, written into `scratch.places`: a record a school."""
    p, practice, clusters = w.p[0], w.practices[k], w.clusters
    for i in range(len(w.schools)):
        here, offer, place = w.uptake[k, i], w.offer[i], w.scratch.places[i]
        signed, j = here.signed_up > 0, here.cluster
        v = q_cluster = o_cluster = cluster_visible = ZERO
        if j >= 0:
            v, q_cluster, o_cluster = clusters[j].vitality, clusters[j].fidelity, clusters[j].ownership
            cluster_visible = v * clusters[j].visible
        nu, carry = carried(offer.novelty if signed else p.novelty_reference, p)
        community = offer.community if signed else ZERO
        own = offer.ownership if signed else ZERO
        place.priority = here.force
        place.mandate = offer.mandate
        place.broadcast = offer.broadcast
        place.hours = here.hours
        place.quality = here.quality
        place.rehearsal = here.rehearsal
        place.vitality = v
        place.lively = v * carry
        place.best = taken_in(here.expertise, carry, here.scripting, p)
        place.community = community
        place.standing = standing_support(v, here.expertise, carry, here.routine, here.scripting, p)
        place.q_school = here.q_users / F(here.in_use) if here.in_use > 0 else ZERO
        place.q_cluster = q_cluster
        place.o_cluster = o_cluster
        place.cluster_visible = cluster_visible
        place.part = goal_setting(own, v, ONE if here.hours > 0 else ZERO, here.scripting, p)
        place.success = success_gain(own, v, p)
        place.hard = hardness(practice.complexity, nu, here.scripting, p)
        place.visible = visible_gain(practice.observability, nu, practice.effect, community, p)


@inner
def lay_places(x, places, schools, first, n, school):
    """Lay before each of the tile's n posts, of which `first` is the first, what it meets in its school; `school`: its school.

    Schools are laid in order and by whole lanes, so that what runs over is written again.
    """
    i, at = school, np.int64(0)
    while at < n:
        end = np.int64(min(schools[i].first_post + schools[i].n_posts - first, n))
        _lay(x, places[i], np.uintp(at), np.uintp(end - at))
        at = end
        i += 1


@rule
def _lay(x, place, at, n):
    for j in range(at, at + (n + _LANE - _ONE) // _LANE * _LANE):
        x[_AT[0] + j] = place.priority
        x[_AT[1] + j] = place.mandate
        x[_AT[2] + j] = place.broadcast
        x[_AT[3] + j] = place.hours
        x[_AT[4] + j] = place.quality
        x[_AT[5] + j] = place.rehearsal
        x[_AT[6] + j] = place.vitality
        x[_AT[7] + j] = place.lively
        x[_AT[8] + j] = place.best
        x[_AT[9] + j] = place.community
        x[_AT[10] + j] = place.standing
        x[_AT[11] + j] = place.q_school
        x[_AT[12] + j] = place.q_cluster
        x[_AT[13] + j] = place.o_cluster
        x[_AT[14] + j] = place.cluster_visible
        x[_AT[15] + j] = place.part
        x[_AT[16] + j] = place.success
        x[_AT[17] + j] = place.hard
        x[_AT[18] + j] = place.visible
