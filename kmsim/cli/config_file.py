"""`config=FILE`: the settings of a verb from a config.yaml that it wrote, under the keys that are given beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kmsim.cli.compose import compose

GROUPS = ("system", "practice", "network", "parameters")


def with_config(verb: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a verb: its defaults, or those of the config.yaml that `config` names, with what was given laid over them.

    given: as `arguments.read` returns it. Raises KmsimError for a file that cannot be read or used.
    """
    settings = compose(verb, given)
    file = settings.pop("config")
    if file is None:
        return settings
    own = {key: settings[key] for key in given if key != "config"}
    stored = read_config(Path(str(file)))
    over = {key.partition(".")[0] for key in own}
    if over & {"policies", "policy"}:
        stored = {key: value for key, value in stored.items() if key not in ("policies", "levers", "summaries")}
    if "uncertainty" in own or "draws" in own or "posterior" in own:
        stored.pop("design", None)
    return stored | own


def read_config(file: Path) -> dict[str, Any]:
    """The settings in a config.yaml, plain data. Raises KmsimError, in one line, for a file that is no table of settings."""
    from kmsim import configuration

    return configuration.read_file(file, "config")
