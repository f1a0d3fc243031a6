"""Everything that has a name: its kind, its one line in a list, and all there is to say of it. From the code's own tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from kmsim import configuration
from kmsim.cli import text
from kmsim.errors import unknown

PRIMARY, SECONDARY = (231, 15), (935, 64)  # pupils and teachers of the two schools that costs are told for


@dataclass(frozen=True)
class Kind:
    """A kind of named things. line: a name's cells in a list, under `titles`; show: all of it, as text."""

    name: str
    plural: str
    meaning: str
    names: Callable[[], list[str]]
    titles: tuple[str, ...]
    line: Callable[[str], list[str]]
    show: Callable[[str], str]
    files: bool = False  # whether the path of a YAML file is a name too


def kind_of(word: str) -> Kind:
    """The kind that a word means, in the singular or the plural. Raises UnknownName.

    >>> kind_of("policies").name
    'policy'
    """
    for kind in KINDS:
        if word in (kind.name, kind.plural):
            return kind
    if word in ("network", "networks"):
        return kind_of("archetype")
    raise unknown("kind", word, [kind.plural for kind in KINDS], "a kind of things to list")


def is_kind(word: str) -> bool:
    """Whether a word names a kind."""
    return word in ("network", "networks") or any(word in (kind.name, kind.plural) for kind in KINDS)


def with_name(name: str) -> list[Kind]:
    """The kinds that have something of this name: often one, at times two, or none."""
    return [kind for kind in KINDS if name in kind.names()]


def kinds_with(name: str) -> list[Kind]:
    """The kinds that have something of this name. Raises UnknownName, with the nearest name of any kind, if none has.

    >>> [kind.name for kind in kinds_with("coaching")]
    ['policy', 'lever']
    """
    found = with_name(name)
    if not found:
        raise unknown("name", name, {n for kind in KINDS for n in kind.names()}, "a name of any kind")
    return found


# -- systems and practices -----------------------------------------------------
def _config_line(kind: str) -> Callable[[str], list[str]]:
    return lambda name: [name, " ".join(str(configuration.read(kind, name).get("summary", "")).split())]


def _show_config(kind: str) -> Callable[[str], str]:
    def show(name: str) -> str:
        data = dict(configuration.read(kind, name))
        head = _head(kind, Path(name).stem, str(data.pop("summary", "")))
        listed = {
            key: items
            for key, items in data.items()
            if isinstance(items, list) and items and isinstance(items[0], dict)
        }
        if kind == "system":
            data |= {key: value for key, value in _system_defaults().items() if key not in data}
        body = text.fields({key: text.plain(value) for key, value in data.items() if key not in listed})
        for key, items in listed.items():
            body += f"\n\n{key}\n" + text.rows([[text.plain(item)[1:-1]] for item in items], indent=2)
        return head + body

    return show


def _system_defaults() -> dict[str, str]:
    """The settings that any system has, and what they are where nothing is said."""
    from kmsim.system.settings import Settings

    kept = ("la", "region", "trust", "phase")
    return dict.fromkeys(kept, "all") | {
        key: text.plain(Settings.__dataclass_fields__[key].default) for key in ("scale", "seed")
    }


def _authorities() -> list[str]:
    from kmsim.system.england import england

    return sorted(set(england()["la"].tolist()))


def _show_authority(name: str) -> str:
    from kmsim.system.england import england

    rows = england()
    here = rows["la"] == name
    body = {
        "region": ", ".join(sorted(set(rows["region"][here].tolist()))),
        "schools": f"{int(here.sum()):,}",
        "use": f'kmsim compare system=borough "system.la={name}"',
    }
    return _head("authority", name, "A local authority of England, January 2019.") + text.fields(body)


