"""The folder of an experiment: made whole, locked, and mended whatever happened to it."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from kmsim.errors import DamageWarning, KmsimError
from kmsim.lab import parts, work
from kmsim.lab.store import Store
from tests.lab import stand_in
from tests.lab.folder import check_whole, table

N = 12


@pytest.fixture(scope="module")
def plan():
    return stand_in.plan_of(N, ("coaching", "business_as_usual"), trajectories="all")


@pytest.fixture
def store(tmp_path, plan) -> Store:
    return Store.create(tmp_path / "experiment", plan, ["sweep"])


def write(store: Store, plan, runs, token: str | None = None) -> work.Came:
    """What a worker does with a batch of these runs."""
    if token is None:
        with store.locked() as token:
            return write(store, plan, runs, token)
    return stand_in.do(work.Batch(work.Job(str(store.folder), token, store.manifest["config_hash"]), tuple(runs)))


def repaired(store: Store):
    with store.locked():
        return store.repair()


def test_a_new_folder_has_the_plan_and_nothing_is_done(store, plan):
    assert {path.name for path in store.folder.iterdir()} == {
        *("plan.parquet", "config.yaml", "manifest.json", "scenarios.parquet"),
        *("runs", "ledger", "trajectories", "attempts"),
    }
    assert store.planned == N == len(store.scan().done)
    assert store.scan().count == 0
    assert np.array_equal(store.keys, plan.keys())
    frame = pq.read_table(store.folder / "plan.parquet").to_pandas()
    assert list(frame) == [*("index", "key", "policy", "scenario", "replicate", "seed"), "parameters.theta"]
    assert list(frame.key) == [run.key for run in plan.runs()]


def test_the_plan_comes_back_from_its_folder(store, plan):
    assert Store.open(store.folder).plan() == plan


def test_the_same_plan_opens_the_folder_again(store, plan):
    write(store, plan, [1, 2])
    assert Store.create(store.folder, plan).scan().count == 2


def test_another_plan_is_refused_and_the_difference_told(store):
    with pytest.raises(KmsimError, match=r"holds another experiment: years 2 \(now 3\); give this one another name"):
        Store.create(store.folder, stand_in.plan_of(N, ("coaching", "business_as_usual"), years=3, trajectories="all"))


def test_what_differs_in_policies_is_told_by_their_names(store):
    expected = r"policies coaching,business_as_usual \(now coaching,guidance_only\); give"
    with pytest.raises(KmsimError, match=expected):
        Store.create(store.folder, stand_in.plan_of(N, ("coaching", "guidance_only"), trajectories="all"))


def test_another_version_of_the_model_is_refused(store, plan, monkeypatch):
    other = stand_in.plan_of(N, ("coaching", "business_as_usual"), trajectories="all")
    other.model = "0123456789abcdef"
    with pytest.raises(KmsimError, match=r"model [0-9a-f]{16} \(now 0123456789abcdef\)"):
        Store.create(store.folder, other)


def test_a_folder_of_someone_else_is_refused(tmp_path, plan):
    (tmp_path / "thesis.docx").write_text("chapter one")
    with pytest.raises(KmsimError, match="not the folder of an experiment"):
        Store.create(tmp_path, plan)
    with pytest.raises(KmsimError, match="no such folder"):
        Store.open(tmp_path / "nowhere")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_an_empty_folder_may_be_filled(tmp_path, plan):
    (tmp_path / "new").mkdir()
    assert Store.create(tmp_path / "new", plan).planned == N


def test_a_file_in_the_place_of_the_folder(tmp_path, plan):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(KmsimError):
            Store.create(folder, plan)


def test_a_name_is_a_hint_where_sweeps_are_kept(tmp_path, plan, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Store.create("results/sweep/first", plan)
    with pytest.raises(KmsimError, match="did you mean results/sweep/first"):
        Store.open("first")


# -- parts -----------------------------------------------------------------------
def test_a_part_holds_its_runs_in_every_table(store, plan):
    came = write(store, plan, range(N))
    assert came.done == tuple(range(N))
    check_whole(store.folder)
    runs = table(store.folder)
    assert list(runs) == [
        *("key", "policy", "scenario", "replicate", "seed", "practice", "moment", "year"),
        *stand_in.OUTCOMES,
    ]
    assert len(runs) == 2 * N
    assert runs["doing_it_well"].dtype == np.float32
    assert set(runs.moment) == {"funding_end", "end"}
    assert len(table(store.folder, "trajectories")) == 3 * N
    assert set(table(store.folder, "attempts").columns) == {"key", "seconds", "host", "pid", "attempt"}
    assert not list(store.folder.rglob("*.tmp"))


def test_a_batch_done_twice_is_the_same_part(store, plan):
    write(store, plan, [3, 4])
    write(store, plan, [3, 4])
    assert store.scan().count == 2
    assert repaired(store).odd == {}


def test_a_part_that_repeats_runs_is_set_aside_whole(store, plan):
    write(store, plan, range(8))
    write(store, plan, [6, 7, 8])
    found = repaired(store)
    assert found.count == 8
    assert set(found.odd.values()) == {"its runs stand in another part"}
    assert {path.name.split("-")[0] for path in (store.folder / "aside").iterdir()} == set(parts.TABLES)
    write(store, plan, [8, 9, 10, 11])
    check_whole(store.folder)


@pytest.mark.parametrize("keep", [0, 3, 100, -4])
@pytest.mark.parametrize("name", ["runs", "ledger", "trajectories"])
def test_a_truncated_part_does_not_count_and_is_kept_aside(store, plan, name, keep):
    write(store, plan, range(6))
    write(store, plan, range(6, N))
    file = next((store.folder / name).iterdir())
    file.write_bytes(file.read_bytes()[:keep])
    found = repaired(store)
    assert found.count == 6
    assert len(found.odd) == 1
    assert (store.folder / "aside" / f"{name}-{file.name}").exists()
    write(store, plan, np.flatnonzero(~store.scan().done).tolist())
    check_whole(store.folder)


def test_foreign_parts_are_set_aside_and_other_files_stay_where_they_are(store, plan, tmp_path):
    write(store, plan, range(N))
    good = next((store.folder / "runs").iterdir())
    (store.folder / "runs" / "notes.txt").write_text("mine")
    (store.folder / "runs" / f"{'0' * 32}.parquet").write_bytes(good.read_bytes())
    (store.folder / "runs" / f"{'1' * 32}.parquet").write_bytes(b"PAR1 no PAR1")
    other_plan = stand_in.plan_of(4, ("guidance_only",))
    other = Store.create(tmp_path / "other", other_plan)
    write(other, other_plan, range(4))
    theirs = next((other.folder / "runs").iterdir())
    for name in ("runs", "ledger", "attempts"):
        (store.folder / name / theirs.name).write_bytes((other.folder / name / theirs.name).read_bytes())
    with pytest.warns(DamageWarning) as told:
        found = repaired(store)
    reasons = {file.name: reason for file, reason in found.odd.items()}
    assert reasons.pop(f"{'1' * 32}.parquet").startswith("it cannot be read: ")
    assert "digest is wrong" in reasons.pop(f"{'0' * 32}.parquet")
    assert reasons == {theirs.name: "its runs are not of this plan"}
    check_whole(store.folder)
    assert [*found.left] == [store.folder / "runs" / "notes.txt"]
    assert (store.folder / "runs" / "notes.txt").read_text() == "mine"
    assert "runs/notes.txt" in str(told[1].message)
    assert theirs.name in str(told[0].message)


def test_what_a_killed_worker_left_half_written_is_cleared(store, plan):
    write(store, plan, [0, 1])
    torn = store.folder / "runs" / f"{'a' * 32}.parquet.0123456789ab.tmp"
    torn.write_bytes(b"PAR1")
    unfinished = store.folder / "ledger" / f"{'b' * 32}.parquet"
    unfinished.write_bytes(b"PAR1PAR1")
    assert repaired(store).count == 2
    assert not torn.exists()
    assert not unfinished.exists()
    assert (store.folder / "aside" / f"ledger-{'b' * 32}.parquet").exists()


def test_a_worker_of_an_earlier_session_adds_nothing(store, plan):
    with store.locked() as earlier:
        pass
    with store.locked():
        came = write(store, plan, [0, 1], token=earlier)
    assert came.done == ()
    assert "another process has taken over" in came.stopped
    assert store.scan().count == 0
    assert not list((store.folder / "runs").iterdir())


def test_a_worker_with_another_plan_or_model_refuses(store, plan):
    came = stand_in.do(work.Batch(work.Job(str(store.folder), "x", "0" * 32), (0,)))
    assert "holds another plan" in came.stopped
    came = stand_in.do(work.Batch(work.Job(str(store.folder / "gone"), "x", "0" * 12), (0,)))
    assert "no such folder" in came.stopped


# -- the lock ----------------------------------------------------------------------
def test_one_process_at_a_time(store):
    assert store.at_work() is None
    with store.locked():
        assert store.at_work().startswith(f"process {os.getpid()} on ")
        told = r"process \d+ on .* is at work in it; wait until it is done"
        with pytest.raises(KmsimError, match=told), Store.open(store.folder).locked():
            pass
    assert store.at_work() is None
    with store.locked():
        pass


def test_a_killed_process_holds_nothing(store):
    script = f"""
        import sys
        from kmsim.lab.store import Store
        with Store.open({str(store.folder)!r}).locked():
            print("locked", flush=True)
            sys.stdin.read()
    """
    other = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "locked\n"
    with pytest.raises(KmsimError, match=f"process {other.pid} on "), store.locked():
        pass
    other.send_signal(signal.SIGKILL)
    other.communicate()
    with store.locked():
        pass


# -- the disk refuses -----------------------------------------------------------------
@pytest.fixture
def small_files():
    """No file may grow beyond 2,000 bytes: what a full disk says comes as an error of the same kind."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_no_part_and_is_told_in_one_line(store, plan, small_files):
    write(store, plan, [0])
    small_files()
    came = write(store, plan, range(1, N))
    assert came.done == ()
    assert came.stopped == f"{store.folder}: cannot be written: file too large"
    assert not list(store.folder.rglob("*.tmp"))
    assert repaired(store).odd == {}
    assert store.scan().count == 1


