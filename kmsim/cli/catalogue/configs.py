"""Kinds whose every name is a YAML file of configs/, shipped or the user's own: systems, practices, what sweeps are asked with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kmsim import configuration
from kmsim.cli import text
from kmsim.cli.catalogue.kind import Kind, head


def summary_line(kind: str) -> Callable[[str], list[str]]:
    """The line of a name in a list of its kind: the name and its file's summary."""
    return lambda name: [name, " ".join(str(configuration.read(kind, name).get("summary", "")).split())]


def _kind(name: str, plural: str, meaning: str, title: str) -> Kind:
    """A kind whose files are shown as they are."""
    return Kind(
        name,
        plural,
        meaning,
        lambda: configuration.names(name),
        (name, title),
        summary_line(name),
        lambda chosen: _show(name, chosen),
        files=True,
    )


def _show(kind: str, name: str) -> str:
    data = dict(configuration.read(kind, name))
    top = head(kind, Path(name).stem, str(data.pop("summary", "")))
    listed = {
        key: items for key, items in data.items() if isinstance(items, list) and items and isinstance(items[0], dict)
    }
    if kind == "system":
        data |= {key: value for key, value in _system_defaults().items() if key not in data}
    body = text.fields({key: text.plain(value) for key, value in data.items() if key not in listed})
    for key, items in listed.items():
        body += f"\n\n{key}\n" + text.rows([[text.plain(item)[1:-1]] for item in items], indent=2)
    return top + body


def _practice(name: str) -> str:
    """A practice's file, and what it gives pupils at full depth: its effect is before effect_ratio."""
    from kmsim.parameters import defaults

    ratio, effect = defaults()["effect_ratio"], configuration.read("practice", name).get("effect")
    if not isinstance(effect, int | float):
        return _show("practice", name)
    told = f"Full depth gives {effect * ratio:.3f} SD by default: effect x effect_ratio ({ratio:.4g})."
    return _show("practice", name) + "\n\n" + text.paragraph(told)


def _system_defaults() -> dict[str, str]:
    """The settings that any system has, and what they are where nothing is said."""
    from kmsim.system.settings import Settings

    kept = ("la", "region", "trust", "phase")
    return dict.fromkeys(kept, "all") | {
        key: text.plain(Settings.__dataclass_fields__[key].default) for key in ("scale", "seed")
    }


SYSTEM = _kind("system", "systems", "schools to simulate", "what it is")
PRACTICE = replace(
    _kind("practice", "practices", "what is to be taken to scale", "what teachers do"),
    show=_practice,
)
DESIGN = _kind("design", "designs", "how a sweep chooses scenarios of what is uncertain: design=", "what it is")
CALIBRATION = _kind("calibration", "calibrations", "budgets of kmsim calibrate: calibration=", "what it is")
EXPERIMENT = _kind("experiment", "experiments", "presets of sweeps: experiment=", "what it asks")
