"""Speed and load: first curves soon, late answers dropped, a polite no when too much waits, no error and no growth under load."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from kmsim.errors import RunFailed
from kmsim.workshop import crew as crew_module
from kmsim.workshop.crew import Crew
from kmsim.workshop.desk import Desk
from kmsim.workshop.results import steps_for
from kmsim.workshop.room import Room
from tests.workshop.conftest import KEY, VILLAGE

LEVERS = [round(0.05 * i, 2) for i in range(21)]


def run(asking):
    """asyncio.run in a thread of its own: a browser's tests, where they ran before in this process, leave a loop in the main one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asking).result()


def moved(scenario, i):
    arms = [dict(arm) for arm in scenario["policies"]]
    arms[i % 2] = arms[i % 2] | {"levers": {"cpd": LEVERS[i % 21], "ownership": LEVERS[(i // 21) % 21]}}
    return scenario | {"policies": arms}


def lever_times(camden, scenario, moves):
    first, whole = [], []
    for i in range(moves):
        ask = {"client": "speed", "number": i * 10 + 1, "scenario": moved(scenario, i + 500), "runs": 10}
        start = time.perf_counter()
        said = camden.presenter.post("/api/simulate", json=ask).json()
        first.append(time.perf_counter() - start)
        while said["next_runs"]:
            ask = ask | {"number": ask["number"] + 1, "runs": said["next_runs"]}
            said = camden.presenter.post("/api/simulate", json=ask).json()
        whole.append(time.perf_counter() - start)
        assert said["runs"] == 100
    return first, whole


def test_a_lever_change_has_its_curves_before_all_its_runs(camden, scenario):
    """How soon is what `long` and the benchmark measure."""
    camden.ask("simulate", client="speed", number=0, scenario=scenario, runs=10)
    first, whole = lever_times(camden, scenario, 2)
    assert all(early < late for early, late in zip(first, whole, strict=True))


@pytest.mark.long
def test_a_lever_change_has_its_curves_in_150_ms_and_all_runs_in_a_second(camden, scenario):
    camden.ask("simulate", client="speed", number=0, scenario=scenario, runs=10)
    first, whole = lever_times(camden, scenario, 40)
    print(
        f"first curves: median {statistics.median(first):.3f} s, p95 {sorted(first)[37]:.3f} s; all {statistics.median(whole):.3f} s"
    )
    assert statistics.median(first) < 0.15
    assert sorted(first)[37] < 0.3
    assert statistics.median(whole) < 1.0


def test_a_newer_request_ends_the_older(camden, scenario):
    async def both():
        headers = {"x-kmsim-key": KEY}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{camden.port}", headers=headers, timeout=60) as client:
            ask = {"client": "late", "number": 5, "scenario": scenario | {"seed": 77}, "runs": 100}
            older = asyncio.create_task(client.post("/api/simulate", json=ask))
            await asyncio.sleep(0.15)
            newer = await client.post(
                "/api/simulate", json=ask | {"number": 6, "scenario": scenario | {"seed": 78}, "runs": 2}
            )
            return await older, newer

    older, newer = run(both())
    assert newer.status_code == 200
    assert older.status_code == 409
    assert older.json()["error"]["code"] == "superseded"


def test_too_much_at_once_is_refused_politely(village, monkeypatch):
    monkeypatch.setattr(village.desk.crew, "most_waiting", 0)
    fresh = {"version": 1, "policies": [{"id": "A", "preset": "coaching"}], "years": 4, "seed": 4242}
    answer = village.presenter.post("/api/simulate", json={"client": "q", "number": 1, "scenario": fresh, "runs": 2})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["error"]["sentence"] == "many ask at once: try again in a moment"
    monkeypatch.undo()
    assert village.ask("simulate", client="q", number=2, scenario=fresh, runs=2)["runs"] == 2


def test_studies_do_not_pile_up(village, monkeypatch):
    monkeypatch.setattr(village.desk, "_studies", 2)
    fresh = {"version": 1, "policies": [{"id": "A", "preset": "coaching"}], "years": 4}
    assert village.presenter.post("/api/frontier", json={"client": "s", "scenario": fresh}).status_code == 503


def test_a_worker_that_dies_is_replaced_and_its_work_done(village):
    os.kill(village.desk.crew.pids[0], signal.SIGKILL)
    fresh = {"version": 1, "policies": [{"id": "A", "preset": "coaching"}], "years": 4, "seed": 99}
    assert village.ask("simulate", client="dead", number=1, scenario=fresh, runs=4)["runs"] == 4


def end_process() -> None:
    os._exit(3)


def test_what_ends_every_worker_is_refused_in_a_line_and_nobody_else_waits():
    async def main():
        crew = Crew(2, VILLAGE.settings)
        try:
            await crew.ready()
            with pytest.raises(RunFailed, match="a worker process died") as told:
                await crew.do(end_process)
            assert "\n" not in str(told.value)
            assert crew.deaths == 2
            return await asyncio.gather(*(crew.do(abs, -i) for i in range(5)))
        finally:
            crew.close()

    assert run(main()) == [0, 1, 2, 3, 4]


def test_a_crew_that_has_ended_refuses():
    async def main():
        crew = Crew(1, VILLAGE.settings)
        crew.close()
        with pytest.raises(RunFailed, match="have ended"):
            await crew.do(abs, -1)

    run(main())


def test_what_is_not_wanted_any_more_is_never_begun():
    async def main():
        crew = Crew(1, VILLAGE.settings)
        try:
            await crew.ready()
            slow = asyncio.create_task(crew.do(time.sleep, 0.5))
            await asyncio.sleep(0.05)
            dropped = [asyncio.create_task(crew.do(time.sleep, 900)) for _ in range(5)]
            await asyncio.sleep(0.05)
            for task in dropped:
                task.cancel()
            start = time.perf_counter()
            await slow
            await crew.do(time.sleep, 0)
            return time.perf_counter() - start
        finally:
            crew.close()

    assert run(main()) < 800  # none of those was waited for


def test_first_curves_come_before_more_runs():
    async def main():
        crew = Crew(1, VILLAGE.settings)
        done = []

        async def note(name, urgency):
            await crew.do(time.sleep, 0.01, urgency=urgency)
            done.append(name)

        try:
            await crew.ready()
            late = [asyncio.create_task(note("more", crew_module.MORE)) for _ in range(5)]
            await asyncio.sleep(0)
            await asyncio.gather(note("first", crew_module.FIRST), *late)
            return done
        finally:
            crew.close()

    assert run(main()).index("first") <= 2


def test_larger_systems_have_fewer_runs():
    assert [steps_for(n)[0] for n in (1_600, 10_000, 81_290, 700_000)] == [10, 6, 2, 1]


def test_what_is_kept_is_bounded():
    desk = Desk(VILLAGE, None, Room())  # type: ignore[arg-type]
    from kmsim.workshop.setup import read_setup

    for seed in range(desk.results.most + 20):
        setup = read_setup({"version": 1, "policies": [{"id": "A", "preset": "coaching"}], "seed": seed})
        desk.results.scenario(setup, setup.arms[0])
    assert len(desk.results._kept) == desk.results.most


async def crowd(port, scenario, clients, moves, pause, runs=10):
    """Clients that each move a lever, look, and move again; the times of their first curves, and what went wrong."""
    times, wrong = [], []

    async def one(k):
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"x-kmsim-key": KEY}, timeout=60
        ) as client:
            await asyncio.sleep(pause * k / clients)
            for i in range(1, moves + 1):
                ask = {"client": f"c{k}", "number": i, "scenario": moved(scenario, k * 37 + i), "runs": runs}
                start = time.perf_counter()
                answer = await client.post("/api/simulate", json=ask)
                times.append(time.perf_counter() - start)
                if answer.status_code != 200:
                    wrong.append(answer.text)
                await asyncio.sleep(max(0.0, pause - (time.perf_counter() - start)))

    await asyncio.gather(*(one(k) for k in range(clients)))
    return times, wrong


def test_twenty_clients_with_two_moves_each(village):
    scenario = village.start()["scenario"]
    times, wrong = run(crowd(village.port, scenario, 20, 2, 2.0, runs=2))
    assert not wrong
    assert len(times) == 40


@pytest.mark.long
def test_twenty_clients_for_ten_minutes(camden, scenario):
    before = None
    p95s = []
    for minute in range(10):
        times, wrong = run(crowd(camden.port, scenario, 20, 15, 4.0))
        assert not wrong
        p95s.append(sorted(times)[int(0.95 * len(times))])
        memory = psutil.Process().memory_info().rss
        print(
            f"minute {minute + 1}: {len(times)} moves, p95 {p95s[-1]:.3f} s, memory {memory / 1e6:.0f} MB", flush=True
        )
        if minute == 4:
            before = memory
    assert statistics.median(p95s) < 0.6
    assert memory < before * 1.1
