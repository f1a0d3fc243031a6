"""What the verbs' help is made of: how a verb is called, its keys with their defaults and meanings, and examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kmsim.cli import text
from kmsim.cli.compose import keys

DOTTED = {
    "system.KEY": "over the system's own settings, such as system.la=Hackney (kmsim show system borough)",
    "practice.KEY": "over the practice's, such as practice.effect=0.2 (kmsim show practice metacognition)",
    "network.KEY": "one feature of the policies' networks, such as network.ownership=0.2 (kmsim list features)",
    "parameters.KEY": "a parameter of the model, such as parameters.theta=3 (kmsim list parameters)",
}


def page(verb: str, summary: str, takes: str, told: Mapping[str, str], *parts: str) -> str:
    """The help of a verb that has keys. takes: the words it is called with; told: what each of them means; parts: what follows.

    >>> print(page("study", "run it again", "NN", {"NN": "a number"}, "example").replace("\\n\\n", "\\n"))
    kmsim study: run it again
    usage: kmsim study NN [--debug] [--quiet]
    keys and their defaults
      NN  a number
    example
    """
    usage = f"usage: kmsim {verb} {takes} [--debug] [--quiet]"
    table = "keys and their defaults\n" + text.rows(list(told.items()), indent=2)
    return "\n\n".join([f"kmsim {verb}: {summary}", usage, table, *parts])


def defaults_told(of: str, prefix: str = "") -> dict[str, str]:
    """The keys of a verb, or of a file such as design/lhs, each as it would be typed to say its default: what it means.

    >>> defaults_told("study")["size=full"]
    'full, or small: seconds, to see that it runs; so few seeds tell nothing'
    """
    return {f"{prefix}{key}={as_typed(default)}": meaning for key, (default, meaning) in keys(of).items()}


def as_typed(value: Any) -> str:
    """A default as it is typed; a long list is shown by its length.

    >>> as_typed(None), as_typed(["a", "b"])
    ('null', '(2 of them)')
    """
    return f"({len(value)} of them)" if isinstance(value, list) else text.plain(value)
