"""A name means one set of settings; results are there whole or not at all; stdout has the answer and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from kmsim.cli import work
from kmsim.cli.results import Place, keep
from kmsim.cli.terminal import Terminal
from kmsim.errors import BadValue, KmsimError
from kmsim.lab.naming import checked_name, default_name

CONFIG = {"years": 10, "system": {"la": ["Camden"]}, "policies": ["a", "b"]}


class Result:
    """Stands in for what a comparison finds."""

    def __init__(self, config: dict, config_hash: str, breaks: Exception | None = None):
        self.config, self.hash, self.breaks, self.notes = (
            config,
            config_hash,
            breaks,
            ["left out: no pupils: Nowhere School"],
        )

    def table(self) -> str:
        return f"the table of {self.hash}"

    def write(self, folder: Path) -> None:
        (folder / "summary.csv").write_text("x\n", encoding="utf-8")
        (folder / "figures").mkdir()
        (folder / "figures" / "a.svg").write_text("<svg/>", encoding="utf-8")
        if self.breaks:
            raise self.breaks
        (folder / "table.txt").write_text(self.table() + "\n", encoding="utf-8")
        (folder / "config.yaml").write_text(yaml.safe_dump(self.config | {"budget_gbp": 5.0}), encoding="utf-8")
        (folder / "manifest.json").write_text(json.dumps({"config_hash": self.hash}), encoding="utf-8")


@pytest.fixture
def answer(tmp_path, monkeypatch, capsys):
    """Answer with the stand-in: what was computed, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(
        config: dict = CONFIG,
        config_hash: str = "0123456789ab",
        name: str | None = "mine",
        quiet: bool = False,
        breaks=None,
    ):
        computed = []

        def compute(runs, progress):
            computed.append(config_hash)
            progress(1, 1)
            return Result(config, config_hash, breaks)

        files = ("summary.csv", "figures")
        code = work.answer("compare", name, "village", config, config_hash, files, compute, Terminal(quiet))
        out, err = capsys.readouterr()
        return code, len(computed), out, err

    return call


def folders() -> list[str]:
    return sorted(p.name for p in Path("results/compare").iterdir())


def test_the_answer_is_on_stdout_and_all_else_on_stderr(answer):
    code, computed, out, err = answer()
    assert (code, computed, out) == (0, 1, "the table of 0123456789ab\n")
    assert "note: left out: no pupils: Nowhere School" in err
    assert "results/compare/mine" in err
    assert folders() == ["mine"]


def test_quiet_says_nothing_on_stderr(answer):
    assert answer(quiet=True)[2:] == ("the table of 0123456789ab\n", "")
    assert answer(quiet=True) == (0, 0, "the table of 0123456789ab\n", "")


def test_the_same_settings_are_shown_again_and_not_run(answer):
    first = answer()
    code, computed, out, err = answer()
    assert (code, computed, out) == (0, 0, first[2])
    assert "shown again from results/compare/mine" in err


def test_other_settings_under_the_name_are_refused_with_what_differs(answer):
    answer()
    with pytest.raises(BadValue) as told:
        answer(CONFIG | {"years": 6, "system": {"la": ["Barnet"]}}, "other")
    for part in ("name=mine", "another name", "years 10 (now 6)", "system.la Camden (now Barnet)"):
        assert part in str(told.value)
    assert "budget_gbp" not in str(told.value)
    assert Path("results/compare/mine/table.txt").read_text(encoding="utf-8") == "the table of 0123456789ab\n"


def test_another_version_of_the_model_is_told_as_such(answer):
    answer()
    with pytest.raises(BadValue, match="another version of the model"):
        answer(CONFIG, "other")


def test_the_default_name_is_the_system_and_the_hash(answer):
    answer(name=None)
    assert folders() == ["village-01234567"]
    assert default_name("../..", "0123456789") == "system-01234567"
    assert checked_name(default_name("Ünï Town " * 20, "0123456789"))


