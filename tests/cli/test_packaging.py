"""What pyproject.toml lists is what is there: a folder or a kind of file that is forgotten goes missing from the wheel."""

from __future__ import annotations

import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TOOLS = PROJECT["tool"]["setuptools"]


@pytest.fixture(scope="module")
def files() -> list[PurePosixPath]:
    """The files of the package, as git knows them."""
    words = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "kmsim", "configs"]
    words.append("experiments/*/config.yaml")
    try:
        listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not in a git checkout")
    return [
        PurePosixPath(name) for name in listed.split("\0") if (ROOT / name).is_file() and not name.endswith(".gitkeep")
    ]


def package_of(folder: PurePosixPath) -> str:
    if folder.parts[0] == "experiments":  # a folder named 01_x is no package: its config is data of this one
        return "kmsim.experiments"
    name = ".".join(folder.parts)
    return name if folder.parts[0] == "kmsim" else f"kmsim.{name}"


def test_every_folder_is_a_listed_package(files):
    assert {package_of(file.parent) for file in files} == set(TOOLS["packages"])
    assert len(TOOLS["packages"]) == len(set(TOOLS["packages"]))


def test_every_folder_of_configs_is_mapped(files):
    mapped = {name: where for name, where in TOOLS["package-dir"].items() if name != "kmsim"}
    assert mapped.pop("kmsim.experiments") == "experiments"
    assert mapped == {package_of(file.parent): str(file.parent) for file in files if file.parts[0] == "configs"}


def test_every_kind_of_file_is_shipped(files):
    shipped = ("*.py", *TOOLS["package-data"]["*"])
    for file in files:
        assert any(fnmatch(file.name, pattern) for pattern in shipped), file
    assert PurePosixPath("kmsim/py.typed") in files


def test_studies_ship_their_configs_and_nothing_that_they_write(files):
    from kmsim.studies.config import names

    assert TOOLS["package-data"]["kmsim.experiments"] == ["*/config.yaml"]
    assert [file.parts[1] for file in files if file.parts[0] == "experiments"] == names()


def test_the_version_stands_in_one_place_and_the_citation_agrees():
    from kmsim.fingerprint import VERSION

    assert PROJECT["project"]["dynamic"] == ["version"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"] == VERSION
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_dependency_is_pinned_for_tests():
    names = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["test"]
    pinned = [
        line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    ]
    for requirement in names:
        assert requirement.split(">")[0].split("<")[0].strip().lower() in pinned, requirement


def test_the_readme_has_its_two_commands():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    install = "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e"
    assert f"{install} . && .venv/bin/kmsim compare" in lines
    assert f'{install} ".[test]" && .venv/bin/python -m pytest' in lines


def test_only_the_command_line_imports_hydra(files):
    for file in files:
        if file.suffix == ".py" and file.parts[:2] != ("kmsim", "cli"):
            text = (ROOT / file).read_text(encoding="utf-8")
            assert "import hydra" not in text, file
            assert "from hydra" not in text, file
            assert "omegaconf" not in text.lower(), file
