"""`kmsim run`: one policy, one seed, its outcomes over the years."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kmsim.cli import work
from kmsim.cli.arguments import read
from kmsim.cli.compose import keys
from kmsim.cli.config_file import with_config
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
    settings = with_config(VERB, read(words, keys(VERB), VERB))
    return run(settings, ["kmsim", VERB, *words], Terminal(flags.quiet))


def run(settings: dict[str, Any], command: Sequence[str], terminal: Terminal) -> int:
    """Run these settings, or show what is stored of them. command: for the manifest. Raises as `main`."""
    name = checked_name(settings.pop("name", None))

    from kmsim.lab.provenance import config_hash
    from kmsim.lab.single import plan_run, run_planned

    planned = plan_run(**settings)
    return work.answer(
        VERB,
        name,
        planned.scenario.system.name,
        planned.config,
        config_hash(planned.config),
        FILES,
        lambda _, progress: run_planned(planned, command),
        terminal,
    )