def test_a_part_of_a_result_is_made_whole_and_other_files_stay(answer):
    answer()
    here = Path("results/compare/mine")
    (here / "summary.csv").unlink()
    (here / "my notes.txt").write_text("keep me", encoding="utf-8")
    assert answer()[:2] == (0, 1)
    assert (here / "summary.csv").exists()
    assert (here / "my notes.txt").read_text(encoding="utf-8") == "keep me"
    assert folders() == ["mine"]
    assert answer()[:2] == (0, 0)


@pytest.mark.parametrize("manifest", [None, "", "{}", "[]", "not json"])
def test_a_folder_that_is_not_ours_is_left_alone(answer, manifest):
    here = Path("results/compare/mine")
    here.mkdir(parents=True)
    (here / "thesis.txt").write_text("mine", encoding="utf-8")
    if manifest is not None:
        (here / "manifest.json").write_text(manifest, encoding="utf-8")
    with pytest.raises(BadValue, match="another name"):
        answer()
    assert (here / "thesis.txt").exists()


@pytest.mark.parametrize("breaks", [RuntimeError("broke"), KeyboardInterrupt()])
def test_what_breaks_while_it_is_written_leaves_nothing(answer, breaks):
    with pytest.raises(type(breaks)):
        answer(breaks=breaks)
    assert folders() == []


def test_a_full_disk_is_one_line(answer):
    with pytest.raises(KmsimError, match="results/compare/mine: cannot be written: No space left"):
        answer(breaks=OSError(28, "No space left on device"))


def test_a_place_that_cannot_be_written_is_told_before_anything_runs(answer):
    Path("results").write_text("a file", encoding="utf-8")
    with pytest.raises(KmsimError, match="no folder that you may write in"):
        answer()


def test_two_at_once_with_the_same_settings_agree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place, result = Place.of("compare", "mine", ()), Result(CONFIG, "0")

    def write(folder):
        keep(Place.of("compare", "mine", ()), result.write) if not place.folder.exists() else None
        result.write(folder)

    keep(place, write)
    assert place.stored(CONFIG, "0") == "the table of 0"
    assert folders() == ["mine"]


def test_it_says_that_it_compiles_only_when_it_does(answer, monkeypatch):
    from kmsim import jit

    for warm in (True, False):
        monkeypatch.setattr(jit, "is_warm", lambda warm=warm: warm)
        assert ("compiling the model" in answer(name=f"warm-{warm}".lower())[3]) is not warm


def test_the_runs_an_answer_was_made_of_are_kept_with_it(tmp_path, monkeypatch):
    """They stand beside the folder until the answer is whole, and then in it."""
    monkeypatch.chdir(tmp_path)
    place = Place.of("compare", "mine", ())
    place.runs.mkdir(parents=True)
    (place.runs / "plan.parquet").write_text("runs")
    keep(place, lambda folder: (folder / "table.txt").write_text("table"))
    assert (place.folder / "experiment" / "plan.parquet").read_text() == "runs"
    assert not place.runs.exists()


@pytest.fixture
def again(tmp_path, monkeypatch) -> Place:
    """A result of which a file has been taken away, and the runs that it is to be made of again."""
    monkeypatch.chdir(tmp_path)
    place = Place.of("compare", "mine", ("summary.csv",))
    place.runs.mkdir(parents=True)
    (place.runs / "old.parquet").write_text("old")
    keep(place, Result(CONFIG, "0").write)
    (place.folder / "summary.csv").unlink()
    place.runs.mkdir()
    (place.runs / "new.parquet").write_text("new")
    return place


def parts(place: Place) -> list[str]:
    return sorted(file.name for file in (place.folder / "experiment").iterdir())


def test_runs_take_the_place_of_those_that_are_there_and_are_not_mixed_with_them(again):
    keep(again, Result(CONFIG, "0").write)
    assert parts(again) == ["new.parquet"]
    assert folders() == ["mine"]
    assert again.stored(CONFIG, "0") == "the table of 0"


