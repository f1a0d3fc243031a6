"""The benchmark: what the speed page asks for, measured here and now. Ratios within one run are what to compare.

Times are processor seconds of this process (the best of several), because these machines are shared and noisy.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from kmsim.agents import Teacher
from kmsim.lab import ensemble_bench
from kmsim.lab.pool import system_of
from kmsim.lab.words import columns
from kmsim.model import Model
from kmsim.scenario import read_scenario
from kmsim.system.build import build
from kmsim.system.built import System

POLICY = "codesigned_networks"
THREE_THOUSAND = {"source": "synthetic", "n_schools": 137, "region": "England", "seed": 3}  # 3,027 posts
PRACTICES = ["formative_assessment", "scripted_language", "metacognition", "generic_enquiry"]
Row = tuple[str, str, str]


def best(work: Callable[[], Any], times: int = 3) -> float:
    """The least processor time that the work takes, in seconds."""
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def running(system: System, times: int = 3, **settings: Any) -> tuple[float, int]:
    """Processor seconds of a run from its first tick to its last (the model already made), and its agent-steps."""
    found = []
    steps = 0
    for _ in range(times):
        model = Model(system=system, policy=POLICY, **({"budget": None} | settings))
        start = time.process_time()
        model.run()
        found.append(time.process_time() - start)
        steps = model.ticks * system.n_posts * len(model.practice_names)
    return min(found), steps


def against_oracle(system: System) -> Row:
    """The compiled model against plain Mesa objects, same rules, same run; the oracle's draws are left out of its time."""
    name = f"against plain Mesa, {system.n_posts:,} teachers"
    try:
        from tests.oracle.model import OracleModel
    except ImportError:
        return name, "only in a checkout", "200 x"
    from kmsim import configuration

    engine = Model(system=system, policy=POLICY, budget=None, years=1, funded_years=1)
    oracle = OracleModel(
        system=system,
        policy=configuration.read("policy", POLICY),
        practices=[configuration.read("practice", PRACTICES[0])],
        parameters=engine.parameters,
        seed=1,
        years=1,
        funded_years=1,
        ticks_per_year=6,
        time_draws=True,
    )
    start = time.process_time()
    for _ in range(6):
        oracle.step()
    theirs = time.process_time() - start - oracle.draw_seconds
    ours, _ = running(system, 5, years=1, funded_years=1)
    return name, f"{theirs / ours:,.0f} x", "200 x"


def runs_a_second(system_settings: dict[str, Any]) -> Row:
    """Whole runs of 3,000 teachers, settings to outcomes, on one processor."""
    scenarios = [read_scenario(system=system_settings, policy=POLICY, seed=seed, budget=None) for seed in range(12)]
    system = system_of(scenarios[0].system)

    def run_all() -> None:
        for scenario in scenarios:
            Model(system=system, scenario=scenario).run().outcome_arrays()

    run_all()
    seconds = best(run_all) / len(scenarios)
    return "3,000 teachers, 10 years: runs a second, one processor", f"{1 / seconds:,.0f}", "250"


def memory_mb() -> float:
    """Memory this process holds now, MB (nan where the system does not say)."""
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:
            return int(stream.read().split()[1]) * 4096 / 2**20
    except OSError:
        return float("nan")


def slope(sizes: list[float], seconds: list[float]) -> float:
    """The slope of log time on log size: 1 is linear.

    >>> round(slope([1, 2, 4], [3, 6, 12]), 3)
    1.0
    """
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def growth(england: System) -> list[Row]:
    """How time grows with teachers, ticks and practices."""
    thinner = [build("england", {"scale": scale}) for scale in (16, 4)] + [england]
    by_teachers = [running(system, 2, years=2, funded_years=1)[0] for system in thinner]
    middle = thinner[1]
    by_ticks = [running(middle, 2, years=years, funded_years=1)[0] for years in (2, 4, 8)]
    by_practices = [running(middle, 2, years=2, funded_years=1, practice=PRACTICES[:k])[0] for k in (1, 2, 4)]
    return [
        ("growth with teachers (slope)", f"{slope([s.n_posts for s in thinner], by_teachers):.2f}", "0.9-1.1"),
        ("growth with ticks (slope)", f"{slope([2, 4, 8], by_ticks):.2f}", "0.9-1.1"),
        ("growth with practices (slope)", f"{slope([1, 2, 4], by_practices):.2f}", "0.9-1.1"),
    ]


def rows(quick: bool = False) -> list[Row]:
    """Every row: what, measured here, to reach."""
    small = build(THREE_THOUSAND)
    Model(system=small, policy=POLICY, years=1, funded_years=1).run()
    found = [against_oracle(small), runs_a_second(THREE_THOUSAND)]
    seconds, steps = running(small)
    found.append((f"{small.n_posts:,} teachers, 60 ticks: ns an agent-step", f"{seconds / steps * 1e9:.1f}", "-"))
    found += ensemble_bench.rows(THREE_THOUSAND, quick)
    if quick:
        return found
    before = memory_mb()
    found.append(("building England, s", f"{best(lambda: build('england'), 2):.2f}", "-"))
    england = build("england")
    seconds, steps = running(england, 2)
    found.append((f"England, {england.n_posts:,} teachers, 60 ticks, s", f"{seconds:.2f}", "0.5"))
    found.append(("... ns an agent-step", f"{seconds / steps * 1e9:.1f}", "15"))
    model = Model(system=england, policy=POLICY, budget=None)
    model.run()
    assert len(model.tables[Teacher]) == england.n_posts
    found.append(("memory, England, MB", f"{memory_mb() - before:.0f}", "400"))
    found.append(("England, 4 practices, s", f"{running(england, 1, practice=PRACTICES)[0]:.2f}", "2"))
    found.append(("England, 390 weekly ticks, s", f"{running(england, 1, ticks_per_year=39)[0]:.2f}", "4"))
    found += growth(england)
    command = [sys.executable, "-m", "kmsim.cli", "--help"]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    found.append(("kmsim --help, s", f"{time.perf_counter() - start:.2f}", "0.7"))
    return found


def main(words: list[str] | None = None) -> int:
    """Print the benchmark; `quick=true` leaves England out. Returns 0."""
    quick = "quick=true" in (words or [])
    print(columns([["what", "here", "to reach"], *rows(quick)], 70))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