# -- policies and what they are made of ------------------------------------------
def _show_policy(name: str) -> str:
    from kmsim.policies.policy import read_policy

    policy = read_policy(name)
    head = _head("policy", policy.name, policy.summary)
    if not policy.levers:
        return head + "  no levers: it costs nothing"
    levers = text.rows([[lever.key, _settings_of(lever)] for lever in policy.levers], indent=2)
    quantities: dict[str, float] = {}
    for lever in policy.levers:
        for quantity, value in lever.sets().items():
            quantities[quantity] = max(value, quantities.get(quantity, 0.0))
    clusters = policy.clusters
    features = {quantity: f"{value:g}" for quantity, value in quantities.items()}
    if clusters is not None:
        features["cluster_size"] = f"{clusters.network_size} schools, within {clusters.within}"
    return f"{head}levers\n{levers}\n\nfeatures\n{text.fields(features)}\n\n{_costs(policy)}"


def _settings_of(lever: Any) -> str:
    """A lever's settings, those that are not as in any lever."""
    shown = {f.name: getattr(lever, f.name) for f in fields(lever) if f.name not in ("start", "stop", "eligible")}
    shown |= {
        f.name: getattr(lever, f.name) for f in fields(lever) if f.name in ("start", "stop") and getattr(lever, f.name)
    }
    limits = {f.name: getattr(lever.eligible, f.name) for f in fields(lever.eligible)}
    only = {
        key: value for key, value in limits.items() if value != type(lever.eligible).__dataclass_fields__[key].default
    }
    return ", ".join(f"{key} {text.plain(value)}" for key, value in (shown | only).items())


def _costs(policy: Any) -> str:
    """What a year of it costs two schools, by category: laid out by the model's own plan."""
    import numpy as np

    from kmsim.parameters import defaults
    from kmsim.phases.money import CATEGORIES
    from kmsim.phases.world import clock
    from kmsim.policies.plan import Plan

    plan = Plan(policy, _two_schools(), defaults(), clock(1, 6, 3, 0.0, 1.0, False), 3, None, 1)
    layout = plan.at(int(min((lever.start for lever in policy.levers), default=0)))
    money = [
        *((f"{name}, a member", row) for name, row in zip(CATEGORIES, layout.lines, strict=True)),
        ("cover, a member, at most", layout.cover_hours / plan.p["hours_a_day"] * plan.day_rate),
        *((f"{name}, every eligible school", row) for name, row in zip(CATEGORIES, layout.wide, strict=True)),
    ]
    money = [(name, row) for name, row in money if np.any(row > 0)]
    once = [
        (f"once, on joining: {name}", row) for name, row in zip(CATEGORIES, layout.once, strict=True) if np.any(row > 0)
    ]
    total = [("total a year", np.sum([row for _, row in money], axis=0))] if money else []
    table = [[name, *map(text.gbp, row)] for name, row in money + total + once]
    titles = ["GBP a year, with full funding", f"primary of {PRIMARY[1]} teachers", f"secondary of {SECONDARY[1]}"]
    return text.rows(table, titles) if table else "yearly cost: nothing"


def _two_schools() -> Any:
    """A primary and a secondary school, with just what a plan reads of a system."""
    import numpy as np

    from kmsim.system.built import System

    (_, few), (_, many) = PRIMARY, SECONDARY
    zero = np.zeros(2, np.int32)
    schools: dict[str, np.ndarray] = {
        "phase": np.array([0, 1], np.uint8),
        "size": np.array([few, many], np.int32),
        "pupils": np.array([PRIMARY[0], SECONDARY[0]], np.int32),
        "fsm_rank": np.full(2, 0.5, np.float32),
        **dict.fromkeys(("region", "la", "trust", "federation"), zero),
    }
    labels = {key: ["here"] for key in ("region", "la", "trust", "federation")}
    return System("two schools", schools, {"school": zero}, zero, zero, labels)


def _levers() -> Mapping[str, Any]:
    from kmsim.policies.levers import LEVERS

    return LEVERS


