"""From settings to a built system. Every system goes through `build`, whatever its schools come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from kmsim import rng
from kmsim.errors import BadValue, KmsimError, unknown
from kmsim.system.built import PHASES, System
from kmsim.system.left_out import left_out, number_of_schools
from kmsim.system.places import hilbert, neighbours
from kmsim.system.rows import Rows, labelled, take
from kmsim.system.settings import Settings, settings
from kmsim.system.staff import climates, draws, sizes, staff
from kmsim.system.ties import ties

WHAT = {"la": "a local authority", "region": "a region", "trust": "a trust"}
FSM_MEAN = (0.230, 0.234, 0.470, 0.230, 0.470)  # by phase, 2023 (system.md 1.4); nursery as primary, PRU as special


def build(config: Settings | Mapping[str, Any] | str = "london", overrides: Mapping[str, Any] | None = None) -> System:
    """Build a system from a named config, a .yaml path or a mapping of settings, with overrides laid over it.

    The same settings give the same arrays, bit for bit. Schools are in the order of their source (England: by URN);
    those without pupils are left out and named in `notes`. Settings: `kmsim.system.settings.Settings`.

    Raises UnknownName and BadValue for settings that cannot be used, KmsimError if no school is left.
    Source: MODEL section 10, System.

    >>> village = build("village")
    >>> village.n_schools, village.n_posts
    (5, 119)
    """
    chosen = config if isinstance(config, Settings) else settings(config, overrides)
    rows, thinned, notes = _chosen_rows(chosen)
    schools, labels = _schools(rows, chosen.seed)
    posts = staff(schools["size"], schools["phase"], chosen.seed)
    tie_start, tie_to = ties(posts, schools, chosen.seed)
    return System(chosen.name, schools, posts, tie_start, tie_to, labels, thinned, tuple(notes))


def notes_of(chosen: Settings) -> tuple[str, ...]:
    """The notes of a system without building it: what is left out, counted and named, and what is estimated.

    Raises as `build`.

    >>> notes_of(settings("england"))[1]
    '1 school left out: no pupils: Oxfordshire Hospital School'
    """
    return tuple(_chosen_rows(chosen)[2])


def _chosen_rows(chosen: Settings) -> tuple[Rows, float, list[str]]:
    """The rows of a system's schools, how many schools each stands for, and the notes on all others."""
    rows, notes = _read(chosen)
    rows = _subset(rows, chosen, notes)
    rows = _with_pupils(rows, notes)
    rows, thinned = _thin(rows, chosen.scale)
    if thinned > 1:
        kept = len(rows["urn"])
        notes.append(
            f"{number_of_schools(kept)} of {round(kept * thinned):,} stand for all (system.scale={chosen.scale:g})"
        )
    rows["fsm"] = _fsm(rows, notes)
    if guessed := int(rows["place_estimated"].sum()):
        notes.append(f"place estimated, not the school's own point: {guessed} of {len(rows['urn'])} schools")
    return rows, thinned, notes


def _read(chosen: Settings) -> tuple[Rows, list[str]]:
    """The rows of the source. Each source is imported only when it is asked for."""
    if chosen.source == "england":
        from kmsim.system.england import england

        return england(), []
    if chosen.source == "synthetic":
        from kmsim.system.synthetic import synthetic

        return synthetic(chosen), []
    if chosen.source == "gias":
        from kmsim.system.gias import gias

        return gias(str(chosen.path), bool(chosen.strict), chosen.sha256)
    from kmsim.system.village import village

    return village(chosen)


def _subset(rows: Rows, chosen: Settings, notes: list[str]) -> Rows:
    """The schools of the authorities, regions, trusts and phases asked for; names are found whatever their case."""
    asked = {key: getattr(chosen, key) for key in (*WHAT, "phase") if getattr(chosen, key)}
    if chosen.source == "synthetic":
        asked.pop("region", None)  # it chooses the distributions: all schools are of it
    keep = np.isin(rows["phase"], [PHASES.index(phase) for phase in chosen.phase or PHASES])
    for key in asked:
        if key != "phase":
            keep &= _named(f"system.{key}", rows[key], asked[key], WHAT[key])
    told = " and ".join(f"{key}={', '.join(names)}" for key, names in asked.items())
    if not keep.any():
        raise KmsimError(f"system: no school has {told}")
    if not keep.all():
        notes.append(left_out(rows["name"][~keep].tolist(), f"outside {told}"))
    return take(rows, keep)


def _named(key: str, column: np.ndarray, wanted: Iterable[str], what: str) -> np.ndarray:
    known = {name.casefold(): name for name in sorted(set(column.tolist())) if name}
    for name in wanted:
        if name.casefold() not in known:
            raise unknown(key, name, known.values(), what)
    names = {name.casefold() for name in wanted}
    return np.array([name.casefold() in names for name in column.tolist()])


def _with_pupils(rows: Rows, notes: list[str]) -> Rows:
    """Leave out schools without pupils, naming them: a number that nobody counted is never invented."""
    counted = np.isfinite(rows["pupils"])
    for why, missing in (("no pupil count", ~counted), ("no pupils", rows["pupils"] < 1)):
        if missing.any():
            notes.append(left_out(rows["name"][missing].tolist(), why))
    keep = counted & (rows["pupils"] >= 1)
    if not keep.any():
        raise KmsimError("system: no school is left, for none has a count of pupils")
    return take(rows, keep)