def test_a_folder_is_made_whole_or_not_at_all(tmp_path, plan, small_files):
    small_files()
    with pytest.raises(KmsimError, match="experiment: cannot be written: file too large"):
        Store.create(tmp_path / "experiment", plan)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(store, plan):
    with store.locked() as token:
        (store.folder / "attempts").rmdir()
        (store.folder / "attempts").write_text("in the way")
        told = write(store, plan, [0], token).stopped
    assert f"{store.folder / 'attempts'}: a file where a folder is expected" in told
    assert (store.folder / "attempts").read_text() == "in the way"
    (store.folder / "attempts").unlink()
    (store.folder / ".session").unlink()
    (store.folder / ".session").mkdir()
    with pytest.raises(KmsimError, match=r"\.session: a folder where a file is expected"), store.locked():
        pass


def test_a_broken_manifest_or_plan_is_one_line(store, plan):
    keys = store.keys
    (store.folder / "plan.parquet").write_bytes(b"PAR1")
    with pytest.raises(KmsimError, match=r"plan\.parquet: was changed since it was written, or is damaged"):
        Store.open(store.folder).numbers(keys)
    unsealed(store.folder)
    with pytest.raises(KmsimError, match=r"plan\.parquet: cannot be read"):
        Store.open(store.folder).numbers(keys)
    (store.folder / "manifest.json").write_text(json.dumps([]))
    with pytest.raises(KmsimError, match="not the folder of an experiment"):
        Store.open(store.folder)