def _show_lever(name: str) -> str:
    from kmsim.parameters import defaults

    cls = _levers()[name]
    lever, p = cls(), defaults()
    head = _head("lever", name, cls.__doc__ or "")
    settings = [[f.name, text.plain(getattr(lever, f.name)), _limits(f)] for f in fields(cls) if f.name != "eligible"]
    settings.append(["eligible", "all", "phase, region, la, fsm_rank_min, fsm_rank_max, in_trust"])
    parts = ["settings\n" + text.rows(settings, ["setting", "default", "values"], indent=2)]
    if lever.sets():
        parts.append("sets, with its defaults\n" + text.fields({k: f"{v:g}" for k, v in lever.sets().items()}))
    kinds = (
        ("school-year", lever.costs(p)),
        ("teacher a year", lever.costs_per_post(p)),
        ("school, once", lever.once(p)),
    )
    costs = {category: f"{text.gbp(gbp)} a {unit}" for unit, found in kinds for category, gbp in found.items()}
    if costs:
        parts.append("costs, GBP, with its defaults\n" + text.fields(costs))
    return head + "\n\n".join(parts)


def _limits(field: Any) -> str:
    limits = field.metadata
    if "one_of" in limits:
        return " or ".join(limits["one_of"])
    if "low" in limits:
        return (
            f"{limits['low']:g} to {limits['high']:g}"
            if limits["high"] != float("inf")
            else f"{limits['low']:g} or more"
        )
    named = {
        "start": "policy year",
        "stop": "policy year; null: the lever's own",
        "phases": "list of {year, coverage, regions}",
    }
    return named.get(field.name, "true or false" if isinstance(field.default, bool) else "a name")


def _features() -> Mapping[str, Any]:
    from kmsim.policies.policy import SETTINGS

    return SETTINGS


def _show_feature(name: str) -> str:
    lever, setting = _features()[name]
    body = {
        "set by": f"{setting} of the lever {lever.key}",
        "values": _limits(lever.__dataclass_fields__[setting]),
        "use": f"kmsim compare network.{name}=0.5",
    }
    if name == "cluster_size":
        body["use"] = "kmsim compare network.cluster_size=7"
    return _head("feature", name, f"A feature of networks. {lever.__doc__}") + text.fields(body)


# -- networks ------------------------------------------------------------------
def _archetypes() -> Mapping[str, dict[str, float]]:
    from kmsim.policies.levers import archetypes

    return archetypes()


def _note(name: str) -> str:
    from kmsim.policies.levers import archetype_note

    return archetype_note(name)


def _show_archetype(name: str) -> str:
    row = dict(_archetypes()[name])
    body = {key: f"{value:g}" for key, value in row.items() if key not in ("network_size", "cost")}
    body["cluster_size"] = f"{row['network_size']:g} schools"
    body["cost"] = f"GBP {row['cost']:,.0f} a school a year"
    body["coded so because"] = _note(name)
    body["use"] = f"kmsim compare network={name}"
    return _head(
        "archetype", name, "A real network, coded by judgement from what is published of it (each +-0.15)."
    ) + text.fields(body)


# -- outcomes and parameters -----------------------------------------------------
def _outcomes() -> Mapping[str, Any]:
    from kmsim.outcomes.definitions import OUTCOMES

    return OUTCOMES


def _show_outcome(name: str) -> str:
    row = _outcomes()[name]
    body = {
        "label": row.label,
        "formula": row.formula,
        "unit": row.unit,
        "better": row.better,
        "source": _marked(row.source),
    }
    if row.shared:
        body["several practices"] = "one value for all together"
    return _head("outcome", name, row.meaning) + text.fields(body)


def _parameters() -> Mapping[str, Any]:
    from kmsim.parameters import PARAMETERS

    return PARAMETERS


def _meaning(name: str) -> str:
    """A parameter's meaning; dots stand for that of the row above."""
    table = _parameters()
    meaning = table[name].meaning
    if not meaning.startswith("..."):
        return meaning
    names = [*table]
    above = next(
        table[n].meaning for n in reversed(names[: names.index(name)]) if not table[n].meaning.startswith("...")
    )
    return f"{above}: {meaning.removeprefix('...').strip()}"


