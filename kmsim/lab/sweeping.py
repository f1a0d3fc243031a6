"""Sweeps: from what a user said, on the command line or in Python, to a plan; and the plan run into its folder.

XLRM is the vocabulary: uncertainties (what a design varies), levers (policies), relationships (the model) and
measures (outcomes).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kmsim import configuration, contents
from kmsim.errors import BadValue, KmsimError, RunFailed, unknown
from kmsim.lab.design import GROUPS, KINDS, UNDOTTED, Design, as_told, check_plain, key_of, read_design
from kmsim.lab.executors import check
from kmsim.lab.naming import checked_name, default_name, folder_of
from kmsim.lab.original import plan_of_config
from kmsim.lab.plan import Plan
from kmsim.lab.planning import read_plan
from kmsim.lab.pool import checked_workers
from kmsim.lab.provenance import config_hash
from kmsim.lab.trust import check_code
from kmsim.strict_yaml import YamlError, parse_yaml

if TYPE_CHECKING:
    from kmsim.lab.experiment import Experiment

NOT_IN_PRESETS = ("experiment", "config", "name", "workers", "executor")
VARY = "design.vary"
_SEVERAL = re.compile(r"\s*[-+.\de]+\s*(?:(?:,|\.\.)\s*[-+.\de]+\s*)+", re.ASCII)  # 1,2 or 1..3
_GROUPS = tuple(f"{group}." for group in GROUPS)
_MAPPINGS = {
    "parameters": "keys and values, such as {theta: 3}",
    VARY: "keys and what they vary over, such as design.vary.theta=1..3",
}


@dataclass(frozen=True)
class Sweep:
    """A sweep that can be run: its plan, its folder, and who runs it. options: settings of the executor."""

    plan: Plan
    folder: Path
    executor: str = "processes"
    workers: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def defaults() -> dict[str, Any]:
    """The keys of a sweep and their defaults, as configs/sweep.yaml has them.

    >>> defaults()["design"]
    'lhs'
    """
    return configuration.shipped("sweep")


def read_sweep(given: Mapping[str, Any]) -> Sweep:
    """The sweep that the keys of the command line ask for, checked whole; nothing is written.

    given: `policies`, `design`, `design.n`, `design.vary.theta` or `design.vary` with a mapping, `system.la`, ...
    An experiment's preset comes under what is given, defaults under both. Raises UnknownName and BadValue.

    >>> read_sweep({"experiment": "first_look", "design.n": 4}).plan
    <Plan of 12 runs: 3 policies, 4 scenarios, 1 replicates>
    """
    if given.get("config") is not None:
        return _stored_sweep(given)
    with contents.noted() as files:
        return _read_sweep(given, files)


def _stored_sweep(given: Mapping[str, Any]) -> Sweep:
    """The sweep of a config.yaml that a sweep wrote, with its scenarios beside it. Only who runs it, and its name, may be given."""
    for key in given:
        if key not in NOT_IN_PRESETS and not key.startswith("executor."):
            raise BadValue(key, given[key], "nothing beside config, whose sweep is made again as it was")
    file = Path(str(given["config"]))
    config = configuration.read_file(file, "config")
    check_code(config.get("code"), str(file))
    plan = plan_of_config(Plan, config, file.parent)
    settings = defaults() | {key: value for key, value in given.items() if key != "config"}
    options = {key.removeprefix("executor."): settings[key] for key in settings if key.startswith("executor.")}
    check(settings["executor"], options)
    own = checked_name(settings["name"]) or default_name(_title(None, plan), config_hash(plan.config()))
    return Sweep(plan, folder_of("sweep", own), settings["executor"], checked_workers(settings["workers"]), options)


def _read_sweep(given: Mapping[str, Any], files: Mapping[str, str]) -> Sweep:
    """files: what is noted of all that is read meanwhile."""
    name = given.get("experiment")
    preset = _preset(name) if name is not None else Words.of({})
    own_words = Words.of(given)
    words = own_words.over(preset)
    settings = defaults() | dict(words.settings)
    try:
        plan = _plan(words, settings, files)
    except KmsimError as error:
        key = _key_in(error)
        at = "design.rows" if str(error).startswith("design.rows") else key
        of_preset = preset.says(at) and not own_words.says(at)
        told = (f"experiment={name}: " if of_preset else "") + _helped(error, key, words)
        raise error if told == str(error) else KmsimError(told) from None
    options = {key.removeprefix("executor."): settings[key] for key in settings if key.startswith("executor.")}
    check(settings["executor"], options)
    try:
        workers = checked_workers(settings["workers"])
    except BadValue as error:
        raise KmsimError(_helped(error, "workers", words)) from None
    own = checked_name(settings["name"]) or default_name(_title(name, plan), config_hash(plan.config()))
    return Sweep(plan, folder_of("sweep", own), settings["executor"], workers, options)


def _key_in(error: KmsimError) -> str:
    """The key that an error is about, without the scenario or row that it is in; "" if it names none."""
    found = re.match(r"(?:.*?(?:scenario|row) \d+: )?([a-z]\w*(?:\.\w+)*)(?:\[\d+\][.\w]*)?[=:]", str(error))
    return found[1] if found else ""


def _helped(error: KmsimError, key: str, words: Words) -> str:
    """What an error says, with how several values are given where it was tried, and that a default is one."""
    value = words.settings.get(key)
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if isinstance(error, BadValue) and error.key == key:
        error = BadValue(key, as_told(error.value), error.expected)
    if _can_vary(key) and _SEVERAL.fullmatch(text):
        return f"{error}; to vary it, design.vary.{key.removeprefix('parameters.')}={text}"
    if key in ("years", "funded_years") and not words.says(key):
        return f"{error}; {defaults()[key]} is the default of {key}"
    return str(error)


def _can_vary(key: str) -> bool:
    return key in UNDOTTED or key.partition(".")[2] in GROUPS.get(key.partition(".")[0], ())


def _plan(words: Words, settings: Mapping[str, Any], files: Mapping[str, str]) -> Plan:
    """The plan of these words. settings: what they say of a run, with the defaults; files: what is noted of all that is read."""
    design = _design(words)
    scenarios = design.scenarios()
    told = design.data()
    if design.path:
        told |= {"path": design.path, contents.SHA256: files[design.path]}
    of_a_run = [key for key in settings if key in (*UNDOTTED, "seed") or key.startswith(_GROUPS)]
    plan = read_plan(
        _listed(settings["policies"]),
        scenarios,
        settings["replicates"],
        _listed(settings["outcomes"]),
        settings["trajectories"],
        told,
        **{key: settings[key] for key in of_a_run if key not in scenarios or key in words.settings},
    )
    plan.files = dict(files)
    return plan


def run_sweep(
    given: Mapping[str, Any], folder: str | Path | None = None, progress: Callable[[int, int, float], Any] | None = None
) -> Experiment:
    """What `kmsim.lab.sweep` does."""
    from kmsim.lab.ensemble import run_plan
    from kmsim.lab.experiment import Experiment

    asked = read_sweep(given)
    where = asked.folder if folder is None else Path(folder)
    found = run_plan(asked.plan, where, asked.executor, asked.workers, progress, **asked.options)
    if not found.whole:
        raise RunFailed(f"{found.failed} of {found.planned} runs failed and {found.missing} are missing; see {where}")
    return Experiment(where)


def _preset(name: str) -> Words:
    """The words of a preset. What is wrong with them is told with its name."""
    words = read_experiment(name)
    try:
        return Words.of({key: _as_typed(key, value) for key, value in words.items()}, NOT_IN_PRESETS)
    except KmsimError as error:
        raise KmsimError(f"experiment={name}: {error}") from None


def _as_typed(key: str, value: Any) -> Any:
    """What varies, as a command line reads it: YAML takes 1,2,3 for one text, and these are three values."""
    if not (key.startswith(f"{VARY}.") and isinstance(value, str) and "," in value):
        return value
    try:
        return parse_yaml(f"[{value.removeprefix('[').removesuffix(']')}]", key)
    except YamlError:
        return value


def read_experiment(name: str) -> dict[str, Any]:
    """A preset: the words of a command line kept in a file, experiment/NAME.yaml. Raises KmsimError, naming the file.

    >>> read_experiment("first_look")["system"]
    'borough'
    """
    preset = configuration.read("experiment", name)
    preset.pop("summary", None)
    for key in preset:
        if key in NOT_IN_PRESETS or key.startswith("executor."):
            raise KmsimError(f"experiment={name}: {key} belongs on the command line, not in an experiment")
    return preset


@dataclass(frozen=True)
class Words:
    """What one source said: settings by key; settings of the design; and what varies, full key -> (name as typed, values).

    vary is None where nothing is said of it, which is not the same as nothing that varies.
    """

    settings: Mapping[str, Any]
    design: Mapping[str, Any]
    vary: Mapping[str, tuple[str, Any]] | None

    @classmethod
    def of(cls, given: Mapping[str, Any], not_here: tuple[str, ...] = ()) -> Words:
        """Sort what was given. Raises UnknownName for a key that a sweep has not, BadValue for two values of one thing."""
        known = [key for key in defaults() if key not in not_here]
        settings: dict[str, Any] = {}
        design: dict[str, Any] = {}
        vary: dict[str, Any] | None = None
        for key, value in _flat(given):
            if key.startswith(f"{VARY}."):
                name = key.removeprefix(f"{VARY}.")
                if name in (vary or {}):
                    raise BadValue(key, value, "each key once; it is given twice")
                vary = {**(vary or {}), name: value}
            elif key == VARY:
                vary = vary or {}
            elif key.startswith("design."):
                design[key.removeprefix("design.")] = value
            elif key in settings:
                raise BadValue(key, value, "each key once; it is given twice")
            elif key in known or (key.partition(".")[0] in (*GROUPS, "executor") and "." in key):
                settings[key] = value
            else:
                own = [f"design.{name}" for names in KINDS.values() for name in names]
                raise unknown(key, key, [*known, *own], "a key of a sweep")
        if "replicates" in design:
            if "replicates" in settings:
                raise BadValue(
                    "replicates", settings["replicates"], "no value beside design.replicates: they are the same"
                )
            settings["replicates"] = design.pop("replicates")
        return cls(settings, design, None if vary is None else _by_full_key(vary, settings))

    def says(self, key: str) -> bool:
        """Whether this source says something of a key, or all of the group that it is in."""
        group, _, own = key.partition(".")
        if group == "design" and own:
            name = key.removeprefix(f"{VARY}.")
            varied = [*(self.vary or {}), *(typed for typed, _ in (self.vary or {}).values())]
            return own in self.design or name in varied or (key == VARY and self.vary is not None)
        group = "policies" if group == "policy" else group
        return key in self.settings or group in self.settings or key in (self.vary or {})

    def over(self, preset: Words) -> Words:
        """These laid over a preset's: what is said of a key, fixed or varied, replaces all that the preset says of it."""
        settings = {key: value for key, value in preset.settings.items() if key not in (self.vary or {})}
        design, vary = dict(preset.design), preset.vary
        if "design" in self.settings:  # of the preset's design only what the new one has too
            has = KINDS.get(str(_design_file(self.settings["design"]).get("kind")), ())
            design = {key: value for key, value in design.items() if key in has}
            vary = vary if VARY in map("design.{}".format, has) else None
        return Words(settings | dict(self.settings), design | dict(self.design), _under(vary, self))