def test_yaml_from_disk_makes_no_objects(store, tmp_path):
    config = store.folder / "config.yaml"
    made = tmp_path / "made"
    config.write_text(
        f"policies: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{made}']]\n"
    )
    with pytest.raises(KmsimError, match="not the folder of an experiment"):
        Store.open(store.folder)
    assert not made.exists()


def test_failures_are_written_whole_or_not_at_all(store, plan):
    run = plan.run(3)
    row = {"key": run.key, "policy": "coaching", "scenario": 1, "seed": 1, "parameters": "{}", "error": "it broke"}
    store.write_failures([row])
    assert store.failures() == [row]
    store.write_failures([])
    assert store.failures() == []
    assert not (store.folder / "failures.parquet").exists()


def test_a_path_with_odd_letters(tmp_path, plan):
    folder = tmp_path / "a [1] 'b' {c} year=2020 *" / "é"
    store = Store.create(folder, plan)
    write(store, plan, range(N))
    check_whole(folder)
    assert Path(folder).is_dir()


def test_one_that_looks_whether_a_folder_is_held_keeps_nobody_from_it(store):
    looks = True

    def look() -> None:
        while looks:
            store.at_work()

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(20):
            with store.locked():
                pass
    finally:
        looks = False
        looking.join()


def unsealed(folder: Path) -> dict:
    """Make the manifest that of kmsim 0.1.0, which wrote no digests, and return it."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest = {key: value for key, value in manifest.items() if key not in ("digest", "digests")}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return manifest


# -- what was planned, damaged -------------------------------------------------------
def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("manifest.json", "", "manifest.json cannot be read: "),
        ("manifest.json", "[1]", "manifest.json has no settings"),
        ("manifest.json", "{}", "manifest.json has no config_hash"),
        ("config.yaml", "", "config.yaml is empty"),
        ("config.yaml", "a: [", "config.yaml cannot be read: "),
        ("config.yaml", "policies: [{name: coaching}]", "config.yaml has no outcomes"),
        ("config.yaml", "policies: [{name: coaching}]\noutcomes: [dept]", "config.yaml: outcomes=['dept']: expected "),
    ],
)
def test_the_file_that_is_damaged_is_named(store, name, text, told):
    (store.folder / name).write_text(text)
    with pytest.raises(KmsimError) as error:
        Store.open(store.folder)
    assert str(error.value).startswith(f"{store.folder}: not the folder of an experiment: {told}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("planned", ["x", "0", "true", "12.5", None])
def test_a_manifest_without_a_number_of_runs(store, planned):
    manifest = json.loads((store.folder / "manifest.json").read_text())
    (store.folder / "manifest.json").write_text(json.dumps(manifest | {"rows_planned": planned}))
    with pytest.raises(KmsimError, match=f"manifest.json: rows_planned={planned}: expected a whole number from 1"):
        Store.open(store.folder)


def test_a_manifest_without_a_version(store):
    manifest = json.loads((store.folder / "manifest.json").read_text())
    del manifest["version"]
    (store.folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(KmsimError, match=r"manifest\.json has no version"):
        Store.open(store.folder)


@pytest.mark.parametrize("name", ["manifest.json", "config.yaml", "plan.parquet"])
def test_only_the_file_that_is_lacking_is_told(store, name):
    (store.folder / name).unlink()
    with pytest.raises(KmsimError) as error:
        Store.open(store.folder)
    assert str(error.value) == f"{store.folder}: not the folder of an experiment: it has no {name}"


def test_a_comparison_points_to_its_experiment(tmp_path, plan):
    Store.create(tmp_path / "mine" / "experiment", plan)
    with pytest.raises(KmsimError, match=f"plan.parquet; did you mean {tmp_path}/mine/experiment\\?"):
        Store.open(tmp_path / "mine")


def test_the_nearest_name_is_a_hint(tmp_path, plan, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Store.create("results/sweep/first", plan)
    for asked in ("results/sweep/fist", "fist"):
        with pytest.raises(KmsimError, match=r"no such folder; did you mean results/sweep/first\?"):
            Store.open(asked)


@pytest.mark.parametrize("planned", [N - 1, N + 1, 10**15])
def test_a_manifest_with_another_number_of_runs_than_the_plan(store, planned):
    manifest = unsealed(store.folder)
    (store.folder / "manifest.json").write_text(json.dumps(manifest | {"rows_planned": planned}))
    with pytest.raises(KmsimError, match=f"plan.parquet: has {N} runs where manifest.json says {planned:,}: one of"):
        Store.open(store.folder).scan()


def test_a_plan_without_keys(store):
    pq.write_table(pq.read_table(store.folder / "plan.parquet").drop(["key"]), store.folder / "plan.parquet")
    unsealed(store.folder)
    with pytest.raises(KmsimError, match=r"plan\.parquet: cannot be read"):
        Store.open(store.folder).scan()


def test_scenarios_that_are_gone_are_told_with_their_path(store):
    (store.folder / "scenarios.parquet").unlink()
    with pytest.raises(KmsimError) as error:
        Store.open(store.folder).plan()
    assert str(error.value).startswith(f"{store.folder}/scenarios.parquet: no such file; ")


@pytest.mark.parametrize(
    ("old", "new"), [("years: 2", "years: 3"), ("replicates: 1", "replicates: 2"), ("\nseed: 1", "\nseed: 2")]
)
def test_an_edited_config_is_told_as_such(store, plan, old, new):
    assert not store.edited
    edit(store.folder / "config.yaml", old, new)
    told = "config.yaml: not what was planned \\(it was edited since\\); put back what stood in it, or ask"
    with pytest.raises(KmsimError, match=told):
        Store.open(store.folder).plan()
    with pytest.raises(KmsimError, match=told):
        Store.create(store.folder, plan)


def test_a_plan_of_an_earlier_model_is_not_taken_for_an_edited_one(store, monkeypatch):
    monkeypatch.setattr("kmsim.lab.provenance.fingerprint", lambda: "0123456789abcdef")
    assert not Store.open(store.folder).edited


def test_folders_of_tables_that_are_gone_are_made_again(store, plan):
    write(store, plan, range(4))
    for name in ("runs", "attempts"):
        for file in (store.folder / name).iterdir():
            file.unlink()
        (store.folder / name).rmdir()
    with store.locked() as token:
        assert store.repair().count == 0
        assert write(store, plan, range(N), token).stopped is None
    check_whole(store.folder)


def test_failures_of_another_plan_are_left_out(store, plan):
    row = {"policy": "coaching", "scenario": 1, "seed": 1, "parameters": "{}", "error": "it broke"}
    ours, theirs = row | {"key": plan.run(3).key}, row | {"key": "0" * 32}
    store.write_failures([theirs, ours])
    assert store.failures() == [ours]


def test_a_name_that_is_too_long_or_a_file_is_no_folder(store, tmp_path):
    with pytest.raises(KmsimError, match="xxx: no such folder"):
        Store.open("x" * 300)
    with pytest.raises(KmsimError, match=r"config\.yaml: a file, not a folder"):
        Store.open(store.folder / "config.yaml")
