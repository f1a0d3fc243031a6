"""`kmsim resume`: exactly what an experiment's folder lacks, done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kmsim.cli import work
from kmsim.cli.arguments import read
from kmsim.cli.compose import defaults, keys
from kmsim.cli.folder import folder_and_rest
from kmsim.cli.terminal import Terminal
from kmsim.cli.usage import defaults_told, page

if TYPE_CHECKING:
    from kmsim.cli import Flags

VERB = "resume"
SUMMARY = "do exactly what a sweep's folder lacks: what was interrupted, what failed, what was taken away"
EXAMPLES = """\
examples
  kmsim resume results/sweep/first
  kmsim resume results/sweep/first workers=8
  kmsim resume results/sweep/first executor=dask executor.address=tcp://node1:8786

Running the sweep's command again does the same. A folder planned with another version of the model is refused.
"""


def help_text() -> str:
    """What `kmsim resume --help` shows."""
    told = {"DIR": "the folder of a sweep, such as results/sweep/first"} | defaults_told(VERB)
    told["executor.KEY"] = "a setting of the executor, as of kmsim sweep"
    return page(VERB, SUMMARY, "DIR [key=value ...] [--trust-code=FILE]", told, EXAMPLES)


def main(words: Sequence[str], flags: Flags) -> int:
    """Do what is missing. Raises KmsimError for words or a folder that cannot be used. The exit code is as of sweep."""
    folder, rest = folder_and_rest(words, VERB)
    settings = defaults(VERB) | read(rest, keys(VERB), VERB, ("executor",))

    from kmsim.cli import sweep
    from kmsim.lab.pool import checked_workers
    from kmsim.lab.store import Store
    from kmsim.lab.sweeping import Sweep

    store = Store.open(folder)
    work.load_ahead(settings)
    executor, workers = settings.pop("executor"), settings.pop("workers")
    options = {key.removeprefix("executor."): value for key, value in settings.items()}
    workers = checked_workers(workers)
    return sweep.run(
        Sweep(store.plan(), folder, executor, workers, options), ["kmsim", VERB, *words], Terminal(flags.quiet)
    )
