"""A disk that is full or read-only, and two processes on one folder: no loss, and one clear line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

import pytest

from kmsim.errors import KmsimError, RunFailed
from kmsim.lab.ensemble import run_plan
from kmsim.lab.store import Store
from tests.lab import stand_in
from tests.lab.folder import bits, check_whole

N = 400


@pytest.fixture
def disk(tmp_path):
    """A disk of 1 MB of its own, which may be made read-only."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    words = [str(mount), "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if mount is None or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here; test_store.py limits the size of files instead")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_a_disk_that_fills_up_keeps_what_is_done(disk, plan, undisturbed, executor):
    folder = disk / "e"
    Store.create(folder, plan)
    in_the_way = disk / "in the way"
    in_the_way.write_bytes(b"0" * (shutil.disk_usage(disk).free - 40_000))
    with pytest.raises(RunFailed) as error:
        run_plan(plan, folder, executor, 2, work=stand_in.do)
    told = str(error.value)
    assert told.startswith(f"{folder}: cannot be written: no space left on device; ")
    assert told.endswith(f" of {N} runs are kept; go on with: kmsim resume {folder}")
    kept = Store.open(folder).scan()
    assert 0 < kept.count < N
    assert kept.odd == {}
    in_the_way.unlink()
    assert run_plan(plan, folder, executor, 2, work=stand_in.do).whole
    check_whole(folder)
    assert bits(folder) == bits(undisturbed)


def test_a_disk_too_small_for_the_folder_itself(disk, plan):
    (disk / "in the way").write_bytes(b"0" * (shutil.disk_usage(disk).free - 8_000))
    with pytest.raises(KmsimError, match="e: cannot be written: no space left on device$"):
        run_plan(plan, disk / "e", "serial", work=stand_in.do)
    assert [path.name for path in disk.iterdir()] == ["in the way"]


def test_a_read_only_disk_can_be_asked_and_not_gone_on_with(disk, plan):
    import kmsim.lab
    from kmsim.lab.query import answer

    small = stand_in.plan_of(4)
    run_plan(small, disk / "e", "serial", work=stand_in.do)
    next((disk / "e" / "runs").iterdir()).unlink()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for folder in (disk / "e", disk / "new"):
        with pytest.raises(KmsimError, match=f"{folder}: cannot be written: read-only file system"):
            run_plan(small, folder, "serial", work=stand_in.do)
    assert kmsim.lab.open(disk / "e").done < 4
    assert Store.open(disk / "e").at_work() is None
    with answer(disk / "e", "SELECT count(*) FROM plan") as found:
        assert found.fetchall() == [(4,)]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path, plan):
    run_plan(plan, tmp_path / "e", "serial", work=stand_in.do)
    (tmp_path / "e").chmod(0o500)
    (tmp_path).chmod(0o500)
    try:
        for folder in (tmp_path / "e", tmp_path / "new"):
            with pytest.raises(KmsimError, match=f"{folder}: cannot be written: permission denied"):
                run_plan(plan, folder, "serial", work=stand_in.do)
    finally:
        tmp_path.chmod(0o700)
        (tmp_path / "e").chmod(0o700)


def test_two_processes_on_one_folder(tmp_path):
    words = ["sweep", "system=village", "design=grid", "design.vary.theta=2..4", "design.levels=1000", "name=mine"]
    words += ["policies=coaching", "replicates=10", "executor=serial"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "kmsim.cli", *words]
    first = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    runs = tmp_path / "results" / "sweep" / "mine" / "runs"
    end = time.monotonic() + 200
    while not list(runs.glob("*.parquet")):
        assert first.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    second = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=env, timeout=100, check=False)
    assert first.poll() is None
    first.kill()
    first.communicate()
    assert second.returncode == 2
    last = second.stderr.splitlines()[-1]
    assert last.startswith(f"kmsim: results/sweep/mine: process {first.pid} on ")
    assert last.endswith("is at work in it; wait until it is done")
    assert "Traceback" not in second.stderr