def _show_parameter(name: str) -> str:
    row = _parameters()[name]
    body = {
        "default": f"{row.default:.4g}",
        **({} if row.by_hand is None else {"by hand": f"{row.by_hand:g} (the default is calibrated)"}),
        "unit": row.unit,
        "prior": f"{row.prior[0]:g} to {row.prior[1]:g}",
        "source": _marked(row.source),
        "grade": row.grade,
        "use": f"kmsim compare parameters.{name}={row.default:.4g}",
    }
    return _head("parameter", name, _meaning(name)) + text.fields(body)


# -- evidence --------------------------------------------------------------------
def _marked(source: str) -> str:
    from kmsim.evidence.cited import marked

    return marked(source)


def _findings() -> Mapping[str, Any]:
    from kmsim.evidence.table import findings

    return findings()


def _priors() -> Mapping[str, Any]:
    from kmsim.evidence.table import priors

    return priors()


def _record_line(name: str) -> list[str]:
    from kmsim.evidence.table import look_up

    record: Any = look_up(name)
    weak = f" [{record.mark}]" if record.mark else ""
    told = [record.use] if name in _findings() else [_plain_value(record)]
    return [name, ", ".join(record.grade), *told, record.statement + weak]


def _plain_value(record: Any) -> str:
    from kmsim.evidence.records import plain

    return plain(record.value)


def _show_record(kind: str) -> Callable[[str], str]:
    def show(name: str) -> str:
        from kmsim.evidence.cited import citing
        from kmsim.evidence.grades import GRADES
        from kmsim.evidence.records import USES
        from kmsim.evidence.table import citations, look_up

        record: Any = look_up(name)
        unit = f" ({record.unit})" if record.unit else ""
        body = {"quantity": record.quantity + unit, "value": _plain_value(record), "range": record.range or "none"}
        if kind == "prior":
            body |= {"shape": record.shape, "taken from": ", ".join(record.from_findings)}
        else:
            body |= {
                "use": f"{record.use}: {USES[record.use]}",
                "because": record.why,
                "retagged": record.retagged,
                "validation group": "" if record.group is None else f"{record.group} of 12",
            }
        body |= {"simulated": record.test, "note": record.note, "named by parameters": ", ".join(citing(name))}
        rows = [[key, value] for key, value in body.items() if value]
        rows += [["grade", f"{grade}: {GRADES[grade]}"] for grade in record.grade]
        rows += [["source", work] for work in citations(record)]
        weak = f"{record.mark.upper()}: not to be taken as evidence as it stands\n\n" if record.mark else ""
        return _head(kind, name, record.statement) + weak + text.rows(rows, indent=2)

    return show


def _studies() -> dict[str, Any]:
    from kmsim.studies import config

    return {name: config.read(name) for name in config.names()}


def _show_study(name: str) -> str:
    study = _studies()[name]
    cells = []
    for part in study.parts.values():
        varied = [f"{key}: {text.plain(list(values))}" for key, values in part.vary.items()]
        cells.append(
            [
                part.name,
                f"{len(part.arms)} arms x {len(part.scenarios())} scenarios x {part.seeds} seeds",
                "; ".join(varied),
            ]
        )
    body = f"{text.paragraph(study.question)}\n\n{text.paragraph(study.design)}\n\n{text.rows(cells, ('runs', 'how many', 'varied'))}"
    limits = "\n".join(text.paragraph("- " + caveat) for caveat in study.caveats)
    return f"{_head('study', name, study.title)}{body}\n\nwhat no run here can tell\n{limits}\n\nkmsim study {study.number} runs it"


def _head(kind: str, name: str, meaning: str) -> str:
    body = text.paragraph(meaning)
    return f"{kind} {name}\n" + (body + "\n\n" if body else "\n")


