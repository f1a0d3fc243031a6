"""`kmsim resume`: exactly what an experiment's folder lacks, done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kmsim.cli import text, work
from kmsim.cli.arguments import read
from kmsim.cli.compose import keys
from kmsim.cli.folder import folder_and_rest
from kmsim.cli.terminal import Terminal

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
    table = [["DIR", "the folder of a sweep, such as results/sweep/first"]]
    table += [[f"{key}={work.as_typed(default)}", meaning] for key, (default, meaning) in keys(VERB).items()]
    table += [["executor.KEY", "a setting of the executor, as of kmsim sweep"]]
    usage = f"usage: kmsim {VERB} DIR [key=value ...] [--trust-code=FILE] [--debug] [--quiet]"
    return f"kmsim {VERB}: {SUMMARY}\n\n{usage}\n\nkeys and their defaults\n{text.rows(table, indent=2)}\n\n{EXAMPLES}"


def main(words: Sequence[str], flags: Flags) -> int:
    """Do what is missing. Raises KmsimError for words or a folder that cannot be used. The exit code is as of sweep."""
    folder, rest = folder_and_rest(words, VERB)
    settings = {key: default for key, (default, _) in keys(VERB).items()} | read(rest, keys(VERB), VERB, ("executor",))

    from kmsim.cli import sweep
    from kmsim.lab.store import Store
    from kmsim.lab.sweeping import Sweep
    from kmsim.scenario import number

    executor, workers = settings.pop("executor"), settings.pop("workers")
    options = {key.removeprefix("executor."): value for key, value in settings.items()}
    workers = None if workers is None else number("workers", workers, 1, 1024, whole=True)
    plan = Store.open(folder).plan()
    return sweep.run(Sweep(plan, folder, executor, workers, options), ["kmsim", VERB, *words], Terminal(flags.quiet))
