"""The parameter table: every number a rule uses stands here once, with its meaning, unit, prior and source.

Rules take one record of these values and state no number of their own. The same table makes the documentation,
the priors of a calibration and the values of `kmsim show NAME`; `system.md` and ids like F40 or P33 are rows of
the evidence that the project keeps, "MODEL" is the specification's starting value, "set by hand" a value moved from it
so that the ablations and the findings on fidelity and trial effects (F07, F21, F38, F51) are nearer (docs/ablations.md).

Where a calibrated posterior is shipped (`kmsim.posterior`), free parameters stand at its medoid; the number in the table is
then what was set by hand.

Example
-------
>>> from kmsim.parameters import defaults
>>> defaults()["h_max"]
40.0
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kmsim import posterior
from kmsim.bounds import Bound, bounded
from kmsim.errors import BadValue, unknown

GRADES = ("measured", "derived", "judged", "free")


@dataclass(frozen=True)
class Parameter:
    """One row of the table; `prior` is (low, high), also the range a user may set it in. by_hand: None, or the number that was
    set by hand where the default is calibrated.

    >>> PARAMETERS["h_max"].unit, PARAMETERS["h_max"].prior, PARAMETERS["h_max"].grade
    ('hours/year', (30, 60), 'judged')
    """

    name: str
    meaning: str
    unit: str
    default: float
    prior: tuple[float, float]
    source: str
    grade: str
    by_hand: float | None = None

    def __post_init__(self) -> None:
        low, high = self.prior
        if not (low <= self.default <= high) or self.grade not in GRADES:
            raise ValueError(f"parameter {self.name}: the default must lie in its prior and the grade be known")


def _rows(*rows: tuple) -> dict[str, Parameter]:
    table: dict[str, Parameter] = {}
    for row in rows:
        parameter = Parameter(*row)
        if parameter.name in table:
            raise ValueError(f"parameter {parameter.name} stands twice")
        table[parameter.name] = parameter
    return table


def calibrated(table: dict[str, Parameter], medoid: Mapping[str, float]) -> dict[str, Parameter]:
    """The table with free parameters at the medoid of a posterior. Raises ValueError for one that is not free or beyond its prior.

    >>> row = Parameter("x", "an example", "share", 0.5, (0.0, 1.0), "MODEL", "free")
    >>> calibrated({"x": row}, {"x": 0.25})["x"].default
    0.25
    """
    for name in medoid:
        if name not in table or table[name].grade != "free":
            raise ValueError(f"the posterior has {name}, which is no free parameter: it was fitted to another table")
    return {
        name: replace(row, default=medoid[name], by_hand=row.default) if name in medoid else row
        for name, row in table.items()
    }


BY_HAND: dict[str, Parameter] = _rows(
    # awareness
    ("p_aware", "awareness from outside, classroom teachers", "1/year", 0.04, (0.03, 0.06), "F40, F42, P20", "free"),
    ("q_aware", "awareness from ties, if all are aware", "1/year", 0.07, (0.05, 0.11), "F40, F42, P20", "free"),
    ("broadcast", "awareness from a full broadcast", "1/year", 0.25, (0.05, 0.6), "F27, F28; system.md 4.2", "judged"),
    ("aware_cpd", "awareness for each CPD hour attended", "1/hour", 1 / 6, (0.05, 0.5), "MODEL", "judged"),
    ("k_teacher", "how much sooner a teacher hears of it", "ratio", 1.0, (1.0, 1.0), "F41 (reference)", "judged"),
    ("k_middle", "... a middle leader", "ratio", 1.5, (1.0, 3.0), "F41", "judged"),
    ("k_senior", "... a senior leader", "ratio", 3.0, (1.5, 5.0), "F41", "judged"),
    ("k_head", "... a head", "ratio", 3.0, (1.5, 5.0), "F41", "judged"),
    # attending
    ("att_base", "share of CPD hours attended, at nothing else", "share", 0.3, (0.1, 0.5), "F69, F71", "judged"),
    ("att_priority", "... added at full priority", "share", 0.6, (0.3, 0.9), "F71, P42", "judged"),
    ("att_mandate", "... added under a full mandate", "share", 0.2, (0.0, 0.4), "system.md 4.1", "judged"),
    ("att_workload", "... lost for each unit of workload above one half", "share", 0.4, (0.1, 0.8), "F71", "judged"),
    ("att_noise", "... spread between teachers, lasting a year", "share", 0.15, (0.05, 0.3), "F69", "judged"),
    ("h_max", "most CPD hours a teacher can have, all practices", "hours/year", 40.0, (30, 60), "P09 (a mean), F69, F73 (52 seen)", "judged"),
    ("h_cpd", "CPD hours a teacher at full CPD", "hours/year", 36.0, (25, 45), "P09, F73", "judged"),
    ("h_target", "how far targeting moves hours to need within a cluster", "ratio", 0.5, (0.0, 1.0), "MODEL", "judged"),
    ("h_facilitator", "hours an own facilitator gives", "hours/year", 60.0, (30, 120), "P42", "judged"),
    ("f_reach", "teachers that one facilitator's hour reaches", "teachers", 6.0, (3, 12), "F20e", "judged"),
    # learning
    ("a_u", "knowledge from an hour of CPD at full quality", "1/hour", 0.12, (0.06, 0.4), "P21, P22", "free"),
    ("u_use", "pull of mere awareness to a little knowledge", "1/year", 0.3, (0.1, 0.6), "F27-F29", "judged"),
    ("u_floor", "the little knowledge that awareness brings", "share", 0.15, (0.05, 0.3), "F27-F29", "judged"),
    ("u_loss", "knowledge lost when not in use", "1/year", 0.1, (0.05, 0.3), "MODEL", "judged"),
    ("a_q", "fidelity from an hour of rehearsed CPD at full quality", "1/hour", 0.12, (0.03, 0.3), "F11, F17, P22; set by hand", "free"),
    ("q_doing", "fidelity from use, fully supported", "1/year", 0.7, (0.1, 0.8), "MODEL; set by hand", "free"),
    ("peer", "quality of CPD given by peers without expertise", "share", 0.45, (0.15, 0.6), "F20c-F20e; set by hand", "free"),
    ("focus_floor", "quality of CPD with no focus", "share", 0.4, (0.2, 0.7), "F74, F30", "judged"),
    ("c_floor", "rehearsal with feedback in CPD without collaboration", "share", 0.25, (0.1, 0.5), "F19", "judged"),
    ("c_vitality", "... added by a lively cluster", "share", 0.75, (0.5, 0.9), "F19, F20e", "judged"),
    ("script_weight", "how far a script stands in for expertise", "share", 0.8, (0.5, 1.0), "F26", "judged"),
    ("q_unaided", "fidelity that can be reached with no expertise", "share", 0.45, (0.25, 0.6), "F20c, F26; set by hand", "free"),
    ("q_range", "... added by full expertise", "share", 0.6, (0.4, 0.7), "F38, P25", "judged"),
    ("q_aptitude", "spread of reachable fidelity between teachers", "share", 0.12, (0.05, 0.2), "F38, P25", "judged"),
    ("q_least", "least fidelity that anyone can reach", "share", 0.05, (0.0, 0.1), "MODEL", "judged"),
    ("phi_q", "fidelity lost unsupported", "1/year", 0.1, (0.05, 0.3), "F51, P26; set by hand", "free"),
    # peers and support
    ("peer_learn", "pull of better colleagues on fidelity", "1/year", 0.8, (0.3, 1.6), "F20, F47, P31", "free"),
    ("peer_school", "... in the school, as a share of the cluster's", "share", 0.3, (0.1, 0.6), "F20b, F47", "judged"),
    ("s_support", "support from the best source there is", "ratio", 1.2, (0.8, 1.5), "MODEL", "judged"),
    ("s_routine", "support from school routine", "share", 0.8, (0.4, 1.0), "F56, P28", "judged"),
    ("s_community", "support added by full community involvement", "share", 0.15, (0.0, 0.3), "F05", "judged"),
    # trying
    ("r_try", "trying, knowing and willing", "1/year", 4.5, (1.0, 10.0), "F46, P21; set by hand", "free"),
    ("b0", "trying: base", "logit", -1.3, (-3.5, 0.5), "F28, F29; set by hand", "free"),
    ("b_reinforcement", "trying: reinforcement by contacts", "logit", 2.0, (1.0, 3.5), "F46, P32", "free"),
    ("b_priority", "trying: the school's priority", "logit", 1.2, (0.4, 2.4), "F48, P32", "free"),
    ("b_mandate", "trying: mandate", "logit", 1.5, (0.5, 3.0), "system.md 4.1", "free"),
    ("b_ownership", "trying: ownership", "logit", 1.0, (0.3, 2.0), "F02", "free"),
    ("b_workload", "trying: workload, on twice its excess over one half", "logit", 1.2, (0.4, 2.4), "F71", "judged"),
    ("b_openness", "trying: openness to change", "logit", 0.7, (0.3, 1.2), "MODEL", "judged"),
    ("theta", "contacts in use that give half reinforcement", "contacts", 2.0, (1.0, 4.0), "P33", "free"),
    ("half_user", "weight of a contact in use but not doing it well", "share", 0.5, (0.0, 1.0), "F57", "judged"),
    ("see_floor", "how visible use is beside observability", "share", 0.5, (0.25, 0.75), "MODEL", "judged"),
    ("retry", "trying again after lapsing", "ratio", 0.5, (0.1, 1.0), "MODEL", "judged"),
    ("w_trying", "workload of trying one practice", "share", 0.15, (0.05, 0.3), "P47, P48", "judged"),
    ("priority_room", "most priority a school has for all practices", "share", 1.5, (1.0, 2.0), "P48", "judged"),
    # using and lapsing
    ("r_use", "from trying to using, at high fidelity and support", "1/year", 3.0, (1.5, 6.0), "F38", "free"),
    ("q_half", "fidelity at which that is halved", "share", 0.3, (0.15, 0.5), "MODEL", "judged"),
    ("support_floor", "... with no support", "share", 0.3, (0.1, 0.5), "F54", "judged"),
    ("r_lapse", "lapsing while trying, nothing holding", "1/year", 1.0, (0.5, 2.0), "F51", "free"),
    ("r_drop", "dropping a practice in use, nothing holding", "1/year", 0.45, (0.2, 0.9), "F51, F53, P26", "free"),
    ("c_ownership", "holding on: ownership", "log", 0.7, (0.2, 1.6), "P40", "judged"),
    ("c_reinforcement", "holding on: contacts in use", "log", 0.8, (0.2, 1.6), "F51 (local density)", "free"),
    ("c_benefit", "holding on: benefit seen in one's own pupils", "log", 0.6, (0.1, 1.2), "F57", "judged"),
    ("c_priority", "holding on: the school's priority", "log", 0.8, (0.2, 1.6), "F66, F67", "free"),
    ("c_workload", "letting go: workload above one half", "log", 1.0, (0.3, 2.0), "F71", "judged"),
    ("mandate_hold", "share of lapsing that a mandate prevents", "share", 0.7, (0.4, 0.95), "system.md 4.1", "judged"),
    ("effect_reference", "pupil effect that counts as 1 when seen", "SD", 0.12, (0.12, 0.12), "P24 (unit)", "judged"),
    ("see_gain", "benefit seen at full fidelity and observability", "ratio", 2.0, (1.0, 3.0), "F57", "judged"),
    ("seen_noise", "noise of what is seen", "ratio", 0.5, (0.2, 1.0), "F57", "judged"),
    ("seen_community", "benefit seen, added by full community involvement", "ratio", 0.2, (0.0, 0.4), "F05", "judged"),
    ("seen_max", "most benefit that can be seen", "ratio", 1.5, (1.0, 2.0), "MODEL", "judged"),
    ("q_well", "fidelity from which use is doing it well", "share", 0.6, (0.6, 0.6), "F38 (definition)", "judged"),
    # something new
    ("novelty_reference", "novelty at which effect and complexity are as given", "share", 0.7, (0.7, 0.7), "MODEL (unit)", "judged"),
    ("script_simple", "complexity that a full script takes away", "share", 0.5, (0.2, 0.8), "F26", "judged"),
    ("script_rigid", "part in setting goals that a full script takes away", "share", 0.5, (0.2, 0.8), "F26", "judged"),
    # ownership
    ("o_part", "ownership from taking part in setting goals", "1/year", 0.8, (0.3, 1.6), "F02", "free"),
    ("o_success", "ownership from own success", "1/year", 0.3, (0.1, 0.8), "MODEL", "free"),
    ("o_lead", "share of that without ownership of the network", "share", 0.3, (0.1, 0.6), "MODEL", "judged"),
    ("o_together", "share of that without a lively cluster", "share", 0.3, (0.1, 0.6), "MODEL", "judged"),
    ("o_peers", "ownership from owning peers in the cluster", "1/year", 0.3, (0.1, 0.8), "MODEL", "judged"),
    ("o_mandate", "ownership worn by a full mandate", "1/year", 0.6, (0.2, 1.2), "system.md 4.1", "judged"),
    ("o_fade", "ownership that fades", "1/year", 0.15, (0.05, 0.4), "MODEL", "free"),
    ("o_keep", "share of ownership a mover takes along", "share", 0.5, (0.0, 1.0), "P30", "judged"),
    # clusters
    ("tau_v", "time for vitality to move", "years", 0.6, (0.3, 1.5), "MODEL", "free"),
    ("own_share", "in-use share that counts as all (inverse)", "ratio", 3.0, (1.0, 5.0), "MODEL", "judged"),
    ("own_gain", "vitality kept by ownership after the money", "ratio", 1.6, (1.0, 2.0), "F02, P40", "judged"),
    ("own_half", "ownership at which that is halved", "share", 0.35, (0.15, 0.6), "F02, P40", "free"),
    ("f_needed", "own facilitators a cluster needs", "people", 2.0, (1.0, 4.0), "MODEL", "judged"),
    ("f_gain", "facilitators that a champion becomes", "1/year", 0.4, (0.15, 0.8), "MODEL", "free"),
    ("f_loss", "facilitators lost", "1/year", 0.25, (0.15, 0.35), "P41", "judged"),
    ("f_max", "most facilitators a cluster can use", "people", 6.0, (4.0, 10.0), "MODEL", "judged"),
    ("q_champion", "fidelity of a champion", "share", 0.5, (0.4, 0.7), "MODEL", "judged"),
    ("o_champion", "ownership of a champion", "share", 0.3, (0.2, 0.5), "MODEL", "judged"),
    ("champions_max", "champions that can be brought on at once", "people", 8.0, (4.0, 12.0), "MODEL", "judged"),
    ("hierarchy_free", "schools a hierarchy runs without extra cost", "schools", 10.0, (5.0, 15.0), "F45", "judged"),
    ("hierarchy_scale", "schools beyond that, for vitality to fall to 1/e", "schools", 40.0, (20.0, 100.0), "F45", "judged"),
    ("e_gain", "expertise taken in from an hour with experts", "1/hour", 0.15, (0.08, 0.3), "MODEL", "free"),
    ("e_loss", "expertise that fades", "1/year", 0.12, (0.05, 0.3), "MODEL", "judged"),
    ("e_hold", "share of that which own facilitators prevent", "share", 0.7, (0.3, 0.9), "MODEL", "judged"),
    ("pair_expertise", "expertise of the stronger school of a pair", "share", 0.6, (0.4, 0.8), "F20, F76", "judged"),
    # the expert pool
    ("pool_free", "experts (full time) before quality falls", "people", 10.0, (5.0, 20.0), "P15", "judged"),
    ("pool_slope", "quality lost at each doubling", "share", 0.15, (0.05, 0.3), "P15", "judged"),
    ("pool_floor", "least quality of the pool", "share", 0.4, (0.2, 0.6), "P15", "judged"),
    ("tier_keep", "quality kept at each tier of a cascade", "share", 0.7, (0.5, 0.9), "P45", "judged"),
    ("expert_days", "expert days a school has at full external expertise", "days/year", 4.0, (2.0, 8.0), "MODEL", "judged"),
    ("expert_year", "days an expert works", "days/year", 190.0, (160, 220), "MODEL", "judged"),
    ("coach_year", "teacher-hours a coach gives", "hours/year", 600.0, (400, 900), "P14", "judged"),
    ("cascade_days", "expert days in a cascade, as a share", "share", 0.1, (0.05, 0.3), "MODEL", "judged"),
    # signing up and withdrawing
    ("rate_mandate", "signing up under a full mandate", "1/year", 3.0, (1.0, 5.0), "system.md 4.1", "judged"),
    ("rate_invite", "signing up when invited in person", "1/year", 0.3, (0.2, 0.45), "P18, F32, F35", "derived"),
    ("s_climate", "signing up: climate", "log", 1.5, (0.5, 2.5), "MODEL", "judged"),
    ("s_neighbours", "signing up: neighbours signed up", "log", 0.8, (0.0, 1.6), "F51 (local density)", "judged"),
    ("s_existing", "signing up: asked through an existing network", "log", 0.6, (0.26, 0.79), "F32", "derived"),
    ("s_incentive", "signing up: full incentive", "log", 0.56, (0.4, 0.7), "system.md 4.6", "judged"),
    ("incentive_full", "incentive that counts as full", "GBP/year", 3000.0, (1000, 6000), "system.md 4.6", "judged"),
    ("s_scripting", "signing up: a scripted offer", "log", 0.4, (0.0, 0.8), "P19, F26", "derived"),
    ("s_ask", "not signing up, for each thousand a year asked", "log", 0.3, (0.1, 0.6), "MODEL", "judged"),
    ("s_target", "signing up: need, under full targeting", "log", 2.0, (0.5, 4.0), "MODEL", "judged"),
    ("assign_noise", "spread of climate when schools are assigned", "share", 0.15, (0.0, 0.5), "MODEL", "judged"),
    ("schools_per_hub", "schools that a hub serves", "schools", 250.0, (100, 400), "system.md 4.3", "measured"),
    ("hub_reach_km", "distance at which a hub's invitation falls to 1/e", "km", 15.0, (5, 40), "system.md 4.3", "judged"),
    ("withdraw_live", "withdrawal with money or a lively cluster", "1/year", 0.014, (0.01, 0.03), "P27, F52", "derived"),
    ("withdraw_dead", "withdrawal without", "1/year", 0.125, (0.1, 0.15), "P27, F53", "derived"),
    ("v_alive", "vitality from which a cluster is alive", "share", 0.3, (0.2, 0.5), "MODEL", "judged"),
    # schools
    ("pr_rate", "priority moving to its target", "1/year", 0.5, (0.2, 1.5), "MODEL", "judged"),
    ("pr_floor", "priority of a funded school", "share", 0.4, (0.2, 0.6), "MODEL", "judged"),
    ("pr_climate", "... added by climate", "share", 0.6, (0.4, 0.8), "MODEL", "judged"),
    ("pr_unsigned", "priority that climate alone gives", "share", 0.2, (0.05, 0.4), "MODEL", "judged"),
    ("pr_owned", "priority that owned use keeps after the money", "share", 0.6, (0.3, 0.8), "MODEL", "judged"),
    ("pr_use", "owned use that counts as all (inverse)", "ratio", 1.5, (1.0, 2.5), "MODEL", "judged"),
    ("r_gain", "routine built by deep use and capacity building", "1/year", 0.25, (0.1, 0.5), "F54, P28", "free"),
    ("script_routine", "capacity that a full script brings", "share", 0.5, (0.2, 0.8), "F26", "judged"),
    ("r_loss", "routine that fades", "1/year", 0.2, (0.1, 0.4), "MODEL", "judged"),
    ("climate_gain", "climate learnt from the cluster's best", "1/year", 0.05, (0.0, 0.2), "F50", "judged"),
    # turnover
    ("leave_0", "leaving in years 0-1", "share/year", 0.113, (0.09, 0.136), "F65, P04", "measured"),
    ("leave_2", "leaving in years 2-3", "share/year", 0.086, (0.069, 0.103), "F65, P04", "measured"),
    ("leave_4", "leaving in years 4-5", "share/year", 0.049, (0.039, 0.059), "F65, P04", "measured"),
    ("leave_6", "leaving in years 6-9", "share/year", 0.028, (0.022, 0.034), "F65, P04", "measured"),
    ("leave_10", "leaving in years 10-29", "share/year", 0.085, (0.05, 0.11), "F63, P03", "derived"),
    ("leave_30", "leaving from year 30", "share/year", 0.25, (0.15, 0.35), "F63, P03", "derived"),
    ("move", "moving to another school", "share/year", 0.08, (0.05, 0.09), "F64, P05", "measured"),
    ("head_leave_primary", "a primary's head changes", "share/year", 0.11, (0.08, 0.14), "system.md 1.10", "judged"),
    ("head_leave_secondary", "a secondary's head changes", "share/year", 0.16, (0.12, 0.2), "system.md 1.10", "judged"),
    ("turnover_fsm", "how much turnover rises from least to most free meals", "ratio", 0.42, (0.2, 0.8), "P08, F68", "judged"),
    ("newcomer_fresh", "newcomers who have just begun teaching", "share", 0.5, (0.3, 0.7), "F63", "judged"),
    ("new_u", "knowledge that full routine gives a newcomer", "share", 0.6, (0.3, 0.9), "P30, F54", "judged"),
    ("new_q", "fidelity that full routine gives a newcomer", "share", 0.5, (0.2, 0.8), "P30, F54", "judged"),
    ("routine_known", "routine from which every newcomer hears of it", "share", 0.2, (0.1, 0.4), "MODEL", "judged"),
    ("head_reset", "what a new head keeps of priority", "ratio", 0.5, (0.2, 0.9), "P07", "judged"),
    ("head_climate", "what a new head keeps of climate", "share", 0.7, (0.4, 1.0), "MODEL", "judged"),
    # pupils
    ("delay", "time for pupils to feel the practice", "years", 1.5, (0.5, 3.0), "P46, F07, F21", "free"),
    ("effect_ratio", "effect at full depth, over the effect a practice is given", "ratio", 1.0, (0.5, 3.0), "P24, F07, F21", "free"),
    ("d_target", "gain of disadvantaged pupils under full targeting", "ratio", 0.5, (0.0, 1.0), "F04, F78", "judged"),
    ("d_community", "gain of disadvantaged pupils under full community involvement", "ratio", 0.25, (0.0, 0.5), "F05", "judged"),
    # money
    ("cover_primary", "a day of cover, primary", "GBP/day", 218.0, (185, 251), "F84, P12", "measured"),
    ("cover_secondary", "a day of cover, secondary", "GBP/day", 291.0, (247, 335), "F84, P12", "measured"),
    ("hours_a_day", "CPD hours in a day of cover", "hours/day", 6.0, (5.0, 7.0), "MODEL", "judged"),
    ("cover_share", "share of CPD hours that is covered", "share", 0.5, (0.2, 1.0), "F85", "judged"),
    ("planned_attendance", "attendance that cover is bought for", "share", 0.65, (0.5, 0.9), "MODEL", "judged"),
    ("c_staff_hour", "an hour of a teacher's own time", "GBP/hour", 40.0, (25, 50), "F89", "judged"),
    ("c_expert_day", "a day of an external expert", "GBP/day", 700.0, (400, 1200), "P13", "judged"),
    ("c_coaching", "coaching, for each hour a teacher gets", "GBP/hour", 100.0, (60, 150), "F89", "judged"),
    ("c_facilitators", "full capacity building", "GBP/school/year", 500.0, (250, 1000), "MODEL", "judged"),
    ("c_codesign", "full co-design", "GBP/school/year", 300.0, (150, 600), "MODEL", "judged"),
    ("c_cluster", "full collaboration", "GBP/school/year", 1800.0, (900, 3600), "F79, system.md 3.1", "judged"),
    ("c_cluster_base", "keeping a cluster", "GBP/school/year", 400.0, (200, 800), "MODEL", "judged"),
    ("cost_scale", "schools beyond the free ones that double a hierarchy's coordination", "schools", 20.0, (10, 40), "F45", "judged"),
    ("c_community", "full community involvement", "GBP/school/year", 1000.0, (500, 2000), "MODEL", "judged"),
    ("c_materials_base", "materials: sending", "GBP/school", 200.0, (100, 400), "F26", "derived"),
    ("c_materials", "materials: a full script", "GBP/school", 1300.0, (650, 2600), "F26", "derived"),
    ("c_broadcast", "a full broadcast", "GBP/school/year", 50.0, (10, 100), "F27; system.md 4.2", "derived"),
    ("c_mandate", "inspecting a full mandate", "GBP/school/year", 200.0, (100, 400), "system.md 4.1", "judged"),
    ("c_invitation", "an invitation in person", "GBP/school", 300.0, (100, 900), "F87", "judged"),
    ("c_central", "central team, for each member", "GBP/school/year", 150.0, (75, 300), "MODEL", "judged"),
    ("budget_per_pupil", "total budget, for each pupil of the system", "GBP/pupil", 30.0, (5, 200), "system.md 3.1 (London Challenge)", "judged"),
)  # fmt: skip

_POSTERIOR = posterior.shipped()
PARAMETERS = BY_HAND if _POSTERIOR is None else calibrated(BY_HAND, _POSTERIOR.medoid)

# What something is divided by: these cannot be 0.
DIVISORS = frozenset(
    {
        "coach_year",
        "cost_scale",
        "delay",
        "effect_reference",
        "expert_year",
        "f_loss",
        "f_needed",
        "f_reach",
        "hierarchy_scale",
        "hours_a_day",
        "hub_reach_km",
        "incentive_full",
        "novelty_reference",
        "own_half",
        "pool_free",
        "q_half",
        "r_loss",
        "schools_per_hub",
        "tau_v",
        "theta",
    }
)

RECORD = np.dtype([(name, np.float32) for name in PARAMETERS])


def defaults() -> dict[str, float]:
    """The default of every parameter. The dict is fresh: change it freely.

    Returns: name -> value, in the units of the table. Source: the table's own column `source`.

    >>> len(defaults()) == len(PARAMETERS)
    True
    """
    return {name: row.default for name, row in PARAMETERS.items()}


def resolve(overrides: Mapping[str, float] | None = None) -> dict[str, float]:
    """The defaults with a user's values in place. Every value must be a number inside its prior's range.

    Raises BadValue for an unknown name, a value that is no number, or one out of range.

    >>> resolve({"theta": 3})["theta"]
    3.0
    """
    values = defaults()
    for name, value in (overrides or {}).items():
        key = f"parameters.{name}"
        if name not in PARAMETERS:
            raise unknown(key, name, PARAMETERS, "a parameter")
        row = PARAMETERS[name]
        if value == 0 and name in DIVISORS and not isinstance(value, bool):
            raise BadValue(key, value, f"a number above 0, for something is divided by it ({row.unit})")
        values[name] = bounded(key, value, allowed(row))
    return values


def allowed(row: Parameter) -> Bound:
    """What a user may set a parameter to: zero (a term switched off) to twice its prior's far end, signs kept; a share to 1.

    >>> str(allowed(PARAMETERS["theta"])), allowed(PARAMETERS["att_priority"]).high
    ('a number from 0 to 8 (contacts)', 1.0)
    """
    low, high = row.prior
    high = max(2 * high, 0.0)
    if row.unit == "share":
        high = min(high, max(1.0, row.prior[1]))
    return Bound(min(2 * low, 0.0), high, unit=row.unit)


def records(values: Mapping[str, float]) -> np.ndarray:
    """The values as one row of records, (1,), the form in which compiled phases take them.

    >>> records(defaults())["h_max"]
    array([40.], dtype=float32)
    """
    return np.array([values[name] for name in PARAMETERS], np.float32).view(RECORD)


def record(values: Mapping[str, float]) -> np.record:
    """The values as one record, the form in which compiled rules take them.

    >>> float(record(defaults()).h_max)
    40.0
    """
    return records(values).view(np.recarray)[0]