KINDS: tuple[Kind, ...] = (
    Kind(
        "system",
        "systems",
        "schools to simulate",
        lambda: configuration.names("system"),
        ("system", "what it is"),
        _config_line("system"),
        _show_config("system"),
        files=True,
    ),
    Kind(
        "policy",
        "policies",
        "what is done to take a practice to scale",
        lambda: configuration.names("policy"),
        ("policy", "what is done"),
        _config_line("policy"),
        _show_policy,
        files=True,
    ),
    Kind(
        "lever",
        "levers",
        "what policies are made of",
        lambda: [*_levers()],
        ("lever", "what it does"),
        lambda name: [name, (_levers()[name].__doc__ or "").split("\n")[0]],
        _show_lever,
    ),
    Kind(
        "feature",
        "features",
        "of networks: network.KEY=",
        lambda: [*_features()],
        ("feature", "lever", "setting"),
        lambda name: [name, _features()[name][0].key, _features()[name][1]],
        _show_feature,
    ),
    Kind(
        "outcome",
        "outcomes",
        "what is measured",
        lambda: [*_outcomes()],
        ("outcome", "unit", "what it is"),
        lambda name: [name, _outcomes()[name].unit, _outcomes()[name].meaning],
        _show_outcome,
    ),
    Kind(
        "parameter",
        "parameters",
        "the model's numbers: parameters.KEY=",
        lambda: [*_parameters()],
        ("parameter", "default", "unit", "grade", "meaning"),
        lambda name: [name, f"{(row := _parameters()[name]).default:.4g}", row.unit, row.grade, _meaning(name)],
        _show_parameter,
    ),
    Kind(
        "archetype",
        "archetypes",
        "real networks: network=",
        lambda: [*_archetypes()],
        ("archetype", "GBP a school-year", "coded so because"),
        lambda name: [name, f"{_archetypes()[name]['cost']:,.0f}", _note(name)],
        _show_archetype,
    ),
    Kind(
        "practice",
        "practices",
        "what is to be taken to scale",
        lambda: configuration.names("practice"),
        ("practice", "what teachers do"),
        _config_line("practice"),
        _show_config("practice"),
        files=True,
    ),
    Kind(
        "design",
        "designs",
        "how a sweep chooses scenarios of what is uncertain: design=",
        lambda: configuration.names("design"),
        ("design", "what it is"),
        _config_line("design"),
        _show_config("design"),
        files=True,
    ),
    Kind(
        "calibration",
        "calibrations",
        "budgets of kmsim calibrate: calibration=",
        lambda: configuration.names("calibration"),
        ("calibration", "what it is"),
        _config_line("calibration"),
        _show_config("calibration"),
        files=True,
    ),
    Kind(
        "experiment",
        "experiments",
        "presets of sweeps: experiment=",
        lambda: configuration.names("experiment"),
        ("experiment", "what it asks"),
        _config_line("experiment"),
        _show_config("experiment"),
        files=True,
    ),
    Kind(
        "study",
        "studies",
        "numbered questions, each with its runs: kmsim study NN",
        lambda: [*_studies()],
        ("study", "what it asks"),
        lambda name: [name, _studies()[name].question],
        _show_study,
    ),
    Kind(
        "authority",
        "authorities",
        "local authorities of England: system.la=",
        _authorities,
        ("authority",),
        lambda name: [name],
        _show_authority,
    ),
    Kind(
        "finding",
        "findings",
        "what research found, with its source, and what it is used for",
        lambda: [*_findings()],
        ("finding", "grade", "use", "what was found"),
        _record_line,
        _show_record("finding"),
    ),
    Kind(
        "prior",
        "priors",
        "parameters as research and judgement have them before any fitting",
        lambda: [*_priors()],
        ("prior", "grade", "value", "what it is"),
        _record_line,
        _show_record("prior"),
    ),
)
