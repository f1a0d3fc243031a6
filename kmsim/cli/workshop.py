"""`kmsim workshop`: a page on which a room changes levers and sees, on real schools, what happens."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from kmsim.cli import text, work
from kmsim.cli.arguments import read
from kmsim.cli.compose import defaults, keys
from kmsim.cli.terminal import Terminal
from kmsim.cli.usage import DOTTED, defaults_told, page
from kmsim.errors import KmsimError

if TYPE_CHECKING:
    from kmsim.cli import Flags

VERB = "workshop"
SUMMARY = "open the workshop page: change levers, see what happens on real schools"
FLAGS = {
    "--lan": "let phones of the local network join with a code, to predict and vote",
    "--no-browser": "print the address, open no browser",
}
NEEDS = ("starlette", "uvicorn", "orjson")
INSTALL = "the workshop page needs {}: pip install 'kmsim[workshop]'"
EXAMPLES = """\
examples
  kmsim workshop
  kmsim workshop system.la=Hackney
  kmsim workshop system=london --lan

Serves on this machine only, unless --lan. The printed link holds the presenter's key: keep it to yourself.
Needs the extra: pip install 'kmsim[workshop]'.
"""


def help_text() -> str:
    """What `kmsim workshop --help` shows."""
    told = defaults_told(VERB) | {"system.KEY": DOTTED["system.KEY"]}
    flags = "flags\n" + text.fields(FLAGS)
    return page(VERB, SUMMARY, "[key=value ...] [--lan] [--no-browser]", told, flags, EXAMPLES)


def main(words: Sequence[str], flags: Flags) -> int:
    """Serve the page until Ctrl-C or SIGTERM. Raises KmsimError for words that cannot be used, or if the extra is not installed."""
    own = {word for word in words if word in FLAGS}
    given = read([word for word in words if word not in FLAGS], keys(VERB), VERB, groups=("system",))
    settings = defaults(VERB) | given
    missing = [name for name in NEEDS if find_spec(name) is None]
    if missing:
        raise KmsimError(INSTALL.format(", ".join(missing)))

    from kmsim.bounds import bounded
    from kmsim.system.build import notes_of
    from kmsim.workshop.place import Place
    from kmsim.workshop.serve import serve

    port = settings.pop("port")
    port = None if port is None else bounded("port", port)
    laid_over = {key.removeprefix("system."): value for key, value in settings.items() if key != "system"}
    place = Place(settings["system"], laid_over)
    terminal = Terminal(flags.quiet)
    work.say_notes(notes_of(place.settings), terminal)  # the settings are checked now
    terminal.say_if_compiling()
    serve(place, "--lan" in own, "--no-browser" not in own, port, lambda line: print(line, flush=True))
    gc.freeze()  # else all that is loaded is gone through once more when the process ends, for a second or two
    return 0
