"""Ensembles with a stand-in for the model: whatever breaks, what is done in the end is the plan."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmsim.errors import KmsimError, RunFailed
from kmsim.lab import work
from kmsim.lab.agenda import Agenda
from kmsim.lab.ensemble import Interrupted, run_plan
from kmsim.lab.executors import executor_of
from kmsim.lab.store import Store
from tests.lab import stand_in
from tests.lab.folder import bits, check_whole

N = 60


@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_all_that_is_planned_is_done_and_the_same_bits_on_every_executor(tmp_path, plan, undisturbed, executor):
    seen = []
    outcome = run_plan(plan, tmp_path / "e", executor, 2, lambda *now: seen.append(now), work=stand_in.do)
    assert (outcome.planned, outcome.done, outcome.failed, outcome.missing) == (N, N, 0, 0)
    assert outcome.whole
    check_whole(tmp_path / "e")
    for table in ("runs", "trajectories", "ledger"):
        assert bits(tmp_path / "e", table) == bits(undisturbed, table)
    assert [total for _, total, _ in seen] == [N] * len(seen)
    assert seen[-1][0] == N
    assert all(rate >= 0 for *_, rate in seen)


def test_the_same_call_again_does_nothing(tmp_path, plan):
    run_plan(plan, tmp_path / "e", "serial", work=stand_in.do)
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "e" / "runs").iterdir()}
    seen = []
    assert run_plan(plan, tmp_path / "e", "serial", None, lambda *now: seen.append(now), work=stand_in.do).whole
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "e" / "runs").iterdir()} == before
    assert seen == []


def test_what_is_taken_away_is_done_again(tmp_path, plan, undisturbed):
    run_plan(plan, tmp_path / "e", "serial", work=stand_in.do)
    for file in sorted((tmp_path / "e" / "runs").iterdir())[::2]:
        file.unlink()
    assert run_plan(plan, tmp_path / "e", "serial", work=stand_in.do).whole
    check_whole(tmp_path / "e")
    assert bits(tmp_path / "e") == bits(undisturbed)


def test_a_plan_of_another_model_is_not_run(tmp_path):
    other = stand_in.plan_of(2)
    other.model = "0123456789abcdef"
    with pytest.raises(KmsimError, match="was planned with model 0123456789abcdef"):
        run_plan(other, tmp_path / "e", "serial", work=stand_in.do)
    assert not (tmp_path / "e").exists()


def test_executors_and_options_are_checked_before_anything_is_made(tmp_path, plan):
    for name, options, told in (
        ("proceses", {}, "did you mean 'processes'"),
        ("dask", {"adress": "x"}, "did you mean 'address'"),
        ("processes", {"address": "tcp://x"}, "expected executor=dask, not executor=processes"),
        ("dask", {"jobs": 3}, "expected executor=slurm, not executor=dask"),
    ):
        with pytest.raises(KmsimError, match=told):
            run_plan(plan, tmp_path / "e", name, **options)
    assert not (tmp_path / "e").exists()


# -- runs that break ----------------------------------------------------------------------
@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_a_run_that_breaks_is_noted_and_the_others_are_done(tmp_path, plan, executor):
    outcome = run_plan(plan, tmp_path / "e", executor, 2, work=stand_in.do_broken)
    assert (outcome.done, outcome.failed, outcome.missing, outcome.whole) == (N - 1, 1, 0, False)
    (row,) = Store.open(tmp_path / "e").failures()
    run = plan.run(5)
    assert row["key"] == run.key
    assert (row["policy"], row["scenario"], row["seed"]) == ("business_as_usual", run.scenario, run.seed)
    assert row["parameters"].startswith('{"parameters.theta": 2.')
    assert row["error"].startswith("ValueError: run 5 is bad in two lines (stand_in.py, line ")
    assert not (tmp_path / "e" / "aside").exists()


def test_a_run_that_kills_its_process_is_noted_alone_after_two_tries(tmp_path, plan):
    outcome = run_plan(plan, tmp_path / "e", "processes", 2, work=stand_in.do_poisoned)
    assert (outcome.done, outcome.failed, outcome.missing) == (N - 2, 2, 0)
    errors = [row["error"] for row in Store.open(tmp_path / "e").failures()]
    assert errors[1] == "the process that ran it died twice: killed, or out of memory"
    assert errors[0].startswith("ValueError: run 5")


def test_failed_runs_are_tried_again_and_forgotten_when_they_do(tmp_path, plan, undisturbed):
    run_plan(plan, tmp_path / "e", "serial", work=stand_in.do_broken)
    assert run_plan(plan, tmp_path / "e", "serial", work=stand_in.do).whole
    check_whole(tmp_path / "e")
    assert bits(tmp_path / "e") == bits(undisturbed)


def test_a_failure_that_is_done_by_now_is_not_done_again(tmp_path, plan):
    """As when the process was killed between the part of a second try and the table of failures."""
    run_plan(plan, tmp_path / "e", "serial", work=stand_in.do_broken)
    failures = (tmp_path / "e" / "failures.parquet").read_bytes()
    run_plan(plan, tmp_path / "e", "serial", work=stand_in.do)
    (tmp_path / "e" / "failures.parquet").write_bytes(failures)
    seen = []
    outcome = run_plan(plan, tmp_path / "e", "serial", 1, lambda *now: seen.append(now), work=stand_in.do)
    assert (outcome.done, outcome.failed, seen) == (N, 0, [])
    assert Store.open(tmp_path / "e").failures() == []


def test_what_stopped_it_is_told_and_not_that_failures_could_not_be_noted(tmp_path, plan, monkeypatch):
    def full(*_):
        raise KmsimError("no room for the table of failures")

    def stop(batch):
        came = stand_in.do_broken(batch)
        return came if 5 not in batch.runs or batch.attempt == 1 else work.Came(batch, stopped="e: no space left")

    monkeypatch.setattr(Store, "write_failures", full)
    with pytest.raises(RunFailed, match=r"^e: no space left; \d+ of 60 runs are kept; go on with: kmsim resume "):
        run_plan(plan, tmp_path / "e", "serial", work=stop)


def test_what_goes_on_with_it_names_the_code_that_is_to_be_trusted(tmp_path, plan, monkeypatch):
    from kmsim.lab import ensemble

    monkeypatch.setattr(ensemble, "trusted_contents", lambda: (("/my code/levers.py", "ab"),))

    def stop(batch):
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=r"kmsim resume .*/e '--trust-code=/my code/levers.py'$"):
        run_plan(plan, tmp_path / "e", "serial", work=stop)


def test_workers_that_never_begin_are_told(tmp_path, plan, monkeypatch):
    from kmsim.lab import worker_pool

    monkeypatch.setattr(worker_pool, "_serve", os._exit)
    with pytest.raises(RunFailed, match=r"end before they begin; 0 of 60 runs are kept; go on with: kmsim resume "):
        run_plan(plan, tmp_path / "e", "processes", 2, work=stand_in.do)


def test_a_script_needs_no_main_guard_and_may_come_from_anywhere(tmp_path):
    sweep = "kmsim.lab.sweep('out', system='village', policies=['coaching'], years=2, funded_years=1, design='grid', workers=2)"
    ended = _python([], tmp_path, f"import kmsim.lab\nprint({sweep}.done)")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "1\n", "")


def test_on_dask_a_script_without_a_main_guard_is_told_of_it_once(tmp_path):
    pytest.importorskip("distributed")
    (tmp_path / "script.py").write_text(
        "import kmsim.lab\nkmsim.lab.sweep('out', system='village', design='grid', workers=1, executor='dask')\n"
    )
    ended = _python(["script.py"], tmp_path)
    assert ended.returncode == 1
    assert "needs `if __name__ == '__main__':`" in ended.stderr.splitlines()[-1]


def _python(words, place, text=""):
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, *(words or ["-"])]
    return subprocess.run(
        words, input=text, cwd=place, capture_output=True, text=True, env=env, timeout=100, check=False
    )


# -- interruptions ---------------------------------------------------------------------------
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tmp_path, plan, undisturbed):
    def interrupt(done: int, *_) -> None:
        if done >= 10:
            raise KeyboardInterrupt

    told = r"^interrupted; (\d+) of 60 runs are kept; go on with: kmsim resume .*/e$"
    with pytest.raises(Interrupted) as raised:
        run_plan(plan, tmp_path / "e", "processes", 2, interrupt, work=stand_in.do)
    kept = re.match(told, str(raised.value))
    assert kept is not None, raised.value
    assert not [child for child in multiprocessing.active_children() if child.name == "kmsim worker"]
    assert 10 <= Store.open(tmp_path / "e").scan().count == int(kept[1]) < N
    assert run_plan(plan, tmp_path / "e", "processes", 2, work=stand_in.do).whole
    check_whole(tmp_path / "e")
    assert bits(tmp_path / "e") == bits(undisturbed)


def test_workers_end_when_their_asker_is_killed(tmp_path, plan):
    context = multiprocessing.get_context("spawn")
    asker = context.Process(
        target=run_plan, args=(plan, tmp_path / "e", "processes", 2), kwargs={"work": stand_in.do_slower}
    )
    asker.start()
    attempts = tmp_path / "e" / "attempts"
    _until(lambda: attempts.is_dir() and any(attempts.glob("*.parquet")))
    workers = _children_of_its_server(asker.pid)
    assert workers
    asker.kill()
    asker.join()
    _until(lambda: not any(_alive(pid) for pid in workers), 2.0)
    done = Store.open(tmp_path / "e").scan().count
    assert 0 < done < N
    assert run_plan(plan, tmp_path / "e", "processes", 2, work=stand_in.do).whole
    check_whole(tmp_path / "e")


def _until(what, seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def _children_of_its_server(pid: int) -> list[int]:
    import psutil

    return [process.pid for process in psutil.Process(pid).children(recursive=True)]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class _Disturbed:
    """What does batches, and what happens to it: a stop before or after the part is written, a torn or a double part, a lost one."""

    def __init__(self, folder: Path, events: list[str]) -> None:
        self.folder, self.events = folder, list(events)

    def __call__(self, batch: work.Batch) -> work.Came:
        event = self.events.pop(0) if self.events else "nothing"
        if event == "stop before":
            raise KeyboardInterrupt
        if event == "die":
            return work.Came(batch, died=True)
        if event == "die at a run":
            with suppress(InterruptedError), work.trace(batch) as at:
                at(batch.runs[-1])
                raise InterruptedError
            return work.Came(batch, died=True)
        if event == "die late":
            return work.Came(stand_in.do(batch).batch, died=True)
        if event == "break":
            return work.Came(batch, failures=tuple((run, "broken") for run in batch.runs))
        came = stand_in.do(batch)
        if event == "again":  # as when a worker thought dead goes on and does it with others
            extra = tuple(sorted({*batch.runs, 0, 1}))
            stand_in.do(work.Batch(batch.job, extra))
        if event == "stop after":
            raise KeyboardInterrupt
        if event in ("tear", "lose") and came.done:
            file = max((self.folder / "runs").iterdir(), key=lambda f: f.stat().st_mtime_ns)
            file.write_bytes(file.read_bytes()[:-9]) if event == "tear" else file.unlink()
        return came


EVENTS = ["nothing", "stop before", "stop after", "die", "die at a run", "die late", "break", "again", "tear", "lose"]


SESSIONS = st.lists(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=6), max_size=4)


@settings(max_examples=20)
@given(sessions=SESSIONS)
def test_any_interruptions_and_going_on_come_to_the_plan(sessions, tmp_path_factory, plan, undisturbed):
    _disturb(sessions, tmp_path_factory.mktemp("lab") / "disturbed", plan, undisturbed)


@pytest.mark.long
@settings(max_examples=500)
@given(sessions=SESSIONS)
def test_a_great_many_interruptions_and_going_on_come_to_the_plan(sessions, tmp_path_factory, plan, undisturbed):
    _disturb(sessions, tmp_path_factory.mktemp("lab") / "disturbed", plan, undisturbed)


def _disturb(sessions, folder, plan, undisturbed) -> None:
    with patch("os.fsync"):  # nobody cuts the power
        for events in sessions:
            try:
                outcome = run_plan(plan, folder, "serial", work=_Disturbed(folder, events))
            except Interrupted:
                continue
            assert outcome.done + outcome.failed + outcome.missing == N
            assert outcome.done == Store.open(folder).scan().count
        assert run_plan(plan, folder, "serial", work=stand_in.do).whole
    check_whole(folder)
    for table in ("runs", "trajectories", "ledger"):
        assert bits(folder, table) == bits(undisturbed, table)


# -- the agenda ------------------------------------------------------------------------------
def test_batches_grow_to_about_a_second_and_shrink_at_the_end():
    agenda = Agenda(work.Job("f", "t", "h"), np.arange(10_000), width=2)
    sizes = []
    while (batch := agenda.take()) is not None:
        sizes.append(len(batch.runs))
        agenda.settle(work.Came(batch, batch.runs, seconds=0.004 * len(batch.runs)))
    assert sizes[:5] == [1, 4, 16, 64, 250]
    assert max(sizes) == 250
    assert sizes[-1] < 20
    assert min(sizes[4:-1]) >= 250 // 16  # a part is not worth its while for less
    assert sum(sizes) == agenda.done == 10_000
    assert len(sizes) < 80


@given(fails=st.sets(st.integers(0, 19)), dies=st.sets(st.integers(0, 19)))
def test_only_runs_that_fail_twice_fail(fails, dies):
    agenda, tries = Agenda(work.Job("f", "t", "h"), np.arange(20)), dict.fromkeys(range(20), 0)
    while (batch := agenda.take()) is not None:
        good, broken = [], []
        for run in batch.runs:
            tries[run] += 1
            if run in dies:
                agenda.settle(work.Came(batch, died=True, suspects=(run,)))
                break
            (broken if run in fails else good).append(run)
        else:
            agenda.settle(work.Came(batch, tuple(good), tuple((run, "broken") for run in broken), 0.001))
    assert set(agenda.failures) == fails | dies
    assert agenda.done == 20 - len(fails | dies)
    assert all(tries[run] == 2 for run in dies)


def test_whose_process_dies_before_a_run_begins_is_blamed_for_nothing():
    agenda = Agenda(work.Job("f", "t", "h"), [0, 1], alone=[2])
    for _ in range(5):
        batch = agenda.take()
        assert agenda.settle(work.Came(batch, died=True)) == []
    taken = []
    while (batch := agenda.take()) is not None:
        taken += batch.runs
        agenda.settle(work.Came(batch, batch.runs, seconds=1.0))
    assert sorted(taken) == [0, 1, 2]
    assert agenda.failures == {}


def test_the_run_a_process_died_at_is_known(tmp_path):
    (tmp_path / ".at").mkdir()
    batch = work.Batch(work.Job(str(tmp_path), "token", "hash"), (3, 4, 5))
    assert work.suspects_of(batch) == ()
    with work.trace(batch) as at:
        assert work.suspects_of(batch) == (3, 4, 5)
        at(3)
        at(4)
        assert work.suspects_of(batch) == (4,)
    assert work.suspects_of(batch) == ()


def test_executors_by_name():
    assert executor_of("processes", 3, {"address": None}).width == 3
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
