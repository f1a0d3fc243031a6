"""Ensembles on Dask: a cluster of this machine, one at an address, and jobs of SLURM (played by a shell script)."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="the extra `dask` is not installed")

from kmsim.errors import KmsimError, RunFailed
from kmsim.lab.ensemble import run_plan
from kmsim.lab.executors.dask import Slurm
from kmsim.lab.store import Store
from tests.lab import process, stand_in
from tests.lab.folder import bits, check_whole

N = 60


def test_a_cluster_of_this_machine_gives_the_same_bits(tmp_path, plan, undisturbed):
    assert run_plan(plan, tmp_path / "e", "dask", 2, work=stand_in.do).whole
    check_whole(tmp_path / "e")
    for table in ("runs", "trajectories", "ledger"):
        assert bits(tmp_path / "e", table) == bits(undisturbed, table)


def test_a_run_that_kills_its_worker_is_noted_alone_after_two_tries(tmp_path, plan):
    outcome = run_plan(plan, tmp_path / "e", "dask", 2, work=stand_in.do_poisoned)
    assert (outcome.done, outcome.failed, outcome.missing) == (N - 2, 2, 0)
    errors = [row["error"] for row in Store.open(tmp_path / "e").failures()]
    assert errors[1] == "the process that ran it died twice: killed, or out of memory"


def test_what_shares_a_worker_with_a_killer_is_not_blamed(tmp_path, plan):
    import dask
    from distributed import LocalCluster

    patient = {"distributed.scheduler.allowed-failures": 0}
    with (
        dask.config.set(patient),
        LocalCluster(n_workers=1, threads_per_worker=4, dashboard_address=":0", silence_logs=50) as cluster,
    ):
        outcome = run_plan(plan, tmp_path / "e", "dask", address=cluster.scheduler_address, work=stand_in.do_poisoned)
    assert [row["scenario"] for row in Store.open(tmp_path / "e").failures()] == [2, 3]
    assert (outcome.done, outcome.failed) == (N - 2, 2)


def test_a_cluster_of_ours_that_loses_its_workers_is_made_anew(tmp_path, plan, undisturbed, monkeypatch):
    """As when Dask's nannies do not bring a worker back."""
    from kmsim.lab.executors import dask

    monkeypatch.setattr(dask, "SECONDS_WITHOUT", 2)
    clusters: list = []
    made = dask.Dask._local

    @contextmanager
    def watched(self):
        with made(self) as cluster:
            clusters.append(cluster)
            yield cluster

    def lose_them(done: int, *_) -> None:
        if len(clusters) == 1 and done >= 1:  # most is still to be done
            dask._end_workers(clusters[0])

    monkeypatch.setattr(dask.Dask, "_local", watched)
    assert run_plan(plan, tmp_path / "e", "dask", 2, lose_them, work=stand_in.do_slowly).whole
    assert len(clusters) == 2
    check_whole(tmp_path / "e")
    assert bits(tmp_path / "e") == bits(undisturbed)


def test_a_cluster_without_workers_is_waited_for_and_told(tmp_path, plan, monkeypatch):
    from distributed import LocalCluster

    from kmsim.lab.executors import dask

    monkeypatch.setattr(dask, "SECONDS_WITHOUT", 0)
    with LocalCluster(n_workers=0, threads_per_worker=1, processes=False, dashboard_address=":0") as cluster:
        threading.Timer(3, lambda: cluster.scale(1)).start()
        with pytest.warns(UserWarning, match="has no workers; waiting for some"):
            run_plan(plan, tmp_path / "e", "dask", address=cluster.scheduler_address, work=stand_in.do)
    check_whole(tmp_path / "e")


def test_a_cluster_at_an_address(tmp_path, plan, undisturbed):
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0") as cluster:
        outcome = run_plan(plan, tmp_path / "e", "dask", address=cluster.scheduler_address, work=stand_in.do)
    assert outcome.whole
    assert bits(tmp_path / "e") == bits(undisturbed)


def test_a_scheduler_that_goes_away_is_told_in_one_line_and_what_is_done_stays(tmp_path, plan):
    port = str(_free_port())
    dask = [sys.executable, "-m", "dask"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"], **silent
    )
    address = f"tcp://127.0.0.1:{port}"
    worker = subprocess.Popen([*dask, "worker", address, "--no-nanny", "--nthreads", "1"], env=env, **silent)

    def gone(done: int, *_) -> None:
        if done >= 10:
            scheduler.kill()

    try:
        _until_answered(int(port))
        with pytest.raises(
            RunFailed, match=r"the connection to the Dask scheduler was lost; .* runs are kept; go on with: "
        ):
            run_plan(plan, tmp_path / "e", "dask", None, gone, address=address, work=stand_in.do_slowly)
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait()
    assert Store.open(tmp_path / "e").scan().count >= 10
    assert run_plan(plan, tmp_path / "e", "serial", work=stand_in.do).whole


