"""`kmsim sweep`: what is typed becomes the plan that is meant, `-m` the equal grid, and nothing odd becomes a traceback."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmsim.cli import main, sweep
from kmsim.lab.design import KINDS
from kmsim.lab.plan import Plan
from kmsim.lab.sweeping import Sweep

SMALL = ("system=village", "years=2", "funded_years=1", "policies=coaching")


@pytest.fixture
def asked(kmsim, monkeypatch):
    """What a command line asks for, without running it."""

    def ask(*words: str) -> Sweep:
        found = []
        with monkeypatch.context() as patch:
            patch.setattr(sweep, "run", lambda asked, command, terminal: found.append(asked) or 0)
            said = kmsim("sweep", *words)
        assert (said.code, said.err) == (0, ""), said.err
        return found[0]

    return ask


@pytest.fixture
def plan(asked):
    return lambda *words: asked(*SMALL, *words).plan


def scenarios(plan: Plan) -> list[dict]:
    return [*plan.scenarios]


# -- what is typed ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("design.vary.theta=[1,2,3]", {"parameters.theta": [1, 2, 3]}),
        ("design.vary.theta=1,2,3", {"parameters.theta": [1, 2, 3]}),
        ("design.vary.theta=2", {"parameters.theta": [2]}),
        ("design.vary.theta=1..3", {"parameters.theta": [1, 2, 3]}),
        ("design.vary.parameters.theta=1..3", {"parameters.theta": [1, 2, 3]}),
        ("design.vary.theta=prior", {"parameters.theta": [1, 2.5, 4]}),
        ("design.vary.network.ownership=0.2,0.8", {"network.ownership": [0.2, 0.8]}),
        ("design.vary.budget=[1e6,null,auto]", {"budget": [1e6, None, "auto"]}),
        ("design.vary.practice=metacognition,generic_enquiry", {"practice": ["metacognition", "generic_enquiry"]}),
        ("design.vary={theta: [1, 2], budget: 1e6}", {"parameters.theta": [1, 2], "budget": [1e6, 1e6]}),
        ("design.vary.ticks_per_year=[6,12]", {"ticks_per_year": [6, 12]}),
    ],
)
def test_what_varies(plan, word, values):
    found = scenarios(plan("design=grid", word))
    assert {key: [row[key] for row in found] for key in found[0]} == values


def test_names_with_commas_and_quotes(asked):
    found = asked("system=borough", "design=grid", 'design.vary.system.la=[Hackney,"Bristol, City of"]').plan
    assert [row["system.la"] for row in found.scenarios] == ["Hackney", "Bristol, City of"]
    found = asked("system=borough", "design=grid", "design.vary.system.la='Bristol, City of'").plan
    assert [row["system.la"] for row in found.scenarios] == ["Bristol, City of"]


def test_rows_and_tables(plan, tmp_path):
    (tmp_path / "mine (1).csv").write_text("theta,budget\n1,1e6\n2,null\n", encoding="utf-8")
    listed = plan("design=list", "design.rows=[{theta: 1, budget: 1e6}, {theta: 2, budget: null}]")
    tabled = plan("design=table", "design.path=mine (1).csv")
    assert scenarios(listed) == [{"parameters.theta": 1, "budget": 1e6}, {"parameters.theta": 2, "budget": None}]
    assert scenarios(tabled) == scenarios(listed)
    assert tabled.keys().tolist() == listed.keys().tolist()


def test_settings_of_designs(plan):
    assert plan("design.n=8").table.count == 8
    assert plan("design=sobol", "design.n=8", "design.seed=2") != plan("design=sobol", "design.n=8")
    assert plan("design=grid", "design.vary.theta=1..3", "design.levels=5").table.count == 5
    assert plan("design=grid", "design.replicates=4").replicates == plan("design=grid", "replicates=4").replicates == 4


def test_who_runs_changes_no_plan(asked):
    one = asked(*SMALL, "design=grid", "workers=3", "executor=dask", "executor.address=tcp://127.0.0.1:1")
    assert (one.executor, one.workers, one.options) == ("dask", 3, {"address": "tcp://127.0.0.1:1"})
    assert one.plan == asked(*SMALL, "design=grid").plan
    assert one.folder == asked(*SMALL, "design=grid").folder
    assert asked(*SMALL, "design=grid", "name=mine").folder == Path("results/sweep/mine")


# -- Hydra's style ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("hydra", "equal"),
    [
        (["policy=coaching,codesigned_networks"], ["policies=coaching,codesigned_networks"]),
        (["policy=coaching"], []),
        (["parameters.theta=1,2,3"], ["design.vary.theta=[1,2,3]"]),
        (["parameters.theta=range(1,4)"], ["design.vary.theta=[1,2,3]"]),
        (["parameters.theta=range(1,4,2)"], ["design.vary.theta=[1,3]"]),
        (["parameters.theta=choice(1,2)"], ["design.vary.theta=[1,2]"]),
        (["parameters.theta=2"], ["parameters.theta=2"]),
        (["parameters.theta=1,2", "budget=1e6,null"], ["design.vary.theta=[1,2]", "design.vary.budget=[1e6,null]"]),
        (["practice=metacognition,generic_enquiry"], ["design.vary.practice=metacognition,generic_enquiry"]),
        (["practice=[metacognition,generic_enquiry]"], ["practice=[metacognition,generic_enquiry]"]),
        (["network=mat,nlc"], ["design.vary.network=mat,nlc"]),
        (["seed=3,4,5"], ["seed=3", "replicates=3"]),
        (["seed=range(1,6)"], ["replicates=5"]),
        (["outcomes=depth,gap", "parameters.theta=1,2"], ["outcomes=depth,gap", "design.vary.theta=[1,2]"]),
        (["design.vary.theta=[1,2]", "design.replicates=2"], ["design.vary.theta=[1,2]", "replicates=2"]),
        (["design=grid"], []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("flag", ["-m", "--multirun"])
def test_multirun_is_the_equal_grid(asked, hydra, equal, flag):
    small = SMALL[:3]
    policies = [] if any(word.startswith("polic") for word in hydra) else [SMALL[3]]
    meant = [] if any(word.startswith("polic") for word in equal) else [SMALL[3]]
    one = asked(flag, *small, *policies, *hydra)
    other = asked(*small, "design=grid", *meant, *equal)
    assert one.plan == other.plan
    assert one.plan.keys().tolist() == other.plan.keys().tolist()
    assert one.folder == other.folder


def test_multirun_of_names_with_commas(asked):
    found = asked("-m", "system=borough", "system.la='Bristol, City of',Hackney", "policy=coaching").plan
    assert [row["system.la"] for row in found.scenarios] == ["Bristol, City of", "Hackney"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["parameters.theta=interval(1,3)"], "design.vary.KEY=1..3"),
        (["parameters.theta=glob(*)"], "design.vary.KEY=1..3"),
        (["parameters.theta=shuffle(range(1,4))"], "design.vary.KEY=1..3"),
        (["parameters.theta=1,"], "a sweep as Hydra reads it"),
        (["system.la=King's,Hackney"], "a sweep as Hydra reads it"),
        (["parameters.theta=range(1,4,0)"], "parameters.theta=range(1,4,0)"),
        (["parameters.theta=range(4,1)"], "expected numbers and names between the commas"),
        (["parameters.theta=[1],[2]"], "expected numbers and names between the commas"),
        (["parameters.theta=1,9"], "design.vary.parameters.theta=9: expected a number from 0 to 8"),
        (["parameters.theta=1,1"], "each value once"),
        (["parameters.theta=1,2", "parameters.theta=3"], "no value beside design.vary.parameters.theta"),
        (["policy=coaching", "policies=coaching"], "each key once"),
        (["policy=coachin,grassroots"], "did you mean 'coaching'"),
        (["seed=1,3"], "whole numbers one after another"),
        (["seed=a,b"], "whole numbers one after another"),
        (["seed=1,2", "replicates=3"], "given twice"),
        (["replicates=1,2"], "one value"),
        (["executor=serial,dask"], "executor=serial,dask"),
        (["design.n=1,2"], "one value"),
        (["design=lhs"], "design=grid with -m"),
        (["yeers=1,2"], "did you mean 'years'"),
        (["+years=1,2"], "neither added nor removed"),
        (["hydra.sweeper.params=1"], "Hydra's own settings"),
        (["system.la=${oc.env:HOME},x"], "refused"),
    ],
)  # fmt: skip
def test_bad_multiruns(kmsim, tmp_path, words, told):
    said = kmsim("sweep", "-m", *SMALL[:3], *words)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1), said.err
    assert told in said.err
    assert not [*tmp_path.iterdir()]


def test_only_sweep_takes_m(kmsim):
    said = kmsim("run", "-m", "policy=coaching,grassroots")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "kmsim sweep -m" in said.err


# -- bad words -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["theta=3"], "did you mean 'parameters.theta'"),
        (["n=5"], "did you mean 'design.n'"),
        (["vary.theta=1..3"], "vary.theta"),
        (["design.vary.thta=1..3"], "design.vary=thta: not a key that can vary; did you mean 'theta'?"),
        (["design.vary.network.ownershp=0..1"], "did you mean 'network.ownership'?"),
        (["design.vary.theta.x=1"], "did you mean"),
        (["design.vary.a.b.c=1"], "design.vary.a.b.c"),
        (["design.vary=theta"], "design.vary=theta: expected keys and what they vary over"),
        (["design.vary={theta: 1..3"], "{theta: 1..3, r_try: [2, 3]}"),
        (["design.vary={theta: 1..3}", "design.vary.parameters.theta=1..2"], "given twice"),
        (["design.vary.theta="], "design.vary.theta=: expected a number from 0 to 8 (contacts)"),
        (["design.vary.theta=[]"], "at least one"),
        (["design.vary.theta=1,"], "before and after each comma"),
        (["design.vary.theta=1...3"], "design.vary.theta=1...3"),
        (["design.vary.theta=1..2..3"], "design.vary.theta=1..2..3"),
        (["design.vary.theta=3..1"], "a range that rises"),
        (["design.vary.theta=1..30"], "expected a number from 0 to 8 (contacts)"),
        (["design.vary.theta=1..3", "design.vary.parameters.theta=1..2"], "given twice"),
        (["design.vary.theta=1..3", "parameters.theta=2"], "no value beside design.vary.theta"),
        (["design.vary.policy=coaching"], "policies are levers"),
        (["design.vary.network.ownership=0..3", "design.n=64"], "expected a number from 0 to 1"),
        (["design.vary.practice=metacogntion"], "did you mean 'metacognition'"),
        (["design=lsh"], "design=lsh: not a design; did you mean 'lhs'?"),
        (["design="], "not a design"),
        (["design=../lhs"], "not a design"),
        (["design.n=0"], "design.n=0: expected a whole number from 1"),
        (["design.n=1.5"], "design.n=1.5: expected a whole number"),
        (["design.levels=3"], "design.levels: not a setting of design=lhs"),
        (["design=sobol", "design.n=100"], "a power of 2"),
        (["design=table"], "design.path=None: expected the path"),
        (["design=table", "design.path=none.csv"], "none.csv: "),
        (["design=list", "design.rows=3"], "design.rows=3: expected a list of scenarios"),
        (["design=list", "design.rows=[{theta: 1"], "scenarios such as"),
        (["design=list", "design.rows=[&a {theta: 1}, *a]"], "column 2: anchors"),
        (["design=list", "design.rows=[!!python/object/apply:os.getcwd []]"], "column 2: tags"),
        (["design=list", "design.rows=" + "[" * 5000], "scenarios such as"),
        (["experiment=first_lok"], "did you mean 'first_look'"),
        (["executor=proceses"], "did you mean 'processes'"),
        (["executor.adress=x"], "executor.adress"),
        (["executor.address=x"], "executor.address=x"),
        (["trajectories=some"], "trajectories=some: not a choice"),
        (["replicates=0"], "replicates=0: expected a whole number"),
        (["replicates=2", "design.replicates=2"], "they are the same"),
        (["policies=business_as_usual", "design.vary.network.cpd=0..1"], "one with a network"),
        (["name=../x"], "name=../x"),
        (["workers=0"], "workers=0"),
        (["--trust-code=none.py"], "--trust-code=none.py: no such file"),
        (["--trust-code"], "--trust-code: expected the file in the same word, such as --trust-code=levers.py"),
        (["design.n=5", "--multi"], "flag=--multi"),
    ],
)  # fmt: skip
def test_bad_words(kmsim, tmp_path, words, told):
    small = [word for word in SMALL if word.partition("=")[0] not in {w.partition("=")[0] for w in words}]
    said = kmsim("sweep", *small, *words)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1), said.err
    assert said.err.startswith("kmsim: ")
    assert told in said.err
    assert len(said.err) < 400
    assert not [*tmp_path.iterdir()]


SIGNS = "=.,[]{}()'\"&*!%|>-#:?@`~+$\\/ 0123456789eé\x00\x1b\n"
BITS = ".. range( choice( interval( theta null design design.vary. design.rows parameters. 1..3 -m --trust-code policy ${ nan 1e999"
KEYS = (
    "design.vary.theta design.vary.system.la design.rows design.path design.n design experiment parameters.theta policy "
    "policies seed system.la budget executor name outcomes"
)
words = st.lists(st.sampled_from([*SIGNS, *BITS.split()]), min_size=1, max_size=8).map("".join)
keys = st.sampled_from(KEYS.split())


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    word=st.one_of(words, st.builds("{}={}".format, keys, words)),
    more=st.sampled_from([[], ["-m"], ["design=grid"], ["design=list"], ["design=table"]]),
)
def test_no_word_makes_a_traceback_or_a_folder(kmsim, tmp_path, monkeypatch, capsys, word, more):
    with monkeypatch.context() as patch:
        patch.setattr(sweep, "run", lambda *given: 0)
        code = main(["sweep", "system=village", *more, word])
    out, err = capsys.readouterr()
    assert code in (0, 2), err
    assert not out or "usage:" in out
    if code == 2:
        assert err.count("\n") == 1
        assert "internal error" not in err
    assert not [*tmp_path.iterdir()]


# -- help, and the real thing -------------------------------------------------------------
def test_help_tells_designs_and_the_words_of_xlrm(kmsim):
    out = kmsim("sweep", "--help").out
    for word in ("uncertainties", "levers", "relationships", "measures", "-m", "--trust-code=FILE"):
        assert word in out
    assert sweep.DESIGNS == tuple(KINDS)
    for kind in KINDS:
        assert f"design={kind}" in out or f", {kind})" in out
    for key in {key for own in KINDS.values() for key in own}:
        assert f"design.{key}" in out


def test_help_imports_nothing_heavy():
    code = "from kmsim.cli import main; main(['sweep', '--help']); import sys; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"hydra", "numpy", "pandas", "pyarrow", "duckdb", "scipy", "numba"} & {*done.stderr.split()}


def test_designs_and_experiments_are_listed_and_shown(kmsim):
    assert "first_look" in kmsim("list", "experiments").out
    assert "lhs" in kmsim("list", "designs").out
    assert "design.n" in kmsim("show", "experiment", "first_look").out


def test_a_small_sweep_and_the_same_again(kmsim):
    words = ("sweep", *SMALL, "design=grid", "design.vary.theta=1,2", "executor=serial", "name=first")
    said = kmsim(*words)
    assert said.code == 0, said.err
    assert "2 of 2 runs are done, in results/sweep/first" in said.out
    assert "coaching" in said.out
    parts = sorted(Path("results/sweep/first/runs").iterdir())
    assert kmsim(*words).out == said.out
    assert sorted(Path("results/sweep/first/runs").iterdir()) == parts
    other = kmsim(*words, "seed=2")
    assert (other.code, other.out) == (2, "")
    assert "seed 1 (now 2)" in other.err


LEVER = """\
from dataclasses import dataclass

