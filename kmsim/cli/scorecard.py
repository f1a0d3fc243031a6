"""`kmsim scorecard`: every check of the model against what research found, as a table, a CSV and a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kmsim.cli import text
from kmsim.cli.arguments import read
from kmsim.cli.compose import defaults, keys
from kmsim.cli.streams import show
from kmsim.cli.terminal import Terminal
from kmsim.cli.usage import defaults_told, page
from kmsim.errors import BadValue, unknown

if TYPE_CHECKING:
    from kmsim.cli import Flags
    from kmsim.evidence.scorecard import Scorecard

VERB = "scorecard"
SUMMARY = "hold the model to what research found: pass, fail or cannot tell"
SIZES = {"quick": 1.0, "full": 4.0}
TITLES = ("check", "kind", "verdict", "model (95% interval)", "accepted", "statistic; evidence")
EXAMPLES = """\
Each check is a simulated experiment and a statistic of it, whose interval over seeds is held to the range in which the
finding puts it. VAL findings are never fitted: they are the tests. CAL findings may be fitted, built in ones shaped the
model: they are shown and are none.

example
  kmsim scorecard
  kmsim show F51

Writes scorecard.csv, scorecard.html, table.txt and manifest.json to results/scorecard/NAME, and experiments/, the runs.
The same command goes on with what is missing. Trials need statsmodels: pip install 'kmsim[calibrate]'.
"""


def help_text() -> str:
    """What `kmsim scorecard --help` shows."""
    return page(VERB, SUMMARY, "[key=value ...]", defaults_told(VERB), EXAMPLES)


def main(words: Sequence[str], flags: Flags) -> int:
    """Run what is missing, make every check, show and keep them. Raises KmsimError for words that cannot be used."""
    settings = defaults(VERB) | read(words, keys(VERB), VERB, groups=())
    size = settings["scorecard"]
    if size not in SIZES:
        raise unknown("scorecard", size, SIZES, "a size of the scorecard")
    if not isinstance(settings["refresh"], bool):
        raise BadValue("refresh", settings["refresh"], "true or false")

    from kmsim.evidence.scorecard import score
    from kmsim.fingerprint import fingerprint
    from kmsim.lab.naming import checked_name, default_name, folder_of
    from kmsim.lab.pool import checked_workers
    from kmsim.report.scorecard import write

    folder = folder_of(
        VERB,
        checked_name(settings["name"])
        or default_name(size, fingerprint("evidence/", "data/findings.yaml", "data/posterior.csv")),
    )
    workers = checked_workers(settings["workers"])
    terminal = Terminal(flags.quiet)
    terminal.say_if_compiling()
    told: list[str] = []

    def progress(name: str, done: int, planned: int, rate: float) -> None:
        if name not in told:
            told.append(name)
            terminal.say(f"{name}: {planned} runs")

    card = score(folder, times=SIZES[size], workers=workers, progress=progress, command=["kmsim", VERB, *words])
    table = told_as_text(card)
    write(card, folder, table, ["kmsim", VERB, *words])
    refreshed = None
    if settings["refresh"]:
        from kmsim.evidence import standing

        refreshed = standing.write(card)
    show(table, folder)
    terminal.say(f"results are in {folder}")
    if refreshed:
        terminal.say(f"every report tells what fails from {refreshed}")
    return 0


def told_as_text(card: Scorecard) -> str:
    """The whole scorecard for a terminal; its last line counts the verdicts."""
    from kmsim.evidence.scorecard import evidence_words, interval_words, marks, range_words

    rows = []
    for result in card.results:
        check = result.check
        said = f"{check.says}; evidence: {evidence_words(result)}"
        noted = marks(result)
        rows.append(
            [
                check.name,
                check.kind,
                result.verdict,
                interval_words(result.found),
                range_words(check.accept),
                said + (f" ({noted})" if noted else ""),
            ]
        )
    parts = [
        text.rows(rows, TITLES),
        "not checked\n" + text.rows([[name, why] for name, why in card.not_checked.items()], indent=2),
        "the twelve validation groups\n" + "\n".join(f"  {line}" for line in card.group_lines()),
        "\n".join(map(text.paragraph, card.cautions())),
        "\n".join(card.by_kind()),
        card.ending,
    ]
    return "\n\n".join(part for part in parts if part)
