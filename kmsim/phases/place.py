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

(
    _PRIORITY,
    _MANDATE,
    _BROADCAST,
    _HOURS,
    _QUALITY,
    _REHEARSAL,
    _VITALITY,
    _LIVELY,
    _BEST,
    _COMMUNITY,
    _STANDING,
    _Q_SCHOOL,
    _Q_CLUSTER,
    _O_CLUSTER,
    _CLUSTER_VISIBLE,
    _PART,
    _SUCCESS,
    _HARD,
    _VISIBLE,
) = (np.uintp(AT[name]) for name in MET)
_LANE, _ONE = np.uintp(LANES), np.uintp(1)


@inner
def places(w, k):
    """Work out what the teachers of every school meet for practice k: a row of `scratch.places` a school, as `MET` names it."""
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
        place[0] = here.force
        place[1] = offer.mandate
        place[2] = offer.broadcast
        place[3] = here.hours
        place[4] = here.quality
        place[5] = here.rehearsal
        place[6] = v
        place[7] = v * carry
        place[8] = taken_in(here.expertise, carry, here.scripting, p)
        place[9] = community
        place[10] = standing_support(v, here.expertise, carry, here.routine, here.scripting, p)
        place[11] = here.q_users / F(here.in_use) if here.in_use > 0 else ZERO
        place[12] = q_cluster
        place[13] = o_cluster
        place[14] = cluster_visible
        place[15] = goal_setting(own, v, ONE if here.hours > 0 else ZERO, here.scripting, p)
        place[16] = success_gain(own, v, p)
        place[17] = hardness(practice.complexity, nu, here.scripting, p)
        place[18] = visible_gain(practice.observability, nu, practice.effect, community, p)


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
        x[_PRIORITY + j] = place[0]
        x[_MANDATE + j] = place[1]
        x[_BROADCAST + j] = place[2]
        x[_HOURS + j] = place[3]
        x[_QUALITY + j] = place[4]
        x[_REHEARSAL + j] = place[5]
        x[_VITALITY + j] = place[6]
        x[_LIVELY + j] = place[7]
        x[_BEST + j] = place[8]
        x[_COMMUNITY + j] = place[9]
        x[_STANDING + j] = place[10]
        x[_Q_SCHOOL + j] = place[11]
        x[_Q_CLUSTER + j] = place[12]
        x[_O_CLUSTER + j] = place[13]
        x[_CLUSTER_VISIBLE + j] = place[14]
        x[_PART + j] = place[15]
        x[_SUCCESS + j] = place[16]
        x[_HARD + j] = place[17]
        x[_VISIBLE + j] = place[18]
