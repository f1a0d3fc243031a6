"""What config.yaml holds, as settings of the verb that wrote it: policies as the levers they were made of, files by content.

config.yaml has everything resolved: a policy stands in it by its levers, a practice and a system by their settings. So a
result that is made again from it does not change when the policy's own file does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kmsim.errors import BadValue, KmsimError
from kmsim.lab.provenance import FILES, files_of
from kmsim.lab.trust import check_code

DERIVED = ("budget_gbp",)  # computed from the others: not read back
STORED = ("levers", "summaries", "code", "design", FILES, *DERIVED)  # keys of config.yaml that no verb takes


@dataclass(frozen=True)
class StoredSettings:
    """settings: keys of the verb. files: the record of what the config was made from. design: what its draws must be."""

    settings: dict[str, Any]
    files: dict[str, str] = field(default_factory=dict)
    design: dict[str, Any] | None = None


def read_stored(settings: Mapping[str, Any]) -> StoredSettings:
    """The settings that a config.yaml holds. What was typed passes unchanged.

    Raises BadValue for levers or files that are no config's, KmsimError unless the same code is trusted as it was made with.

    >>> read_stored({"policies": ["a"], "levers": {"a": [{"broadcast": {}}]}, "outcomes": "all"}).settings
    {'policies': [{'name': 'a', 'summary': '', 'levers': [{'broadcast': {}}]}]}
    """
    if "code" in settings:
        check_code(settings["code"], "config")
    kept = {key: value for key, value in settings.items() if key not in STORED}
    if kept.get("outcomes") == "all":
        del kept["outcomes"]
    if not kept.get("network"):
        kept.pop("network", None)
    if isinstance(kept.get("parameters"), Mapping):  # one by one: those that draws vary are not among them
        kept = {f"parameters.{name}": value for name, value in kept.pop("parameters").items()} | kept
    if "levers" in settings:
        kept["policies"] = _policies(settings)
    design = settings.get("design")
    if design is not None and not isinstance(design, Mapping):
        raise BadValue("design", design, "the design that config.yaml holds")
    return StoredSettings(kept, files_of(settings), None if design is None else dict(design))


def _policies(settings: Mapping[str, Any]) -> list[Any]:
    """Each policy as a mapping of its levers, where config.yaml has them."""
    levers, summaries, names = settings["levers"], settings.get("summaries") or {}, settings.get("policies")
    if not isinstance(levers, Mapping):
        raise BadValue("levers", levers, "the levers of each policy by its name")
    if not isinstance(summaries, Mapping):
        raise BadValue("summaries", summaries, "the summary of each policy by its name")
    names = [names] if isinstance(names, str) else names
    if names is not None and not isinstance(names, list | tuple):
        raise BadValue("policies", names, "a list of policies")
    return [
        {"name": name, "summary": str(summaries.get(name, "")), "levers": levers[name]}
        if isinstance(name, str) and name in levers
        else name
        for name in (levers if names is None else names)
    ]


def one_policy(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run: `policies` with one policy in it is its `policy`, and one replicate is no setting.

    Raises KmsimError for the config of several policies or seeds: `compare` takes those.

    >>> one_policy({"policies": ["coaching"], "replicates": 1, "years": 5})
    {'years': 5, 'policy': 'coaching'}
    """
    kept = dict(settings)
    policies, replicates = kept.pop("policies", None), kept.pop("replicates", 1)
    if replicates != 1:
        raise KmsimError(f"replicates={replicates}: a run has one seed; kmsim compare takes several")
    if policies is not None:
        if not isinstance(policies, list | tuple) or len(policies) != 1:
            count = len(policies) if isinstance(policies, list | tuple) else policies
            raise KmsimError(f"policies={count}: a run has one policy; kmsim compare takes several")
        kept.setdefault("policy", policies[0])
    return kept
