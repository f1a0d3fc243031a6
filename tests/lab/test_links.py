"""A folder that somebody sends may hold links, FIFOs and hard links: nothing outside it is read, moved or written."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from kmsim import lab
from kmsim.errors import DamageWarning, KmsimError
from kmsim.lab import leftovers, regular_files
from kmsim.lab.compaction import compact
from kmsim.lab.ensemble import run_plan
from kmsim.lab.query import answer
from kmsim.lab.store import Store
from tests.lab import stand_in
from tests.lab.folder import check_whole

N = 12
FOLDERS = ("runs", "ledger", "trajectories", "attempts", "aside", ".at")
FILES = ("manifest.json", "config.yaml", "plan.parquet", "scenarios.parquet", "failures.parquet", ".lock", ".session")


@pytest.fixture
def folder(tmp_path, undisturbed) -> Path:
    return Path(shutil.copytree(undisturbed, tmp_path / "mine"))


@pytest.fixture
def victim(tmp_path) -> Path:
    """A folder of somebody else, with a file."""
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "file").write_text("precious")
    return tmp_path / "victim"


def everyone_refuses(folder: Path, plan, name: str) -> None:
    """Whatever is done with the folder ends in one line that names what stands there."""

    def ask() -> None:
        with answer(folder, "SELECT 1") as found:
            found.fetchall()

    for act in (
        lambda: run_plan(plan, folder, "serial", work=stand_in.do),
        lambda: compact(Store.open(folder)),
        lambda: lab.open(folder),
        ask,
    ):
        with pytest.raises(KmsimError) as error:
            act()
        assert str(error.value).startswith(f"{folder / name}: "), error.value
        assert "\n" not in str(error.value)


def unchanged(victim: Path) -> None:
    assert [path.name for path in victim.iterdir()] == ["file"]
    assert (victim / "file").read_text() == "precious"


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("there", [True, False])
def test_a_link_in_the_place_of_a_folder_is_refused(folder, plan, victim, name, there):
    shutil.rmtree(folder / name, ignore_errors=True)
    (folder / name).symlink_to(victim if there else victim / "nothing")
    everyone_refuses(folder, plan, name)
    unchanged(victim)
    assert (folder / name).is_symlink()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("there", [True, False])
def test_a_link_in_the_place_of_a_file_is_refused(folder, plan, victim, name, there):
    if (folder / name).exists():
        shutil.move(folder / name, victim / "moved")
    else:
        (victim / "moved").write_text("")
    before = (victim / "moved").read_bytes()
    (folder / name).symlink_to(victim / "moved" if there else victim / "nothing")
    everyone_refuses(folder, plan, name)
    assert (victim / "moved").read_bytes() == before
    (victim / "moved").unlink()
    unchanged(victim)


@pytest.mark.parametrize("name", FILES)
def test_a_fifo_in_the_place_of_a_file_keeps_nobody_waiting(folder, plan, name):
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    everyone_refuses(folder, plan, name)


@pytest.mark.parametrize("table", ["runs", "ledger"])
@pytest.mark.parametrize("kind", ["link", "link to nothing", "FIFO", "socket", "folder"])
def test_what_is_no_file_but_has_the_name_of_a_part_is_refused(folder, plan, victim, table, kind, monkeypatch):
    part = next((folder / table).iterdir())
    shutil.move(part, victim / "moved")
    if kind == "FIFO":
        os.mkfifo(part)
    elif kind == "socket":
        monkeypatch.chdir(part.parent)  # a socket's path may not be long
        socket.socket(socket.AF_UNIX).bind(part.name)
    elif kind == "folder":
        part.mkdir()
    else:
        part.symlink_to(victim / ("moved" if kind == "link" else "nothing"))
    everyone_refuses(folder, plan, f"{table}/{part.name}")
    assert os.path.lexists(part)
    (victim / "moved").unlink()
    unchanged(victim)


def test_links_with_other_names_stay_where_they_are_and_are_named(folder, plan, victim):
    link = folder / "runs" / "notes"
    link.symlink_to(victim)
    (folder / "ledger" / f"{'a' * 32}.parquet.0123456789ab.tmp").symlink_to(victim / "file")
    assert {file.name for file in lab.open(folder).scan.left} == {"notes", f"{'a' * 32}.parquet.0123456789ab.tmp"}
    with pytest.warns(DamageWarning, match="left where it is: .*runs/notes"):
        assert run_plan(plan, folder, "serial", work=stand_in.do).whole
    assert link.is_symlink()
    assert not (folder / "aside").exists()
    unchanged(victim)


def test_a_lock_or_trace_with_a_second_name_is_not_emptied(folder, plan, victim):
    (folder / ".lock").unlink(missing_ok=True)
    os.link(victim / "file", folder / ".lock")
    everyone_refuses(folder, plan, ".lock")
    os.link(victim / "file", victim / "trace")
    with pytest.raises(KmsimError, match="2 names|3 names"):
        regular_files.overwrite(victim / "trace")
    (victim / "trace").unlink()
    unchanged(victim)


def test_a_part_with_a_second_name_is_set_aside_and_merged_without_harm_to_it(folder, plan, victim):
    part = next((folder / "ledger").iterdir())
    os.link(part, victim / "hard")
    before = part.read_bytes()
    compact(Store.open(folder))
    assert (victim / "hard").read_bytes() == before
    check_whole(folder)


def test_what_stands_among_the_traces_and_is_not_one_stays(folder, plan):
    (folder / ".at").mkdir(exist_ok=True)
    (folder / ".at" / "thesis.docx").write_text("chapter one")
    run_plan(plan, folder, "serial", work=stand_in.do)
    assert (folder / ".at" / "thesis.docx").read_text() == "chapter one"


def test_a_link_that_comes_while_runs_are_done_is_refused_by_who_writes(folder, plan, victim):
    from kmsim.lab import work

    shutil.rmtree(folder / "runs")
    store = Store.open(folder)
    with store.locked() as token:
        (folder / "runs").symlink_to(victim)
        came = stand_in.do(work.Batch(work.Job(str(folder), token, plan.base_hash), (0,)))
    assert (f"{folder / 'runs'}: a link where a folder is expected") in came.stopped
    unchanged(victim)


def test_the_folder_itself_may_be_a_link(folder, plan, tmp_path):
    (tmp_path / "other disk").mkdir()
    (tmp_path / "linked").symlink_to(folder)
    assert lab.open(tmp_path / "linked").done == N
    (tmp_path / "new").symlink_to(tmp_path / "other disk")
    assert run_plan(plan, tmp_path / "new", "serial", work=stand_in.do).whole
    check_whole(tmp_path / "other disk")
    (tmp_path / "nowhere").symlink_to(tmp_path / "nothing")
    with pytest.raises(KmsimError, match="nowhere: a link to nothing"):
        run_plan(plan, tmp_path / "nowhere", "serial", work=stand_in.do)


# -- any folder of results -----------------------------------------------------------
def test_a_tree_with_a_link_in_it_is_refused_by_the_links_name(tmp_path, victim):
    (tmp_path / "tree" / "below").mkdir(parents=True)
    regular_files.check_tree(tmp_path / "tree")
    (tmp_path / "tree" / "below" / "history.db").symlink_to(victim / "file")
    with pytest.raises(KmsimError, match=f"{tmp_path}/tree/below/history.db: a link where"):
        regular_files.check_tree(tmp_path / "tree")
    regular_files.check_tree(tmp_path / "tree", but=("below",))


def test_a_file_is_written_beside_its_place_and_never_through_a_link(tmp_path, victim):
    (tmp_path / "link").symlink_to(victim / "file")
    with pytest.raises(KmsimError, match="link: a link where a file is expected"):
        regular_files.write_text(tmp_path / "link", "new")
    unchanged(victim)
    regular_files.write_text(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"
    assert not list(tmp_path.glob("*.tmp"))


# -- what kills leave beside a result ------------------------------------------------
def test_what_a_killed_process_left_beside_a_result_is_cleared_by_the_next_that_succeeds(tmp_path, plan, victim):
    ours = [tmp_path / ".mine.0123456789ab.tmp", tmp_path / ".mine.01234567.part"]
    theirs = [
        tmp_path / name
        for name in (".mine.notes.tmp", ".yours.0123456789ab.tmp", ".mine.01234567.tmp", ".mine.0123456789ab.tmp.old")
    ]
    for path in (*ours, *theirs):
        path.mkdir()
        (path / "runs").mkdir()
    link = tmp_path / ".mine.ba9876543210.tmp"
    link.symlink_to(victim)
    with leftovers.temporary_folder(tmp_path / "mine", leftovers.EXPERIMENT) as held:
        assert run_plan(plan, tmp_path / "mine", "serial", work=stand_in.do).whole
        assert held.is_dir()
        assert not any(path.exists() for path in ours)
        assert all(path.is_dir() for path in theirs)
        assert link.is_symlink()
    assert not held.exists()
    unchanged(victim)


def test_unfinished_files_of_a_killed_process_inside_the_folder_are_cleared(folder, plan):
    torn = [folder / "failures.parquet.0123456789ab.tmp", folder / ".session.0123456789ab.tmp"]
    mine = folder / "notes.0123456789ab.tmp"
    for file in (*torn, mine):
        file.write_text("x")
    run_plan(plan, folder, "serial", work=stand_in.do)
    assert not any(file.exists() for file in torn)
    assert mine.exists()
