"""`kmsim sweep`: a design of scenarios, run for every policy and seed, into a folder that nothing can lose."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kmsim.cli import arguments, multirun, work
from kmsim.cli.compose import keys
from kmsim.cli.streams import show
from kmsim.cli.terminal import Terminal
from kmsim.cli.usage import DOTTED, defaults_told, page

if TYPE_CHECKING:
    from kmsim.cli import Flags
    from kmsim.lab.sweeping import Sweep

VERB = "sweep"
SUMMARY = "run a design: policies in many scenarios of what is uncertain, with the same seeds"
GROUPS = (*arguments.GROUPS, "design", "executor")
DESIGNS = ("grid", "lhs", "sobol", "list", "table")
MORE = {
    "design.vary.KEY": "what varies, and over what: a range 1..3, a list [2,3,4], or prior (the parameter table's range)",
    "design.replicates": "the same as replicates",
    "executor.address": "of a Dask scheduler, such as tcp://node1:8786, with executor=dask",
}
EXAMPLES = """\
XLRM: uncertainties are what a design varies, levers the policies, relationships the model, measures the outcomes.
A KEY that varies is a parameter (theta, or parameters.theta) or any setting of a run (network.ownership, budget,
system.la, ...). With lhs and sobol, and no design.vary, all parameters graded free vary over their priors.
-m reads words as Hydra's multirun does, and makes of them the grid that they mean.
--trust-code=FILE imports a Python file of your own levers first. A file is run as it stands: trust only your own.

examples
  kmsim sweep experiment=first_look
  kmsim sweep system=borough design=sobol design.n=256 policies=coaching,codesigned_networks
  kmsim sweep system=borough design.vary.theta=1..3 design.vary.network.ownership=0.2..0.8 design.n=100 replicates=5
  kmsim sweep system=borough design=grid design.vary.r_try=2,3,4 design.vary.budget=1e6,2e6
  kmsim sweep system=borough design=table design.path=scenarios.csv
  kmsim sweep -m system=borough policy=coaching,codesigned_networks parameters.theta=1,2,3

Keeps all in results/sweep/NAME, part by part. The same command, or kmsim resume, does exactly what is missing.
"""


def help_text() -> str:
    """What `kmsim sweep --help` shows: its keys, those of each design, and examples."""
    of_designs: dict[tuple[str, str], list[str]] = {}
    for kind in DESIGNS:
        for told in defaults_told(f"design/{kind}", "design.").items():
            of_designs.setdefault(told, []).append(kind)
    designs = {key: f"{meaning} (design={', '.join(kinds)})" for (key, meaning), kinds in of_designs.items() if meaning}
    everything = defaults_told(VERB) | designs | MORE | DOTTED
    return page(VERB, SUMMARY, "[-m] [key=value ...] [--trust-code=FILE]", everything, EXAMPLES)


def main(words: Sequence[str], flags: Flags) -> int:
    """Run what is missing of a sweep and show its summary. Raises KmsimError for words that cannot be used."""
    read = multirun.read if set(words) & set(multirun.FLAGS) else arguments.read
    given = read([word for word in words if word not in multirun.FLAGS], keys(VERB), VERB, GROUPS)
    work.load_ahead(given)

    from kmsim.lab.sweeping import read_sweep

    return run(read_sweep(given), ["kmsim", VERB, *words], Terminal(flags.quiet))


def run(asked: Sweep, command: Sequence[str], terminal: Terminal) -> int:
    """Do what is missing of a sweep, and tell what came of it. The exit code is 1 if any run failed or is missing."""
    from kmsim.lab import open as open_experiment
    from kmsim.lab.ensemble import run_plan
    from kmsim.lab.overview import overview
    from kmsim.lab.school_notes import school_notes
    from kmsim.lab.words import counted, done_of

    plan, folder = asked.plan, asked.folder
    policies = counted(len(plan.policies), "policy", "policies")
    told = f"{policies} x {counted(plan.table.count, 'scenario')} x {counted(plan.replicates, 'seed')}"
    terminal.say(f"{counted(len(plan), 'run')} ({told}) into {folder}")
    work.say_notes(school_notes(plan), terminal)
    terminal.say_if_compiling()
    with terminal.progress(f"{VERB}: {folder.name}") as progress:
        found = run_plan(plan, folder, asked.executor, asked.workers, progress, command=command, **asked.options)
    came = (
        f"{found.done:,} of {counted(found.planned, 'run')} {'is' if found.planned == 1 else 'are'} done, in {folder}"
    )
    show(f"{overview(open_experiment(folder))}\n\n{came}" if found.done else came, folder)
    if found.whole:
        return 0
    told = done_of(found.done, found.planned, found.failed)
    print(f"kmsim: {told}; see kmsim status {shlex.quote(str(folder))}", file=sys.stderr)
    return 1
