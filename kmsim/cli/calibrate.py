"""`kmsim calibrate`: fit the free parameters to the findings tagged CAL, and keep the posterior with all that tells how good it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kmsim.cli.arguments import read
from kmsim.cli.compose import defaults, keys
from kmsim.cli.streams import show
from kmsim.cli.terminal import Terminal
from kmsim.cli.usage import defaults_told, page

if TYPE_CHECKING:
    from kmsim.cli import Flags

VERB = "calibrate"
SUMMARY = "fit the free parameters to findings tagged CAL: history matching, then ABC-SMC"
GROUPS = ("calibration",)
EVERY = 20.0  # seconds between lines that say how far it is
EXAMPLES = """\
Only findings tagged CAL are fitted; VAL findings are never read. First places spread over the priors are simulated and
emulated, and space is ruled out in waves; then ABC-SMC (pyABC) samples what is left, its distance nought inside a
finding's range. The same command goes on with what is kept; a file that is damaged is set aside as
FILE.damaged and made again.

examples
  kmsim calibrate
  kmsim calibrate calibration=full name=shipped
  kmsim calibrate calibration=full name=shipped diagnostics=sbc
  kmsim calibrate calibration=quick calibration.particles=200 calibration.max_minutes=60

Writes posterior.parquet (sets of parameters of equal weight, the medoid first), predictive.parquet, particles.parquet,
trace.parquet, design.parquet, history.db, table.txt, config.yaml and manifest.json to results/calibrate/NAME.
Needs the extra: pip install 'kmsim[calibrate]'.
"""


def help_text() -> str:
    """What `kmsim calibrate --help` shows."""
    of_budget = {key: meaning for key, meaning in defaults_told("calibration/quick", "calibration.").items() if meaning}
    return page(VERB, SUMMARY, "[key=value ...]", defaults_told(VERB) | of_budget, EXAMPLES)


def main(words: Sequence[str], flags: Flags) -> int:
    """Calibrate, or go on with it, and show what came of it. Raises KmsimError for words that cannot be used."""
    given = read(words, keys(VERB), VERB, GROUPS)
    changes = {key.partition(".")[2]: given.pop(key) for key in [*given] if "." in key}
    settings: dict[str, Any] = defaults(VERB) | given

    from kmsim.bounds import bounded
    from kmsim.calibration import files
    from kmsim.calibration.budget import Budget
    from kmsim.calibration.fit import calibrate
    from kmsim.calibration.words import told
    from kmsim.fingerprint import fingerprint
    from kmsim.lab.naming import checked_name, default_name, folder_of
    from kmsim.lab.pool import checked_workers

    budget = Budget.read(settings["calibration"], changes)
    name = checked_name(settings["name"]) or default_name(
        str(settings["calibration"]),
        fingerprint("calibration/", "evidence/", "data/findings.yaml", "data/posterior.csv"),
    )
    workers = checked_workers(settings["workers"])
    seed = bounded("seed", settings["seed"], "calibration.seed")
    terminal = Terminal(flags.quiet)
    terminal.say_if_compiling()
    folder = folder_of(VERB, name)
    if settings["diagnostics"] != "none":
        from kmsim.calibration.synthetic import diagnose
        from kmsim.calibration.words import synthetic

        rows, _ = diagnose(folder, settings["diagnostics"], budget, seed, workers, _Lines(terminal))
        show(synthetic(rows, settings["diagnostics"]), folder)
        terminal.say(f"results are in {folder}")
        return 0
    found = calibrate(folder, budget, seed, workers, _Lines(terminal), ["kmsim", VERB, *words])
    answer = told(found)
    files.write_text(folder / "table.txt", answer + "\n")
    show(answer, folder)
    terminal.say(f"results are in {folder}")
    return 0


class _Lines:
    """A line on stderr now and then: what is done, and how far it is."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal, self.started, self.last = terminal, time.monotonic(), 0.0

    def __call__(self, what: str, done: int, of: int) -> None:
        """Tell it, if the last line is old."""
        now = time.monotonic()
        if now - self.last > EVERY:
            self.last = now
            self.terminal.say(f"{(now - self.started) / 60:5.1f} min  {what}: {done} of {of}")