@pytest.mark.parametrize("breaks", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_whatever_breaks_while_a_result_is_kept_the_runs_are_there_to_go_on_with(again, monkeypatch, breaks):
    """Every renaming in its turn breaks off, once before it is done and once after."""
    rename, turn = Path.rename, 0
    for after in (False, True):
        for breaking in range(3):
            turn = 0

            def broken(self, to, breaking=breaking, after=after):
                nonlocal turn
                turn += 1
                if turn == breaking + 1:
                    if after:
                        rename(self, to)
                    raise breaks
                return rename(self, to)

            with monkeypatch.context() as patched:
                patched.setattr(Path, "rename", broken)
                with pytest.raises((KeyboardInterrupt, KmsimError)):
                    keep(again, Result(CONFIG, "0").write)
                    raise KmsimError("a renaming that fails because the folder is there is no failure")
            if again.runs.exists():
                assert [file.name for file in again.runs.iterdir()] == ["new.parquet"]
                assert again.stored(CONFIG, "0") is None  # so that the same command goes on
            else:
                assert parts(again) == ["new.parquet"]
                (again.folder / "experiment").rename(again.runs)


def test_runs_that_wait_are_gone_on_with_though_the_result_is_whole(again):
    keep(again, Result(CONFIG, "0").write)
    assert again.stored(CONFIG, "0") is not None
    again.runs.mkdir()
    assert again.stored(CONFIG, "0") is None


# -- links and what killed processes left ---------------------------------------------
@pytest.fixture
def victim(tmp_path) -> Path:
    """A folder of somebody else, with a file."""
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "file").write_text("precious", encoding="utf-8")
    return tmp_path / "victim"


@pytest.mark.parametrize(
    "name", ["manifest.json", "config.yaml", "table.txt", "figures", "experiment", "figures/a.svg"]
)
def test_a_link_in_a_result_is_refused_by_its_name(answer, victim, name):
    answer()
    link = Path("results/compare/mine") / name
    if link.is_dir():
        shutil.rmtree(link)
    link.unlink(missing_ok=True)
    link.symlink_to(victim / "file" if "." in name else victim)
    (Path("results/compare/mine") / "summary.csv").unlink()  # else it would be shown again
    with pytest.raises(KmsimError, match=f"^{link}: a link where "):
        answer()
    assert link.is_symlink()
    assert [file.name for file in victim.iterdir()] == ["file"]
    assert (victim / "file").read_text(encoding="utf-8") == "precious"


def test_a_link_in_the_place_of_runs_or_to_nothing_is_refused_before_anything_runs(answer, victim):
    place = Path("results/compare/mine")
    place.parent.mkdir(parents=True)
    (place.parent / ".mine.runs").symlink_to(victim)
    with pytest.raises(KmsimError, match=r"\.mine\.runs: a link where a folder is expected"):
        answer()
    (place.parent / ".mine.runs").unlink()
    place.symlink_to(victim / "nothing")
    with pytest.raises(KmsimError, match="mine: a link to nothing"):
        answer()
    assert [file.name for file in victim.iterdir()] == ["file"]


def test_a_result_may_be_a_link_to_another_disk_itself(answer, tmp_path):
    answer()
    Path("results/compare/mine").rename(tmp_path / "other")
    Path("results/compare/mine").symlink_to(tmp_path / "other")
    assert answer()[1] == 0
    (tmp_path / "other" / "summary.csv").unlink()
    assert answer()[1] == 1
    assert (tmp_path / "other" / "summary.csv").is_file()


@pytest.mark.parametrize("whole", [True, False])
def test_what_a_killed_process_left_is_cleared_by_the_next_that_succeeds(answer, whole):
    answer()
    place = Path("results/compare/mine")
    ours, theirs = place.with_name(".mine.01234567.part"), place.with_name(".yours.01234567.part")
    for left in (ours, theirs):
        (left / "figures").mkdir(parents=True)
    if not whole:
        (place / "summary.csv").unlink()
    answer()
    assert not ours.exists()
    assert theirs.is_dir()