def _until_answered(port: int) -> None:
    """Wait until somebody listens at a port."""
    end = time.monotonic() + process.BOUND
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=60).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def test_an_address_where_nobody_answers(tmp_path, plan, monkeypatch):
    from kmsim.lab.executors import dask

    monkeypatch.setattr(dask, "SECONDS_TO_CONNECT", 0.5)
    loud = logging.getLogger("distributed").level
    (tmp_path / "e").mkdir()  # empty: as good as none
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        with pytest.raises(KmsimError, match=f"executor.address={address}: no Dask scheduler answers there"):
            run_plan(plan, tmp_path / "e", "dask", address=address, work=stand_in.do)
        assert list((tmp_path / "e").iterdir()) == []  # nothing half-written
        assert logging.getLogger("distributed").level == loud


def test_without_the_extra_the_line_that_installs_it_is_told(tmp_path, plan, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(KmsimError, match=r"not installed; install it with: pip install 'kmsim\[dask\]'"):
        run_plan(plan, tmp_path / "e", "dask", 2, work=stand_in.do)


def test_ctrl_c_ends_it(tmp_path):
    sweep = process.start(tmp_path, *process.MANY, "executor=dask")
    process.until_parts(sweep, tmp_path / process.FOLDER, 3)
    err = process.interrupted(sweep)
    assert sweep.returncode == 130
    assert err.splitlines()[-1].endswith(" of 10,000 runs are kept; go on with: kmsim resume results/sweep/mine")
    assert "Traceback" not in err
    assert Store.open(tmp_path / process.FOLDER).at_work() is None


# -- SLURM -----------------------------------------------------------------------------
SBATCH = """#!/bin/sh
for last; do :; done
cp "$last" "$0.$$.job"
sh "$0.$$.job" > "$0.$$.log" 2>&1 &
echo "Submitted batch job $!"
"""


@pytest.fixture
def slurm(tmp_path, monkeypatch) -> Path:
    """A folder with an sbatch that runs its job here, at once, and a scancel."""
    pytest.importorskip("dask_jobqueue")
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in {"sbatch": SBATCH, "scancel": '#!/bin/sh\npkill -P "$1"; kill "$1"\n'}.items():
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    return folder


def test_the_job_script_asks_for_what_was_given():
    pytest.importorskip("dask_jobqueue")
    script = Slurm(jobs=20, cores=4, memory="8GB", walltime="04:00:00", queue="long", account="edu").job_script()
    for line in ("-p long", "-A edu", "--cpus-per-task=4", "--mem=8G", "-t 04:00:00"):
        assert f"#SBATCH {line}\n" in script
    assert "export NUMBA_NUM_THREADS=1\n" in script
    assert f"{sys.executable} -m distributed.cli.dask_worker tcp://" in script
    assert "--nthreads 1 " in script
    assert "--nworkers 4 " in script


def test_jobs_of_slurm_do_a_plan(tmp_path, plan, undisturbed, slurm):
    assert run_plan(plan, tmp_path / "e", "slurm", jobs=2, cores=1, memory="1GB", work=stand_in.do).whole
    check_whole(tmp_path / "e")
    assert bits(tmp_path / "e") == bits(undisturbed)
    assert len(list(slurm.glob("*.job"))) == 2


def test_slurm_that_is_not_there_or_wrongly_asked_for(tmp_path, plan, monkeypatch):
    pytest.importorskip("dask_jobqueue")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KmsimError, match="sbatch is not found here"):
        run_plan(plan, tmp_path / "e", "slurm", work=stand_in.do)
    with pytest.raises(KmsimError, match=r"executor\.jobs=0: expected a whole number"):
        run_plan(plan, tmp_path / "e", "slurm", jobs=0, work=stand_in.do)
    assert not (tmp_path / "e").exists()


def test_jobs_that_cannot_be_asked_for_in_these_words_leave_no_folder(tmp_path, plan, slurm):
    with pytest.raises(KmsimError, match="executor=slurm: "):
        run_plan(plan, tmp_path / "e", "slurm", memory="lots", work=stand_in.do)
    assert not (tmp_path / "e").exists()


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ('#!/bin/sh\necho "sbatch: error: Invalid account" >&2\nexit 1\n', "Invalid account"),
        ("#!/bin/sh\necho hello\n", "hello"),
    ],
)
def test_an_sbatch_that_takes_no_job_is_told_in_its_own_words(slurm, plan, tmp_path, script, told):
    (slurm / "sbatch").write_text(script)
    with pytest.raises(KmsimError, match=f"executor=slurm: sbatch did not take the job: .*{told}") as error:
        run_plan(plan, tmp_path / "e", "slurm", work=stand_in.do)
    assert "\n" not in str(error.value)
    assert Store.open(tmp_path / "e").at_work() is None
