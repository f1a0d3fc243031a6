"""Compiling ahead: the types are those of every run, and what two processes compile serves all that follows."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import numba

from kmsim.model import Model, empty_world


def test_a_world_with_nobody_in_it_has_the_types_of_every_world():
    for practices in (["formative_assessment"], ["formative_assessment", "metacognition"]):
        model = Model(system="village", policy="coaching", practice=practices, years=1, funded_years=1)
        assert numba.typeof(empty_world()) == numba.typeof(model.world)


def test_two_processes_compile_all_that_a_model_needs_and_give_the_same_bits(tmp_path):
    """A phase that the process beside has compiled is found, not compiled again; a run afterwards compiles nothing."""
    script = """
        from kmsim.lab.compilation import compile_model
        from kmsim.phases.teachers import teachers
        from kmsim.phases.turnover import turnover
        from tests.test_model import bits, make

        if __name__ == "__main__":
            compile_model(2)
            compile_model(2)
            hits = [sum(phase.stats.cache_hits.values()) for phase in (teachers, turnover)]
            print(hits, bits(make("village", "codesigned_networks", 3).run()))
    """
    environment = os.environ | {"KMSIM_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", textwrap.dedent(script)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    from tests.test_model import bits, make

    assert run.stdout.split(" ", 2)[:2] == ["[1,", "1]"]
    assert run.stdout.split(" ", 2)[2].strip() == bits(make("village", "codesigned_networks", 3).run())
