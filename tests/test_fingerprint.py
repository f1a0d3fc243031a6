"""What the model's version is made of: what decides numbers, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kmsim import fingerprint as module
from kmsim.fingerprint import DATA, RUNS, STORED, code_fingerprint, fingerprint, meaning

PACKAGE = Path(module.__file__).parent
# Modules and data that change no number of a run whose key is given, each with the reason.
NO_NUMBER = {
    "__init__.py": "names what is public",
    "calibration/": "fits parameters: what it fits stands in a run's key; its own folders carry fingerprint(rooms)",
    "cli/": "what users type and see",
    "compile_cache.py": "says where compiled code is kept",
    "contents.py": "reads files that settings name: their SHA-256 stands in a run's key",
    "configuration.py": "reads configs: what they say stands in a run's key",
    "diffusion/": "a study of its own, of rules that are listed",
    "errors.py": "messages",
    "evidence/": "judges runs: its own folders carry fingerprint(rooms)",
    "fingerprint.py": "is what hashes",
    "operating_system.py": "what the system refuses, in words",
    "numba_settings.py": "drops settings that would stop the compiler",
    "lab/": "plans, keeps and compares runs; what it stores of one is lab/work.py",
    "bounds.py": "refuses what is out of range",
    "shipped_data.py": "reads shipped evidence and where the posterior is from",
    "strict_yaml.py": "reads configs: what they say stands in a run's key",
    "posterior.py": "default parameters: they stand in a run's key",
    "report/": "tables, figures, pages",
    "studies/": "asks for runs and reports their results",
    "viz.py": "shows a run",
    "workshop/": "shows runs",
    "data/": "makers, texts, and data that stand in run keys or judge runs",
}


def _modules() -> list[str]:
    return sorted(
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*")
        if file.suffix in (".py", ".csv", ".parquet") and "__pycache__" not in file.parts
    )


@pytest.mark.parametrize("name", _modules())
def test_each_module_is_known_to_decide_numbers_or_not_to(name):
    def stands_in(listed):
        return any(name == place or (place.endswith("/") and name.startswith(place)) for place in listed)

    counted = stands_in((*RUNS, *STORED, *DATA))
    assert counted or stands_in(NO_NUMBER), f"{name}: say in fingerprint.py or here whether it decides numbers"
    exceptions = (*STORED, *DATA)  # files of rooms that decide nothing otherwise
    assert not (counted and stands_in(NO_NUMBER)) or name in exceptions


def test_everything_listed_is_there():
    for place in (*RUNS, *STORED, *DATA, *NO_NUMBER):
        assert (PACKAGE / place).exists(), place


SOURCE = b'''"""A module."""
LIMIT = 3  # of something


def twice(x: float) -> float:
    """Twice x."""
    # exact
    return 2 * x
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"  # of something", b""),
        (b"    # exact\n", b""),
        (b'"""A module."""', b'"""Another word for it."""'),
        (b'    """Twice x."""\n', b""),
        (b"2 * x", b"(2*x)"),
        (b"\n\n\n", b"\n\n"),
        (b"\n", b"\r\n"),
    ],
)
def test_comments_docstrings_and_layout_mean_nothing(old, new):
    edited = SOURCE.replace(old, new)
    assert edited != SOURCE
    assert meaning(edited) == meaning(SOURCE)


@pytest.mark.parametrize(
    ("old", "new"), [(b"2 * x", b"x * 2"), (b"LIMIT = 3", b"LIMIT = 4"), (b"3 ", b"3.0 "), (b"float:", b"int:")]
)
def test_code_means_something(old, new):
    assert meaning(SOURCE.replace(old, new)) != meaning(SOURCE)


def test_a_text_that_is_no_docstring_counts():
    assert meaning(b"x = 1\n'a'") != meaning(b"x = 1\n'b'")


_ASK = "from kmsim.fingerprint import *; print(fingerprint(), code_fingerprint(), fingerprint('evidence/'))"


def _asked_of(root: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(root)!r}); {_ASK}"],
        capture_output=True,
        text=True,
        cwd=root,
        check=True,
    )
    return done.stdout.strip()


def test_a_copy_elsewhere_is_the_same_version_and_an_edit_is_another(tmp_path):
    """A wheel keeps configs inside the package and its folders in another order: the version is of the content."""
    copy = tmp_path / "site" / "kmsim"
    copy.mkdir(parents=True)
    for file in sorted(PACKAGE.rglob("*"), reverse=True):  # the last first: another order on disk
        if file.is_file() and "__pycache__" not in file.parts and "workshop/page" not in file.as_posix():
            target = copy / file.relative_to(PACKAGE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    shutil.copytree(PACKAGE.parent / "configs", copy / "configs")
    here = f"{fingerprint()} {code_fingerprint()} {fingerprint('evidence/')}"
    assert _asked_of(copy.parent) == here

    rule = copy / "rules" / "adoption.py"
    rule.write_bytes(rule.read_bytes() + b"\n# a comment\n")
    with (copy / "errors.py").open("a", encoding="utf-8") as stream:
        stream.write("\nNEW = 1\n")
    assert _asked_of(copy.parent) == here
    rule.write_bytes(rule.read_bytes() + b"\nNEW = 1\n")
    one, other = (_asked_of(copy.parent).split(), here.split())
    assert all(a != b for a, b in zip(one, other, strict=True))
