"""A result is keyed by the content of every file that a setting names: runs, comparisons and sweeps, in one process."""

from __future__ import annotations

import os
import shutil

import pytest
import yaml

import kmsim
import kmsim.lab
from kmsim import configuration
from kmsim.errors import KmsimError
from kmsim.lab.comparison import config_of, plan_of
from kmsim.lab.pool import system_of
from kmsim.lab.provenance import config_hash, differences, files_of
from kmsim.lab.single import plan_run, run_planned
from kmsim.lab.sweeping import read_sweep
from kmsim.system.settings import settings

SHORT = {"years": 2, "funded_years": 1}
GIAS = (
    "URN,LA (code),LA (name),EstablishmentName,TypeOfEstablishment (name),EstablishmentTypeGroup (name),"
    "EstablishmentStatus (name),PhaseOfEducation (name),NumberOfPupils,SchoolCapacity,PercentageFSM,GOR (name),"
    "TrustSchoolFlag (name),Trusts (name),Federations (name),Easting,Northing\n"
    "100001,202,Camden,St Anne's,Community school,Local authority maintained schools,Open,Primary,210,240,12.5,London,"
    "Not applicable,,Not applicable,530000,180000\n"
    "100002,202,Camden,St John's,Community school,Local authority maintained schools,Open,Primary,330,340,22.5,London,"
    "Not applicable,,Not applicable,531000,181000\n"
)
POLICY = "summary: Mine.\nlevers:\n  - recruit: {}\n  - cpd: {intensity: 0.5, focus: 0.5}\n"
PRACTICE = "effect: 0.1\ncomplexity: 0.5\nscripting: 0.2\nobservability: 0.5\nevidence_strength: 3\n"
SYSTEM = "source: synthetic\nregion: London\nn_schools: 20\n"
POSTERIOR = "theta,r_try\n2.0,3.0\n2.5,4.0\n"


def edit(file, old: str, new: str) -> None:
    """Other content of the same size and time of change."""
    text, told = file.read_text(encoding="utf-8"), file.stat()
    assert old in text
    assert len(old) == len(new)
    file.write_text(text.replace(old, new), encoding="utf-8")
    os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "g.csv").write_text(GIAS, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "practice.yaml").write_text(PRACTICE, encoding="utf-8")
    (tmp_path / "system.yaml").write_text(SYSTEM, encoding="utf-8")
    (tmp_path / "table.csv").write_text("theta\n1.0\n2.0\n", encoding="utf-8")
    (tmp_path / "design.yaml").write_text("kind: grid\nvary: {theta: [1, 2]}\n", encoding="utf-8")
    (tmp_path / "preset.yaml").write_text(
        "system: village\ndesign: grid\npolicies: coaching\nyears: 5\n", encoding="utf-8"
    )
    (tmp_path / "posterior").mkdir()
    (tmp_path / "posterior" / "posterior.csv").write_text(POSTERIOR, encoding="utf-8")
    for kind, text in (("policy", POLICY), ("practice", PRACTICE), ("system", SYSTEM)):
        (tmp_path / "kmsim-configs" / kind).mkdir(parents=True)
        (tmp_path / "kmsim-configs" / kind / "own.yaml").write_text(text, encoding="utf-8")
    return tmp_path


VILLAGE = {"system": "village"}
EXTRACT = {"system": "gias", "system.path": "g.csv"}
# what is edited -> settings that name it, the file, and the edit
OF_A_RUN = {
    "system.path": (EXTRACT, "g.csv", ("210", "310")),
    "system": ({"system": "system.yaml"}, "system.yaml", ("20", "30")),
    "policy": (VILLAGE | {"policy": "mine.yaml"}, "mine.yaml", ("intensity: 0.5", "intensity: 0.9")),
    "policy, its summary": (VILLAGE | {"policy": "mine.yaml"}, "mine.yaml", ("Mine", "Ours")),
    "practice": (VILLAGE | {"practice": "practice.yaml"}, "practice.yaml", ("0.1", "0.3")),
    "own policy": (VILLAGE | {"policy": "own"}, "kmsim-configs/policy/own.yaml", ("intensity: 0.5", "intensity: 0.9")),
    "own practice": (VILLAGE | {"practice": "own"}, "kmsim-configs/practice/own.yaml", ("0.1", "0.3")),
    "own system": ({"system": "own"}, "kmsim-configs/system/own.yaml", ("20", "30")),
}
OF_A_COMPARISON = {
    "posterior": (
        VILLAGE | {"uncertainty": "posterior", "draws": 2, "posterior": "posterior"},
        "posterior/posterior.csv",
        ("2.5", "2.6"),
    ),
}
OF_A_SWEEP = {
    "design.path": (VILLAGE | {"design": "table", "design.path": "table.csv"}, "table.csv", ("2.0", "3.0")),
    "design": (VILLAGE | {"design": "design.yaml"}, "design.yaml", ("[1, 2]", "[1, 3]")),
    "experiment": ({"experiment": "preset.yaml"}, "preset.yaml", ("years: 5", "years: 6")),
    "design.vary.system.path": (
        {"system": "gias", "design": "grid", "design.vary.system.path": ["g.csv"]},
        "g.csv",
        ("210", "310"),
    ),
    "design.vary.system": (
        {"design": "grid", "design.vary.system": ["system.yaml", "village"]},
        "system.yaml",
        ("20", "30"),
    ),
    "design.vary.practice": (
        VILLAGE | {"design": "grid", "design.vary.practice": ["practice.yaml", "metacognition"]},
        "practice.yaml",
        ("0.1", "0.3"),
    ),
}


