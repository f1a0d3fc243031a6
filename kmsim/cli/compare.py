"""`kmsim compare`: policies over the same schools, money and draws, as a table, files and a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kmsim.cli import work
from kmsim.cli.arguments import read
from kmsim.cli.compose import compose, keys
from kmsim.cli.terminal import Terminal
from kmsim.lab.naming import checked_name

if TYPE_CHECKING:
    from kmsim.cli import Flags

VERB = "compare"
SUMMARY = "compare policies on the same schools at the same budget: table, figures, report"
FILES = ("summary.csv", "paired.csv", "trajectories.parquet", "figures", "report.html")
EXAMPLES = """\
examples
  kmsim compare
  kmsim compare system=borough system.la=Hackney replicates=5 name=hackney
  kmsim compare policies=coaching,codesigned_networks years=6 budget=20e6

Shows a table and writes it, summary.csv, paired.csv, trajectories.parquet, figures/, report.html, config.yaml and
manifest.json to results/compare/NAME. The same name and settings are shown again, not run again.
"""


def help_text() -> str:
    """What `kmsim compare --help` shows."""
    return work.help_text(VERB, SUMMARY, EXAMPLES)


def main(words: Sequence[str], flags: Flags) -> int:
    """Compare, show and keep. Raises KmsimError for words that cannot be used, RunFailed if a run broke."""
    settings = compose(VERB, read(words, keys(VERB), VERB))
    name = checked_name(settings.pop("name"))

    from kmsim.lab import comparison
    from kmsim.scenario import number

    policies, outcomes, workers = (settings.pop(key) for key in ("policies", "outcomes", "workers"))
    policies, outcomes = ([v] if isinstance(v, str) else v for v in (policies, outcomes))
    replicates = number("replicates", settings.pop("replicates"), 1, 100_000, whole=True)
    workers = None if workers is None else number("workers", workers, 1, 1024, whole=True)
    scenarios = comparison.read_comparison(policies, replicates, outcomes, **settings)
    config = comparison.configuration_of(scenarios, replicates, outcomes)
    return work.answer(
        VERB,
        name,
        scenarios[0].system.name,
        config,
        comparison.config_hash(config),
        FILES,
        lambda progress: comparison.compare(policies, replicates, workers, progress, outcomes, **settings),
        Terminal(flags.quiet),
    )
