"""`kmsim run`: one policy, one seed, its outcomes over the years."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kmsim.cli import work
from kmsim.cli.arguments import read
from kmsim.cli.compose import compose, keys
from kmsim.cli.terminal import Terminal
from kmsim.cli.usage import DOTTED, defaults_told, page
from kmsim.lab.naming import checked_name

if TYPE_CHECKING:
    from kmsim.cli import Flags

VERB = "run"
SUMMARY = "run one policy with one seed: its outcomes over the years"
FILES = ("outcomes.csv",)
EXAMPLES = """\
examples
  kmsim run system=borough policy=coaching
  kmsim run system=village policy=mine.yaml seed=7 years=6 parameters.theta=3

Shows a table and writes it, outcomes.csv, config.yaml and manifest.json to results/run/NAME. The same name and settings
are shown again, not run again.
"""


def help_text() -> str:
    """What `kmsim run --help` shows."""
    return page(VERB, SUMMARY, "[key=value ...]", defaults_told(VERB) | DOTTED, EXAMPLES)


def main(words: Sequence[str], flags: Flags) -> int:
    """Run, show and keep. Raises KmsimError for words that cannot be used, RunFailed if the run broke."""
    settings = compose(VERB, read(words, keys(VERB), VERB))
    name = checked_name(settings.pop("name"))

    from kmsim.lab import single
    from kmsim.lab.provenance import config_hash
    from kmsim.scenario import read_scenario

    scenario = read_scenario(**settings)
    config = single.configuration_of([scenario], 1)
    return work.answer(
        VERB,
        name,
        scenario.system.name,
        config,
        config_hash(config),
        FILES,
        lambda _, progress: single.run(**settings),
        Terminal(flags.quiet),
    )