def config_of_run(asked):
    return plan_run(**asked, **SHORT).config


def config_of_comparison(asked):
    policies = [asked["policy"]] if "policy" in asked else ["coaching"]
    rest = {key: value for key, value in asked.items() if key != "policy"}
    return config_of(plan_of(policies, 2, **rest, **SHORT))


def config_of_sweep(asked):
    policies = {"policies": [asked["policy"]] if "policy" in asked else ["coaching"]}
    rest = {key: value for key, value in asked.items() if key != "policy"}
    grid = {} if "design" in asked or "experiment" in asked else {"design": "grid"}
    return read_sweep(grid | policies | rest | ({} if "experiment" in asked else SHORT)).plan.config()


CASES = [
    pytest.param(make, *case, id=f"{make.__name__}: {name}")
    for make, cases in (
        (config_of_run, OF_A_RUN),
        (config_of_comparison, OF_A_RUN | OF_A_COMPARISON),
        (config_of_sweep, OF_A_RUN | OF_A_SWEEP),
    )
    for name, case in cases.items()
]


@pytest.mark.parametrize(("make", "asked", "name", "change"), CASES)
def test_other_content_is_another_config_and_the_file_is_named(here, make, asked, name, change):
    before = make(asked)
    assert config_hash(make(asked)) == config_hash(before)
    assert name in files_of(before)
    edit(here / name, *change)
    after = make(asked)
    assert config_hash(after) != config_hash(before)
    assert files_of(after)[name] != files_of(before)[name]
    assert name in differences(before, after)


def test_runs_of_a_sweep_have_other_keys_when_their_schools_have_other_content(here):
    for asked in (EXTRACT, OF_A_SWEEP["design.vary.system.path"][0]):
        one = read_sweep({"design": "grid", "policies": ["coaching"], **asked}).plan
        edit(here / "g.csv", "210", "310")
        other = read_sweep({"design": "grid", "policies": ["coaching"], **asked}).plan
        edit(here / "g.csv", "310", "210")
        assert one.run(0).key != other.run(0).key


def test_the_same_content_is_the_same_result_wherever_it_lies(here):
    (here / "elsewhere").mkdir()
    shutil.copy(here / "g.csv", here / "elsewhere" / "copy.csv")
    (here / "link.csv").symlink_to(here / "g.csv")
    asked = [
        EXTRACT | {"system.path": str(path)} for path in ("g.csv", here / "g.csv", "link.csv", "elsewhere/copy.csv")
    ]
    for make in (config_of_run, config_of_comparison, config_of_sweep):
        assert len({config_hash(make(one)) for one in asked}) == 1
        assert differences(make(asked[0]), make(asked[3])) == ""
    plans = [
        read_sweep({"design": "grid", "design.vary.system.path": [one["system.path"]], "system": "gias"})
        for one in asked
    ]
    assert len({plan.plan.run(0).key for plan in plans}) == 1


def test_what_was_planned_is_run_or_refused(here):
    planned = plan_run(policy="coaching", **EXTRACT, **SHORT)
    for seed in (11, 12):
        system_of(settings("village", {"seed": seed}))  # so that no cache has the extract's
    edit(here / "g.csv", "210", "310")
    with pytest.raises(KmsimError, match=r"system.path=g.csv: has changed since it was planned"):
        run_planned(planned)
    (here / "g.csv").unlink()
    with pytest.raises(KmsimError, match=r"system.path=g.csv: .*no such file"):
        run_planned(planned)


