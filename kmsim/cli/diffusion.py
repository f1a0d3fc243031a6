"""`kmsim diffusion`: the rules of awareness and trying on real communities, beside Bass, no network and a threshold model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kmsim.cli import text, work
from kmsim.cli.arguments import read
from kmsim.cli.compose import defaults, keys
from kmsim.cli.terminal import Terminal
from kmsim.cli.usage import defaults_told, page
from kmsim.errors import unknown

if TYPE_CHECKING:
    from kmsim.cli import Flags

VERB = "diffusion"
SUMMARY = "hold the diffusion rules to real communities: who adopted when, and who talks to whom"
EXAMPLES = """\
The rules of awareness and of trying are fitted to half of the communities and predict the other half, and the other way
round; so are Bass and the same rules with no network. NDlib's threshold model takes part if it is installed.

example
  kmsim diffusion size=small

Shows a table and what it comes to; writes tables, figures, report.md and manifest.json to results/diffusion/NAME.
"""


def help_text() -> str:
    """What `kmsim diffusion --help` shows."""
    return page(VERB, SUMMARY, "[key=value ...]", defaults_told(VERB), EXAMPLES)


def main(words: Sequence[str], flags: Flags) -> int:
    """Run the study, show and keep it. Raises KmsimError for words that cannot be used or a name that is taken."""
    settings = defaults(VERB) | read(words, keys(VERB), VERB, groups=())

    from kmsim.cli.results import Place
    from kmsim.diffusion import threshold
    from kmsim.diffusion.study import SIZES
    from kmsim.lab.naming import checked_name, default_name
    from kmsim.lab.provenance import config_hash
    from kmsim.report.diffusion import FILES, HEAD, answer, cells, in_short, plainly, what_ties_tell

    size = settings["size"]
    if size not in SIZES:
        raise unknown("size", size, SIZES, "a size of the study")
    config = {"size": size, "ndlib": threshold.version() if SIZES[size].reference else None}
    name = checked_name(settings["name"]) or default_name(size, config_hash(config))
    place, terminal = Place.of(VERB, name, FILES), Terminal(flags.quiet)
    if work.shown_again(place, config, config_hash(config), terminal):
        return 0
    found = answer(size, terminal.say)
    words_of_it = [
        sentence.replace("**", "")
        for sentence in [plainly(found.study), *in_short(found.study), what_ties_tell(found.study)]
    ]
    table = "\n\n".join([text.rows(cells(found.study, intervals=False), HEAD), *map(text.paragraph, words_of_it)])
    command = ["kmsim", VERB, *words]
    work.keep_and_show(
        place, table, found.study.notes, lambda folder: found.write(folder, table, config, command), terminal
    )
    return 0
