"""Help is there at once, for every verb, and imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kmsim.cli import FLAGS, verbs
from kmsim.cli.compose import keys

HEAVY = {"hydra", "numba", "numpy", "mesa", "pandas", "matplotlib", "scipy", "pyarrow", "rich"}


def test_help_shows_every_verb_and_three_examples(kmsim):
    said = kmsim("--help")
    assert said.code == 0
    assert said.err == ""
    for verb in verbs():
        assert f"\n  {verb} " in said.out
    assert said.out.split("\nexamples\n")[1].count("  kmsim ") == 3
    assert kmsim() == kmsim("-h") == said


@pytest.mark.parametrize("verb", verbs())
def test_each_verb_has_help_with_an_example(kmsim, verb):
    said = kmsim(verb, "--help")
    assert (said.code, said.err) == (0, "")
    assert f"  kmsim {verb}" in said.out
    assert "example" in said.out
    assert kmsim("--help", verb) == said


@pytest.mark.parametrize("verb", ["run", "compare"])
def test_help_shows_each_key_with_its_default(kmsim, verb):
    out = kmsim(verb, "--help").out
    for key, (_, meaning) in keys(verb).items():
        assert f"\n  {key}=" in out
        assert meaning
    assert "years=10 " in out
    assert "name=null " in out


def test_no_line_of_help_is_wider_than_120(kmsim):
    for verb in (None, *verbs()):
        for line in kmsim(*filter(None, [verb, "--help"])).out.splitlines():
            assert len(line) <= 120


def test_version(kmsim):
    import kmsim as package

    assert kmsim("--version").out.startswith(f"kmsim {package.__version__} (model ")


def test_docs_tell_every_verb_and_flag():
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    for verb in verbs():
        assert f"| {verb} |" in page
    for flag in FLAGS:
        assert f"`{flag}`" in page


def _modules_after(code: str) -> set[str]:
    code += "; import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "code",
    [
        "import kmsim",
        *(f"from kmsim.cli import main; main({words!r})" for words in (["--help"], ["compare", "--help"])),
    ],
)
def test_help_and_import_load_nothing_heavy(code):
    assert not _modules_after(code) & HEAVY


def test_names_of_the_package_are_found_when_asked_for():
    import kmsim as package
    from kmsim.model import Model

    assert package.Model is Model
    assert {"Model", "compare", "run", "__version__"} <= set(dir(package))
    with pytest.raises(AttributeError, match="no attribute 'modle'"):
        package.modle  # noqa: B018
