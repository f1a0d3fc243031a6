"""`kmsim study`: a numbered question, run again from its config, with its page, figure and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kmsim.cli import text, work
from kmsim.cli.arguments import read
from kmsim.cli.compose import defaults, keys
from kmsim.cli.streams import StdoutError, show
from kmsim.cli.terminal import Terminal
from kmsim.cli.usage import defaults_told, page
from kmsim.errors import BadValue, KmsimError

if TYPE_CHECKING:
    from kmsim.cli import Flags
    from kmsim.studies.config import Study

VERB = "study"
SUMMARY = "run a numbered study again: what came out in words, figure, numbers"
EXAMPLES = """\
A study is a config in experiments/NN_name; all that its page says is computed from its runs. kmsim list studies
tells which there are.

examples
  kmsim study 02
  kmsim study 01 size=small
  kmsim study all into=experiments

Shows what came out and writes README.md, figure.png, figure.svg, numbers.csv and manifest.json to
results/study/NAME, and parts/, the runs, to ask with kmsim query. The same command goes on with what is missing.
Each study takes some minutes on two processors. into=experiments rewrites the pages that a checkout keeps.
"""


def help_text() -> str:
    """What `kmsim study --help` shows."""
    told = {"NN": "number or name of a study, or several, or all"} | defaults_told(VERB)
    return page(VERB, SUMMARY, "NN [NN ...] [key=value ...]", told, EXAMPLES)


def main(words: Sequence[str], flags: Flags) -> int:
    """Run what is missing of each study named, tell what came out and keep it. Raises KmsimError for words that cannot be used."""
    named = [word for word in words if "=" not in word]
    given = read([word for word in words if "=" in word], keys(VERB), VERB, groups=())
    settings = defaults(VERB) | given
    if not named:
        raise KmsimError(
            f"{VERB}: expected the number of a study, such as: kmsim {VERB} 01 (kmsim list studies tells them)"
        )

    from kmsim.lab.naming import checked_name
    from kmsim.lab.pool import checked_workers
    from kmsim.studies import config

    names = config.names() if named == ["all"] else list(dict.fromkeys(map(config.named, named)))
    studies = [config.read(name, settings["size"]) for name in names]
    own = checked_name(settings["name"])
    if own and len(studies) > 1:
        raise BadValue("name", own, f"one study beside it, not {len(studies)}")
    workers = checked_workers(settings["workers"])
    places = [None if settings["into"] is None else _place(settings["into"], study.name) for study in studies]
    terminal = Terminal(flags.quiet)
    terminal.say_if_compiling()
    unread: StdoutError | None = None
    for study, place in zip(studies, places, strict=True):
        try:
            _one(study, own, place, workers, ["kmsim", VERB, *words], terminal)
        except StdoutError as error:  # the studies that follow are asked for too
            unread = error
    if unread is not None:
        raise unread
    return 0


def _place(into: str, name: str) -> Path:
    """The folder of a study in a folder of studies, which must be there. Raises KmsimError."""
    from kmsim.lab.regular_files import check_tree

    place = Path(str(into)) / name
    if not place.is_dir():
        raise KmsimError(f"into={into}: {place} is no folder; expected the experiments folder of a checkout")
    check_tree(place)
    return place


def _one(
    study: Study, name: str | None, place: Path | None, workers: int | None, command: Sequence[str], terminal: Terminal
) -> None:
    """One study, from its runs to its page. name: of its folder. place: where its page is written besides its results."""
    from kmsim.lab.naming import default_name, folder_of
    from kmsim.lab.provenance import config_hash
    from kmsim.lab.school_notes import school_notes
    from kmsim.studies.page import manifest, module_of, write
    from kmsim.studies.running import run

    folder = folder_of(VERB, name or default_name(f"{study.name}-{study.size}", config_hash(study.described())))
    terminal.say(f"{study.number} {study.title} ({study.size})")
    with terminal.progress(study.number) as bar:
        found = run(study, folder, workers, lambda part, *numbers: bar(*numbers), command)
    work.say_notes((note for part in found.parts.values() for note in school_notes(part.plan)), terminal)
    write(found, folder)
    (folder / "manifest.json").write_text(manifest(found, command), encoding="utf-8")
    if place is not None:
        write(found, place)
    said = module_of(study).tell(found)
    lines = [f"{study.number} {study.title}: {study.question}\n"]
    lines += [text.paragraph("- " + line.replace("**", "")) for line in said.finding]
    show("\n".join(lines) + "\n", folder)
    terminal.say(f"results are in {folder}" + (f", its page in {place}" if place else ""))
