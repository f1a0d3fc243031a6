"""`kmsim compare`: policies over the same schools, money and draws, as a table, files and a report."""

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
    from pathlib import Path

    from kmsim.cli import Flags
    from kmsim.cli.terminal import Progress
    from kmsim.lab.comparison import Comparison

VERB = "compare"
SUMMARY = "compare policies on the same schools at the same budget: table, figures, report"
FILES = ("summary.csv", "paired.csv", "trajectories.parquet", "figures", "report.html")
EXAMPLES = """\
examples
  kmsim compare
  kmsim compare system=borough system.la=Hackney replicates=5 name=hackney
  kmsim compare policies=coaching,codesigned_networks years=6 budget=20e6
  kmsim compare system=borough uncertainty=posterior

Shows a table and writes it, summary.csv, paired.csv, trajectories.parquet, figures/, report.html, config.yaml and
manifest.json to results/compare/NAME, and experiment/, the runs, to ask with kmsim query; over a posterior decision.csv
too: who is best, how often, at what regret. The same name and settings are shown again, not run again; interrupted, the
same command goes on.
"""


def help_text() -> str:
    """What `kmsim compare --help` shows."""
    return page(VERB, SUMMARY, "[key=value ...]", defaults_told(VERB) | DOTTED, EXAMPLES)


def main(words: Sequence[str], flags: Flags) -> int:
    """Compare, show and keep. Raises KmsimError for words that cannot be used, RunFailed if a run broke."""
    settings = with_config(VERB, read(words, keys(VERB), VERB))
    return run(settings, ["kmsim", VERB, *words], Terminal(flags.quiet))


def run(settings: dict[str, Any], command: Sequence[str], terminal: Terminal) -> int:
    """Compare with these settings, or show what is stored of them. command: for the manifest. Raises as `main`."""
    name = checked_name(settings.pop("name", None))
    work.load_ahead(settings)

    from kmsim.lab.comparison import compare_plan, config_of, is_posterior, plan_of, scenarios_of
    from kmsim.lab.pool import checked_workers
    from kmsim.lab.provenance import config_hash

    def compute(runs: Path, progress: Progress) -> Comparison:
        from kmsim.report import backend

        backend.load()  # what is wrong with its settings is told before the runs and not after them
        return compare_plan(plan, runs, workers, progress, command)

    workers = checked_workers(settings.pop("workers", None))
    for key in ("policies", "outcomes"):
        if isinstance(settings.get(key), str) and settings[key] != "all":
            settings[key] = [settings[key]]
    plan = plan_of(**settings)
    scenarios = scenarios_of(plan)
    config = config_of(plan)
    return work.answer(
        VERB,
        name,
        scenarios[0].system.name,
        config,
        config_hash(config),
        (*FILES, "decision.csv") if is_posterior(plan) else FILES,
        compute,
        terminal,
    )
