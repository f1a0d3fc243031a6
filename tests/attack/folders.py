"""Mutated folders of experiments: what somebody may have sent, or a disk, a sync or a virus scanner may have left."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.attack.mutation import NASTY, data, text
from tests.attack.trial import Case, run

MAKE = (
    "sweep",
    "system=village",
    "policies=business_as_usual,coaching",
    "years=2",
    "funded_years=1",
    "design=lhs",
    "design.n=3",
    "executor=serial",
    "name=whole",
)
ASK = "SELECT policy, scenario, seed, practice, moment, spread_teachers, cost_gbp FROM runs ORDER BY ALL"
HURT = Path("hurt")


def make(folder: Path) -> Path:
    """A whole experiment, made in a folder in which the process stands."""
    code, _, err, raised = run(MAKE)
    assert code == 0, err + raised
    return folder / "results" / "sweep" / "whole"


def cases(choose: random.Random, number: int, folder: Path, whole: Path) -> Iterator[Case]:
    """So many copies of a whole experiment, each hurt in one way when it is asked for, and a verb that meets it."""
    outside = folder / "outside"
    outside.mkdir()
    (outside / "precious.parquet").write_bytes(b"precious")
    for _ in range(number):
        hurt = folder / HURT
        shutil.rmtree(hurt, ignore_errors=True)
        shutil.copytree(whole, hurt)
        file = choose.choice(sorted(path for path in hurt.rglob("*") if not path.name.startswith(".") and path != hurt))
        how = choose.choice(_WAYS)
        how(choose, file, outside)
        verb = choose.choice((("status",), ("resume",), ("query",), ("compact",)))
        words = (*verb, str(HURT), *{"resume": ("executor=serial",), "query": (ASK, "format=csv")}.get(verb[0], ()))
        yield Case(
            "folder", f"{verb[0]}: {how.__name__.strip('_')} {file.relative_to(hurt)}", words, ("hurt", file.name)
        )


def _lost(choose: random.Random, file: Path, outside: Path) -> None:
    shutil.rmtree(file) if file.is_dir() else file.unlink()


def _damaged(choose: random.Random, file: Path, outside: Path) -> None:
    if file.is_file():
        file.write_bytes(data(choose, file.read_bytes()))
    else:
        (file / choose.choice(("x.parquet", "notes.txt", ".hidden", "a" * 32 + ".parquet"))).write_bytes(b"not ours")


def _emptied(choose: random.Random, file: Path, outside: Path) -> None:
    if file.is_file():
        file.write_bytes(b"")
    else:
        shutil.rmtree(file)
        file.write_bytes(b"")


def _linked(choose: random.Random, file: Path, outside: Path) -> None:
    target = outside if file.is_dir() else outside / "precious.parquet"
    _lost(choose, file, outside)
    file.symlink_to(target)


def _made_a_folder(choose: random.Random, file: Path, outside: Path) -> None:
    _lost(choose, file, outside)
    file.mkdir()


def _made_a_pipe(choose: random.Random, file: Path, outside: Path) -> None:
    _lost(choose, file, outside)
    os.mkfifo(file)


def _renamed(choose: random.Random, file: Path, outside: Path) -> None:
    file.rename(file.with_name(choose.choice(("x.parquet", "copy of " + file.name, file.name.upper()))))


def _doubled(choose: random.Random, file: Path, outside: Path) -> None:
    if file.is_file():
        shutil.copyfile(file, file.with_name("0" * 32 + file.suffix))


def _told_otherwise(choose: random.Random, file: Path, outside: Path) -> None:
    """manifest.json or config.yaml with one value changed."""
    top = outside.parent / HURT
    if choose.random() < 0.5:
        told = json.loads((top / "manifest.json").read_text())
        key = choose.choice(sorted(told))
        told[key] = choose.choice((*NASTY, None, -1, 1e99, [], {}, True))
        (top / "manifest.json").write_text(json.dumps(told))
    else:
        lines = (top / "config.yaml").read_text().splitlines()
        at = choose.randrange(len(lines))
        lines[at] = text(choose, lines[at])
        (top / "config.yaml").write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")


_WAYS = (
    _lost,
    _damaged,
    _damaged,
    _emptied,
    _linked,
    _made_a_folder,
    _made_a_pipe,
    _renamed,
    _doubled,
    _told_otherwise,
    _told_otherwise,
)