def _thin(rows: Rows, scale: float) -> tuple[Rows, float]:
    """About one school in `scale`, spread evenly over phases and places, and how many schools each then stands for.

    Trusts and federations are kept or left as wholes, small ones and large ones alike: halved, they would no longer be
    what they are. The schools on their own make up the phases' numbers.
    """
    n = len(rows["urn"])
    if scale == 1:
        return rows, 1.0
    if scale > n / 3:
        most = (
            f"1, for there are {n} schools"
            if n <= 3
            else f"a number from 1 to {n / 3:.6g}, a third of the {n:,} schools"
        )
        raise BadValue("system.scale", scale, most)
    place = hilbert(rows["x"], rows["y"])
    group = _kept_together(rows)
    kept = np.zeros(n, bool)
    groups, first, size = np.unique(group, return_index=True, return_counts=True)
    together = groups >= 0
    by_size = groups[together][np.lexsort((place[first[together]], size[together]))]
    kept[np.isin(group, _evenly(by_size, len(by_size) / scale))] = True
    for phase in np.unique(rows["phase"]):
        of_phase = rows["phase"] == phase
        alone = np.flatnonzero(of_phase & (group < 0))
        wanted = of_phase.sum() / scale - kept[of_phase].sum()
        kept[_evenly(alone[np.argsort(place[alone], kind="stable")], min(wanted, len(alone)))] = True
    if not kept.any():
        kept[np.argmin(place)] = True
    return take(rows, np.flatnonzero(kept)), n / np.count_nonzero(kept)


def _kept_together(rows: Rows) -> np.ndarray:
    """A number for each school: the same for the schools of a trust or a federation, -1 for a school on its own."""
    trust, trusts = labelled(rows["trust"], 2)
    federation, _ = labelled(rows["federation"], 2)
    return np.where(trust >= 0, trust, np.where(federation >= 0, len(trusts) + federation, -1))


def _evenly(items: np.ndarray, number: float) -> np.ndarray:
    """So many of the items (to the nearest whole number, none if it is negative), at even steps."""
    kept = max(0, int(number + 0.5))
    return items[((np.arange(kept) + 0.5) * len(items) / max(1, kept)).astype(np.int64)]


def _fsm(rows: Rows, notes: list[str]) -> np.ndarray:
    """Shares of free meals, without gaps: a missing one is its phase's median here, or its mean in England."""
    fsm = rows["fsm"].copy()
    for phase in np.unique(rows["phase"][np.isnan(fsm)]):
        of_phase = rows["phase"] == phase
        missing = of_phase & np.isnan(fsm)
        none_known = missing.sum() == of_phase.sum()
        value = FSM_MEAN[phase] if none_known else float(np.median(fsm[of_phase & ~missing]))
        fsm[missing] = value
        taken = "England's mean" if none_known else "the median here"
        notes.append(f"no share of free meals: {missing.sum()} {PHASES[phase]} schools; taken as {value:.3f}, {taken}")
    return fsm


def _schools(rows: Rows, seed: int) -> tuple[dict[str, np.ndarray], dict[str, list[str]]]:
    """The columns of `System.schools` and the labels of region, la, trust and federation."""
    size, source = sizes(rows)
    schools = {
        "urn": rows["urn"],
        "name": rows["name"],
        "phase": rows["phase"],
        "pupils": np.floor(rows["pupils"] + 0.5).astype(np.int32),
        "fsm": rows["fsm"],
        "fsm_rank": fsm_rank(rows["fsm"], rows["phase"]),
    }
    labels = {}
    for key, least in (("region", 1), ("la", 1), ("trust", 2), ("federation", 2)):
        schools[key], labels[key] = labelled(rows[key], least)
    x, y = rows["x"], rows["y"]
    schools |= {
        "x": x,
        "y": y,
        "hilbert": hilbert(x, y),
        "size": size,
        "first_post": (np.cumsum(size) - size).astype(np.int32),
        "climate": climates(draws(len(size), seed, rng.BUILD_CLIMATE)),
        "neighbours": neighbours(x, y, rows["phase"]),
        "posts_source": source,
    }
    return schools, labels


def fsm_rank(fsm: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Rank of each school's share of free meals within its phase, float32: 0 least, 1 most, ties averaged, .5 if alone.

    >>> fsm_rank(np.float32([0.1, 0.3, 0.3, 0.9]), np.zeros(4, np.uint8)).tolist()
    [0.0, 0.5, 0.5, 1.0]
    """
    rank = np.full(len(fsm), 0.5, np.float32)
    for kind in np.unique(phase):
        rows = np.flatnonzero(phase == kind)
        if len(rows) > 1:
            _, which, counts = np.unique(fsm[rows], return_inverse=True, return_counts=True)
            rank[rows] = (np.cumsum(counts) - (counts + 1) / 2)[which] / (len(rows) - 1)
    return rank
