"""The keys of a verb and their defaults, and how what a user gave is laid over them by Hydra. Nothing else uses Hydra."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from kmsim import configuration

_LINE = re.compile(r"(?P<key>\w+):(?P<default>[^#]*)#\s*(?P<meaning>.*)")


def keys(verb: str) -> dict[str, tuple[Any, str]]:
    """The keys of a verb, or of a file such as design/lhs: key -> (default, what it means), as configs/VERB.yaml has them.

    >>> keys("compare")["years"]
    (10, 'school years to simulate')
    """
    text = files("kmsim.configs").joinpath(f"{verb}.yaml").read_text(encoding="utf-8")
    meanings = {found["key"]: found["meaning"].strip() for found in map(_LINE.match, text.splitlines()) if found}
    return {key: (default, meanings.get(key, "")) for key, default in configuration.shipped(verb).items()}


def defaults(verb: str) -> dict[str, Any]:
    """The settings of a verb where nothing is said.

    >>> defaults("study")["size"]
    'full'
    """
    return {key: default for key, (default, _) in keys(verb).items()}


def compose(verb: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a verb: its defaults with what was given laid over them, as plain data with dotted keys.

    Hydra reads no file: its ConfigStore is given the plain data that the strict reader has read.

    given: as `arguments.read` returns it. Names stay names: `system=borough` is read by the model, not by Hydra.

    >>> compose("run", {"years": 5, "system.la": "King's, Lynn"})["system.la"]
    "King's, Lynn"
    """
    from hydra import compose as compose_with_hydra
    from hydra import initialize
    from hydra.core.config_store import ConfigStore
    from omegaconf import OmegaConf

    ConfigStore.instance().store(name=verb, node={"settings": defaults(verb)}, provider="kmsim")
    words = [f"{'+dotted' if '.' in key else 'settings'}.{key}={_written(value)}" for key, value in given.items()]
    with initialize(config_path=None, version_base="1.3"):
        composed = compose_with_hydra(verb, overrides=words)
    plain: Any = OmegaConf.to_container(composed, resolve=False)
    dotted = {f"{group}.{key}": value for group, own in plain.get("dotted", {}).items() for key, value in own.items()}
    return plain["settings"] | dotted


def _written(value: Any) -> str:
    """A value in Hydra's own grammar, texts in quotes so that nothing in them means anything."""
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, str):
        return "'" + re.sub(r"(\\*)('|$)", lambda m: m[1] * 2 + (r"\'" if m[2] else ""), value) + "'"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "-inf" if value < 0 else "inf"
    return repr(value)
