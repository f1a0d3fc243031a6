"""The verbs of an experiment's folder: resume, status, compact and query."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from kmsim.lab.compaction import compact
from kmsim.lab.ensemble import run_plan
from kmsim.lab.store import Store
from tests.cli.conftest import kmsim  # noqa: F401  (a fixture)
from tests.lab import process, stand_in
from tests.lab.folder import bits, check_whole

N = 24
INTERRUPTED = 130


@pytest.fixture
def folder(tmp_path) -> Path:
    """An experiment with every run done but those of one part, and one run that failed."""
    plan = stand_in.plan_of(N, ("coaching", "business_as_usual"), trajectories="all")
    folder = tmp_path / "mine"
    run_plan(plan, folder, "serial", work=stand_in.do_broken)
    return folder


def missing_part(folder: Path) -> int:
    """Take a part of several runs away: how many."""
    file = max((folder / "runs").iterdir(), key=lambda file: file.stat().st_size)
    runs = pq.read_metadata(file).num_rows // 2
    file.unlink()
    return runs


def test_status_tells_how_far_it_is_and_what_failed(kmsim, folder):  # noqa: F811
    gone = missing_part(folder)
    said = kmsim("status", str(folder))
    assert said.code == 0
    lines = dict(line.split(None, 1) for line in said.out.splitlines()[1:8])
    assert lines["planned"] == f"{N} runs"
    assert (lines["done"], lines["failed"], lines["missing"]) == (str(N - 1 - gone), "1", str(gone))
    assert "ValueError: run 5 is bad in two lines" in said.out
    assert said.out.splitlines()[-1] == f"go on with: kmsim resume {folder}"


def test_status_tells_of_files_that_do_not_count_and_touches_nothing(kmsim, folder):  # noqa: F811
    (folder / "runs" / "notes.txt").write_text("mine")
    assert "not a part of an experiment" in " ".join(kmsim("status", str(folder)).out.split())
    assert (folder / "runs" / "notes.txt").exists()


def test_status_tells_who_is_at_work(kmsim, folder):  # noqa: F811
    with Store.open(folder).locked():
        said = kmsim("status", str(folder))
    assert f"at work  process {os.getpid()} on " in said.out
    assert "go on with" not in said.out


def test_resume_does_what_is_missing_with_the_model(kmsim, tmp_path):  # noqa: F811
    words = ("system=village", "years=2", "funded_years=1", "design=list", "policies=coaching", "replicates=3")
    words += ("executor=serial", "name=mine")
    said = kmsim("sweep", *words, "design.rows=[{theta: 3}, {theta: 4}]")
    assert said.code == 0
    assert said.out.endswith("6 of 6 runs are done, in results/sweep/mine\n")
    folder = Path("results/sweep/mine")
    before = bits(folder)
    for file in (folder / "runs").iterdir():
        file.unlink()
    said = kmsim("resume", str(folder), "executor=serial")
    assert said.code == 0
    assert said.out.endswith("6 of 6 runs are done, in results/sweep/mine\n")
    check_whole(folder)
    assert bits(folder) == before
    assert kmsim("resume", "mine").err == "kmsim: mine: no such folder; did you mean results/sweep/mine?\n"


def test_a_run_that_fails_makes_the_exit_code_1(kmsim, folder, monkeypatch):  # noqa: F811
    monkeypatch.setattr(run_plan, "__kwdefaults__", run_plan.__kwdefaults__ | {"work": stand_in.do_broken})
    said = kmsim("resume", str(folder), "executor=serial")
    assert said.code == 1
    assert said.out.endswith(f"{N - 1} of {N} runs are done, in {folder}\n")
    assert f" runs are done, 1 failed; see kmsim status {folder}" in said.err


def test_compact_keeps_every_row(kmsim, folder):  # noqa: F811
    run_plan(Store.open(folder).plan(), folder, "serial", work=stand_in.do)
    before = {table: bits(folder, table) for table in ("runs", "trajectories", "ledger", "attempts")}
    parts = len(list((folder / "runs").iterdir()))
    assert parts > 3
    said = kmsim("compact", str(folder))
    assert (said.code, said.out) == (0, f"{folder}: {parts} parts are now 1\n")
    assert {table: bits(folder, table) for table in before} == before
    check_whole(folder)
    assert kmsim("compact", str(folder)).out == f"{folder}: 1 part is now 1\n"
    assert run_plan(Store.open(folder).plan(), folder, "serial", work=stand_in.do).whole


def test_a_compaction_that_is_killed_loses_nothing(folder, monkeypatch):
    run_plan(Store.open(folder).plan(), folder, "serial", work=stand_in.do)
    before = bits(folder)

    def killed(self, *args, **more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            compact(Store.open(folder))
    assert Store.open(folder).scan().count == N
    for leftover in folder.rglob("*.tmp"):
        leftover.unlink()
    assert compact(Store.open(folder)).after == 1
    check_whole(folder)
    assert bits(folder) == before


def test_status_steers_no_terminal(kmsim, folder):  # noqa: F811
    store = Store.open(folder)
    store.write_failures([row | {"error": "\x1b[31mred"} for row in store.failures()])
    said = kmsim("status", str(folder))
    assert "\\x1b[31mred" in said.out
    assert "\x1b" not in said.out


def test_status_notices_an_edited_config(kmsim, folder):  # noqa: F811
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("years: 2", "years: 3"))
    said = kmsim("status", str(folder))
    assert said.code == 0
    assert said.out.splitlines()[-1].startswith("config.yaml is not what was planned (it was edited since)")


def test_an_edited_config_is_told_by_query_and_nothing_is_merged_or_set_aside(kmsim, folder):  # noqa: F811
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("- doing_it_well\n", ""))
    parts = sorted(file.name for file in (folder / "runs").iterdir())
    assert f"kmsim: warning: {config}: not what was planned" in kmsim("query", str(folder), "SELECT 1").err
    for verb in ("compact", "resume"):
        said = kmsim(verb, str(folder))
        assert said.code == 2
        assert said.err.splitlines()[-1].startswith(f"kmsim: {config}: not what was planned")
    assert sorted(file.name for file in (folder / "runs").iterdir()) == parts
    assert not (folder / "aside").exists()


def test_a_part_that_is_damaged_inside_is_told_by_whoever_looks(kmsim, folder):  # noqa: F811
    damaged = sorted((folder / "attempts").iterdir())
    for file in damaged:
        file.write_bytes(b"PAR1 junk PAR1")
    said = kmsim("status", str(folder))
    assert (said.code, said.err) == (0, "")
    assert "done     0\n" in said.out
    assert all(f"attempts/{file.name}" in said.out or file.stem in said.out for file in damaged)
    said = kmsim("query", str(folder), "SELECT count(*) AS n FROM runs", "format=csv")
    assert (said.code, said.out, said.err.count("\n")) == (0, "n\n0\n", 1)
    assert f"0 of {N} runs are done, 1 failed, {N - 1} missing ({len(damaged)} files do not count" in said.err
    said = kmsim("compact", str(folder))
    assert (said.code, said.err.count("\n")) == (0, 1)
    assert said.err.startswith(f"kmsim: warning: {folder}: does not count and is set aside in aside/: runs/")
    assert len(list((folder / "aside").glob("attempts-*"))) == len(damaged)
    assert run_plan(Store.open(folder).plan(), folder, "serial", work=stand_in.do).whole


def test_failures_that_cannot_be_read_are_told_and_stop_nobody(kmsim, folder):  # noqa: F811
    (folder / "failures.parquet").write_text("junk")
    said = kmsim("status", str(folder))
    assert said.code == 0
    assert "failures.parquet  it cannot be read" in said.out
    said = kmsim("query", str(folder), "SELECT count(*) AS n FROM failures", "format=csv")
    assert (said.code, said.out) == (0, "n\n0\n")
    assert f"{N - 1} of {N} runs are done, 1 missing (1 file does not count" in said.err


def test_query_shows_a_table_or_csv(kmsim, folder):  # noqa: F811
    sql = "SELECT policy, count(*) AS runs FROM runs GROUP BY policy ORDER BY policy"
    said = kmsim("query", str(folder), sql)
    assert said.out.splitlines() == [
        "policy             runs",
        "-----------------  ----",
        "business_as_usual  22",
        "coaching           24",
    ]
    said = kmsim("query", str(folder), sql, "format=csv")
    assert said.out == "policy,runs\nbusiness_as_usual,22\ncoaching,24\n"
    assert kmsim("query", str(folder), f"SELECT * FROM ({sql}) WHERE runs > 99", "format=csv").out == "policy,runs\n"
    long = kmsim("query", str(folder), "SELECT * FROM range(1000)")
    assert len(long.out.splitlines()) == 102
    partial, more = long.err.splitlines()
    assert partial.startswith(f"kmsim: warning: {folder}: {N - 1} of {N} runs are done, 1 failed; see kmsim status ")
    assert more == "the first 100 rows are shown; format=csv gives all"
    assert kmsim("query", str(folder), "SELECT 1", "--quiet").err == f"{partial}\n"
    assert len(kmsim("query", str(folder), "SELECT * FROM range(30000)", "format=csv").out.splitlines()) == 30001
    assert kmsim("query", str(folder), "SELECT '=cmd()' AS x", "format=csv").out == "x\n'=cmd()\n"


def test_query_steers_no_terminal(kmsim, folder):  # noqa: F811
    said = kmsim("query", str(folder), "SELECT chr(27) || '[31mred' AS x")
    assert said.out.splitlines()[-1] == "\\x1b[31mred"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["status"], "status: expected the folder of an experiment, such as: kmsim status results/sweep/first"),
        (["status", "nowhere"], "nowhere: no such folder"),
        (["status", "."], ".: not the folder of an experiment: it has no manifest.json, config.yaml and plan.parquet"),
        (["compact", "workers=2"], "compact: expected the folder"),
        (["compact", ".", "x"], "compact: expected one folder and nothing more, not x"),
        (["resume", "nowhere", "worker=2"], "key=worker: not a key of kmsim resume; did you mean 'workers'?"),
        (["resume", "nowhere", "years=2"], "key=years: not a key of kmsim resume"),
        (
            ["query", "."],
            'query: expected one SELECT after the folder, in quotes, such as: kmsim query . "SELECT * FROM runs"',
        ),
        (["query", ".", "SELECT 1", "format=xml"], "format=xml: not a format"),
    ],
)
def test_mistakes_are_one_line(kmsim, words, told):  # noqa: F811
    said = kmsim(*words)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith(f"kmsim: {told}")
    assert said.err.count("\n") == 1


# -- Ctrl-C --------------------------------------------------------------------------
@pytest.mark.parametrize("executor", ["processes", "serial"])
def test_ctrl_c_ends_a_real_sweep_and_says_how_to_go_on(tmp_path, executor):
    folder = tmp_path / process.FOLDER
    sweep = process.start(tmp_path, *process.MANY, f"executor={executor}")
    process.until_parts(sweep, folder)
    err = process.interrupted(sweep)
    assert sweep.returncode == INTERRUPTED
    last = err.splitlines()[-1]
    assert last.startswith("kmsim: interrupted; ")
    assert last.endswith(" of 10,000 runs are kept; go on with: kmsim resume results/sweep/mine")
    assert "Traceback" not in err
    store = Store.open(folder)
    assert 0 < store.scan().count < store.planned
    assert store.at_work() is None


def test_ctrl_c_ends_a_query_that_has_no_end(folder):
    endless = "SELECT sum(a.range * b.range) FROM range(30000000) a, range(30000000) b"
    asked = process.start(folder, "query", str(folder), endless)
    try:
        at_work(asked.pid)
        assert process.interrupted(asked).endswith("\nkmsim: interrupted\n")
        assert asked.returncode == 130
    finally:
        asked.kill()


def at_work(pid: int, seconds: float = 8) -> None:
    """Wait until a process has worked for so long that it can no longer be loading."""
    import psutil

    here = psutil.Process(pid)
    while sum(here.cpu_times()[:2]) < seconds:
        time.sleep(0.1)