def test_one_process_sees_the_new_content_everywhere(here):
    asked = {"policy": "national_mandate", **EXTRACT, **SHORT}
    both = {"policies": ["coaching"], "replicates": 1, "workers": 1, **EXTRACT, **SHORT}
    found = []
    for _ in range(2):
        model = kmsim.Model(**asked)
        swept = kmsim.lab.sweep(
            here / f"sweep{len(found)}", design="grid", executor="serial", policies=["coaching"], **EXTRACT, **SHORT
        )
        found.append(
            [
                model.system.schools["pupils"].sum(),
                kmsim.run(**asked).outcomes.value.tolist(),
                kmsim.compare(**both).counts["pupils"],
                swept.runs().df()["cost_gbp"].tolist(),
            ]
        )
        edit(here / "g.csv", "210", "910") if len(found) == 1 else None
    for before, after in zip(*found, strict=True):
        assert before != after


def test_a_sweep_stops_in_one_line_when_a_file_changes_after_it_was_planned(here):
    from kmsim.lab.ensemble import run_plan

    for asked in (EXTRACT, OF_A_SWEEP["design.vary.system.path"][0]):
        plan = read_sweep({"design": "grid", "policies": ["coaching"], **asked, **SHORT}).plan
        edit(here / "g.csv", "210", "310")
        with pytest.raises(KmsimError, match=r"system.path=g.csv: has changed since it was planned"):
            run_plan(plan, here / "e", "serial")
        edit(here / "g.csv", "310", "210")
        shutil.rmtree(here / "e")


def test_a_digest_that_is_given_is_insisted_on(here):
    known = settings("gias", {"path": "g.csv"}).sha256
    assert settings("gias", {"path": "g.csv", "sha256": known}) == settings("gias", {"path": "g.csv"})
    with pytest.raises(KmsimError, match="has changed since it was planned"):
        system_of(settings("gias", {"path": "g.csv", "sha256": "0" * 64}))
    with pytest.raises(KmsimError, match="system.sha256=abc: expected 64 hex digits"):
        settings("gias", {"path": "g.csv", "sha256": "abc"})
    with pytest.raises(KmsimError, match="only source=gias"):
        settings("village", {"sha256": known})


# -- every setting that may name a file ---------------------------------------------------
# Keys that name a file but decide no result: where results go, how runs are done, what is read back.
DECIDE_NOTHING = {"name", "into", "config", "executor", "workers", "address", "limit", "refresh"}
SHIPPED_ONLY = {
    "network",
    "networks",
    "calibration",
    "scorecard",
    "uncertainty",
    "outcomes",
    "trajectories",
    "size",
    "diagnostics",
}
COVERED = {
    "policy",
    "policies",
    "practice",
    "system",
    "system.path",
    "experiment",
    "design",
    "design.path",
    "posterior",
}
TEXTLESS = (int, float, bool)


def test_every_setting_that_may_name_a_file_is_covered():
    """A new key that takes a text, or a new setting of a system that does, stands in one of the lists above with a case."""
    from kmsim.cli import VERBS
    from kmsim.cli.compose import keys
    from kmsim.system.settings import KEYS, Settings

    found = set()
    for verb in VERBS:
        try:
            known = keys(verb)
        except FileNotFoundError:
            continue
        found |= {key for key, (default, _) in known.items() if not isinstance(default, TEXTLESS)}
    for kind in configuration.names("design"):
        told = keys(f"design/{kind}")
        found |= {f"design.{key}" for key, (_, meaning) in told.items() if "path" in meaning or "file" in meaning}
    texts = {name for name in KEYS if Settings.__annotations__[name] in ("str", "str | None")}
    assert texts == {"name", "source", "summary", "path", "sha256"}
    found |= {"system.path"}
    of_numbers = {"budget", "replicates", "draws"}
    of_no_result = {"sql", "folder", "lan", "port", "format", "host", "key"}
    assert found - DECIDE_NOTHING - SHIPPED_ONLY - of_numbers - of_no_result == COVERED
    tested = {name.removeprefix("design.vary.") for name in (*OF_A_RUN, *OF_A_COMPARISON, *OF_A_SWEEP)}
    assert COVERED - {"policies"} <= tested


def test_config_yaml_states_the_content_of_each_file(here):
    result = kmsim.run(policy="mine.yaml", practice="practice.yaml", **EXTRACT, **SHORT)
    (here / "out").mkdir()
    result.write(here / "out")
    config = yaml.safe_load((here / "out" / "config.yaml").read_text(encoding="utf-8"))
    assert {one["path"] for one in config["files"]} == {"g.csv", "mine.yaml", "practice.yaml"}
    assert config["system"]["sha256"] == files_of(config)["g.csv"]