from kmsim.policies import Lever


@dataclass(frozen=True, kw_only=True)
class QuietHour(Lever):
    key = "quiet_hour"
    share: float = 0.1

    def sets(self):
        return {"collaboration": self.share}
"""


def test_a_users_own_lever_is_known_in_workers_too(tmp_path):
    """In processes of their own: what is trusted once stays trusted."""
    (tmp_path / "levers.py").write_text(LEVER, encoding="utf-8")
    (tmp_path / "quiet.yaml").write_text("levers:\n  - recruit: {}\n  - quiet_hour: {share: 0.5}\n", encoding="utf-8")
    words = [sys.executable, "-m", "kmsim.cli", "sweep", *SMALL[:3], "policies=quiet.yaml", "design=grid"]
    words += ["design.vary.theta=1,2", "workers=2", "name=quiet"]
    told = subprocess.run([*words], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (told.returncode, told.stderr.count("\n")) == (2, 1)
    assert "quiet_hour" in told.stderr
    told = subprocess.run([*words, "--trust-code=levers.py"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "2 of 2 runs are done" in told.stdout


def test_what_goes_wrong_in_a_users_own_code_is_told_as_theirs(tmp_path):
    broken = LEVER.replace("return {", "raise ValueError('no\\nway')\n        return {")
    (tmp_path / "levers.py").write_text(broken, encoding="utf-8")
    (tmp_path / "quiet.yaml").write_text("levers:\n  - recruit: {}\n  - quiet_hour: {share: 0.5}\n", encoding="utf-8")
    words = [sys.executable, "-m", "kmsim.cli", "sweep", *SMALL[:3], "policies=quiet.yaml", "--trust-code=levers.py"]
    told = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    line = 1 + next(i for i, text in enumerate(broken.splitlines()) if "raise" in text)
    assert (told.returncode, told.stderr) == (2, f"kmsim: {tmp_path / 'levers.py'}, line {line}: ValueError: no way\n")


@pytest.mark.parametrize(
    ("more", "loads"), [(["workers=2"], 1), (["workers=1"], 0), (["executor=serial"], 0), (["design=nothing"], 1)]
)
def test_the_model_loads_for_workers_while_the_sweep_is_planned(kmsim, monkeypatch, more, loads):
    from kmsim.lab import workers

    started = []
    monkeypatch.setattr(workers, "start_server", lambda: started.append("before the plan is made"))
    monkeypatch.setattr("kmsim.lab.ensemble.run_plan", lambda *_, **__: pytest.fail("it is not to run"))
    with suppress(pytest.fail.Exception):
        kmsim("sweep", *SMALL, *more)
    assert len(started) == loads