def _by_full_key(vary: Any, fixed: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    if not isinstance(vary, Mapping):
        raise BadValue(VARY, vary, "keys and what they vary over, such as design.vary.theta=1..3")
    full: dict[str, tuple[str, Any]] = {}
    for name, values in vary.items():
        key = key_of(name)
        if key in full:
            raise BadValue(f"{VARY}.{name}", values, f"{key} once; it is given twice")
        if key in fixed:
            raise BadValue(key, fixed[key], f"no value beside {VARY}.{name}, which varies it")
        full[key] = (str(name), values)
    return full


def _under(vary: Mapping[str, tuple[str, Any]] | None, words: Words) -> Mapping[str, tuple[str, Any]] | None:
    """What varies by one source, under what another says."""
    if vary is None:
        return words.vary
    return {key: told for key, told in vary.items() if key not in words.settings} | dict(words.vary or {})


def _design(words: Words) -> Design:
    """The design. What is wrong with its file is told with the file's name."""
    try:
        return read_design(_design_settings(words), fixed=words.settings)
    except KmsimError as error:
        key, name = _key_in(error), _design_name(words)
        if isinstance(name, Mapping) or words.says(key) or not key.startswith("design."):
            raise
        own = _design_file(name)
        in_file = "vary" in own if key.startswith(VARY) else key.removeprefix("design.") in own
        raise KmsimError(f"design={name}: {error}") from None if in_file else error


def _design_name(words: Words) -> Any:
    return words.settings.get("design", defaults()["design"])


def _design_settings(words: Words) -> dict[str, Any]:
    """The settings of the design: its file's, under what was said."""
    settings = _design_file(_design_name(words))
    own = settings.pop("vary", None)
    vary = _under(None if own is None else _by_full_key(own, {}), words)
    settings |= words.design
    return settings if vary is None else settings | {"vary": dict(vary.values())}


def _design_file(design: Any) -> dict[str, Any]:
    """A design's settings by its name, the path of a YAML file, or as they stand in a mapping."""
    return dict(design) if isinstance(design, Mapping) else configuration.read("design", design)


def _flat(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys and values, those of parameters and of what varies one by one. Raises BadValue where these are no mapping."""
    for key, value in given.items():
        if key not in _MAPPINGS:
            yield str(key), _value(key, value)
            continue
        if not isinstance(value, Mapping):
            raise BadValue(key, value, _MAPPINGS[key])
        yield from ((f"{key}.{name}", _value(f"{key}.{name}", item)) for name, item in value.items())
        if key == VARY:
            yield key, value  # that it was said, even if it is empty


def _value(key: str, value: Any) -> Any:
    """A value as Python has it: arrays, and columns of frames, are lists. Raises BadValue for a number that is too large."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, int):
        check_plain(key, value, "a number")
    return value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _title(experiment: str | None, plan: Plan) -> str:
    """What a sweep is called that has no name: its experiment, or its schools."""
    named = Path(experiment).stem if experiment else plan.settings["system"].get("name")
    return str(named or "systems")
