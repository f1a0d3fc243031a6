"""`kmsim status`: how far an experiment is, and what went wrong in it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kmsim.cli import text
from kmsim.cli.folder import folder_and_rest, nothing_more
from kmsim.cli.text import shown

if TYPE_CHECKING:
    from kmsim.cli import Flags
    from kmsim.lab.experiment import Experiment

VERB = "status"
SUMMARY = "how far a sweep is: runs done, failed and missing, who is at work in it, what failed and why"
SHOWN = 10  # failures

HELP = f"""\
kmsim {VERB}: {SUMMARY}

usage: kmsim {VERB} DIR [--debug] [--quiet]

  DIR  the folder of a sweep, also while one is at work in it

example
  kmsim {VERB} results/sweep/first
"""


def help_text() -> str:
    """What `kmsim status --help` shows."""
    return HELP


def main(words: Sequence[str], flags: Flags) -> int:
    """Show how far it is; nothing is changed. Raises KmsimError if there is no experiment in the folder."""
    folder, rest = folder_and_rest(words, VERB)
    nothing_more(rest, VERB)

    import kmsim.lab

    print("\n".join(_lines(kmsim.lab.open(folder))))
    return 0


def _lines(experiment: Experiment) -> list[str]:
    from kmsim.errors import KmsimError
    from kmsim.lab.experiment import failed_runs
    from kmsim.lab.original import command_of
    from kmsim.lab.reading import CONFIG
    from kmsim.lab.store import EDITED, SCENARIOS
    from kmsim.lab.words import counted

    store, scan = experiment.store, experiment.scan
    failed = store.failures()
    missing = experiment.planned - experiment.done - failed_runs(store, scan)
    at_work = store.at_work()
    counts = {
        "planned": counted(experiment.planned, "run"),
        "done": f"{experiment.done:,}",
        "failed": f"{len(failed):,}",
        "missing": f"{max(0, missing):,}",
        "parts": f"{len(scan.parts):,}, {_megabytes(experiment):.1f} MB",
        "time": _pace(experiment),
        "at work": at_work or "nobody",
        "model": f"kmsim {store.manifest['version']} (model {store.manifest['model']})",
    }
    if command := command_of(store.manifest):
        counts["command"] = shown(shlex.join(command))
    counts["again"] = shown(f"kmsim rerun {shlex.quote(str(store.folder))}")
    lines = [str(store.folder), text.fields(counts)]
    if failed:
        table = [
            [str(row["scenario"]), shown(row["policy"]), str(row["seed"]), shown(" ".join(row["error"].split()))]
            for row in failed[:SHOWN]
        ]
        lines += ["", "failed", text.rows(table, ("scenario", "policy", "seed", "error"), indent=2)]
        if len(failed) > SHOWN:
            lines.append(f"  and {len(failed) - SHOWN:,} more, in {store.folder / 'failures.parquet'}")
    for title, files in (
        ("files that do not count, set aside when it is gone on with", scan.odd),
        ("files that are not of this experiment, left where they are", scan.left),
    ):
        if files:
            odd = [[shown(str(file.relative_to(store.folder))), shown(reason)] for file, reason in files.items()]
            lines += ["", title, text.rows(odd, indent=2)]
    if scan.unverified:
        lines += ["", f"{counted(scan.unverified, 'part')} cannot be verified: kmsim 0.1.0 wrote no digests"]
    try:
        store.check_digest(SCENARIOS)
    except KmsimError as error:
        lines += ["", str(error)]
    if store.edited:
        lines += ["", f"{CONFIG} is {EDITED}: put back what stood in it before this is gone on with"]
    elif experiment.done < experiment.planned and not at_work:
        trusting = " --trust-code=FILE, for each file of its own levers" if store.config.get("code") else ""
        lines += ["", f"go on with: kmsim resume {shlex.quote(str(store.folder))}{trusting}"]
    return lines


def _megabytes(experiment: Experiment) -> float:
    from kmsim.lab.parts import TABLES

    files = (file for table in TABLES for file in experiment.store.files(table, experiment.scan.parts))
    return sum(file.stat().st_size for file in files) / 1e6


def _pace(experiment: Experiment) -> str:
    import duckdb

    from kmsim.lab.experiment import first_line

    try:
        ((mean, hosts),) = experiment.attempts().aggregate("avg(seconds), count(DISTINCT host)").fetchall()
    except duckdb.Error as error:
        return f"cannot be read: {shown(first_line(error))}"
    if mean is None:
        return "none yet"
    on = "one machine" if hosts == 1 else f"{hosts:,} machines"
    return f"{1000 * mean:,.1f} ms a run, on {on}"
