"""`kmsim rerun`: any result made again from its own folder, with the same bits or with what differs told."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
import yaml

import kmsim
from kmsim.cli import main
from kmsim.errors import BadValue, KmsimError
from kmsim.lab import trust
from kmsim.lab.agreement import agreement
from kmsim.lab.original import Original
from kmsim.policies.levers import LEVERS
from tests.lab.test_content_keys import GIAS, POLICY, POSTERIOR
from tests.lab.test_trust import LEVER

SHORT = ["years=2", "funded_years=1"]
VILLAGE = ["system=village", *SHORT]


@pytest.fixture
def kmsim_says(tmp_path, monkeypatch, capsys):
    """The command line in a new folder: exit code, stdout and stderr."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(trust, "_trusted", {})
    before = dict(LEVERS)

    def said(*words: str) -> tuple[int, str, str]:
        code = main([*words])
        out, err = capsys.readouterr()
        return code, out, err

    yield said
    LEVERS.clear()
    LEVERS.update(before)


def made(said, *words: str) -> None:
    code, _, err = said(*words)
    assert code == 0, err


def test_a_run_is_made_again_with_the_same_bits(kmsim_says):
    made(kmsim_says, "run", "policy=coaching", "network.ownership=0.2", "parameters.theta=3", *VILLAGE, "name=a")
    code, out, err = kmsim_says("rerun", "results/run/a")
    assert code == 0
    assert "the same bits as results/run/a in outcomes.csv" in out
    assert "differs" not in err
    assert Path("results/run/a-rerun/outcomes.csv").read_bytes() == Path("results/run/a/outcomes.csv").read_bytes()
    one, other = (yaml.safe_load(Path(f"results/run/{name}/config.yaml").read_text()) for name in ("a", "a-rerun"))
    assert one == other


def test_a_rerun_is_never_shown_again_and_takes_no_place(kmsim_says):
    made(kmsim_says, "run", "policy=coaching", *VILLAGE, "name=a")
    for _ in range(2):
        _, _, err = kmsim_says("rerun", "results/run/a")
        assert "shown again" not in err
    assert {path.name for path in Path("results/run").iterdir()} == {"a", "a-rerun", "a-rerun-2"}
    code, _, err = kmsim_says("rerun", "results/run/a", "name=a")
    assert code == 2
    assert "name=a" in err
    made(kmsim_says, "rerun", "results/run/a", "name=b")
    assert Path("results/run/b/config.yaml").is_file()


def test_a_comparison_is_made_again_under_a_network_and_a_posterior(kmsim_says):
    Path("posterior").mkdir()
    Path("posterior/posterior.csv").write_text(POSTERIOR, encoding="utf-8")
    policies = "policies=business_as_usual,coaching"
    more = ["uncertainty=posterior", "posterior=posterior", "draws=2", "network=nlc", "parameters.r_try=2.5"]
    for name, words in (("a", ["replicates=2"]), ("b", [*more, "replicates=1"])):
        made(kmsim_says, "compare", policies, *words, *VILLAGE, "workers=1", f"name={name}")
        code, out, err = kmsim_says("rerun", f"results/compare/{name}", "workers=1")
        assert code == 0, err
        assert "the same bits" in out
        assert "not the same" not in out
        assert "trajectories.parquet" in out
        one, other = (
            yaml.safe_load(Path(f"results/compare/{n}/config.yaml").read_text()) for n in (name, f"{name}-rerun")
        )
        assert one == other
    Path("posterior/posterior.csv").write_text(POSTERIOR.replace("2.5", "2.6"), encoding="utf-8")
    code, _, err = kmsim_says("rerun", "results/compare/b", "workers=1")
    assert code == 2
    assert "posterior: has changed" in err


@pytest.mark.parametrize(
    "words", [["design=grid", "design.vary.theta=1,2"], ["design=table", "design.path=t.csv"], ["design=grid"]]
)
def test_a_sweep_is_made_again_from_its_scenarios(kmsim_says, words):
    Path("t.csv").write_text("theta\n1\n2\n", encoding="utf-8")
    made(kmsim_says, "sweep", "policies=coaching", *words, *VILLAGE, "trajectories=all", "executor=serial", "name=a")
    Path("t.csv").unlink()
    code, out, err = kmsim_says("rerun", "results/sweep/a", "workers=1")
    assert code == 0, err
    assert "the same bits as results/sweep/a in runs, trajectories and ledger" in out
    assert ("t.csv is not there any more" in err) == ("design.path=t.csv" in words)
    made(kmsim_says, "sweep", "config=results/sweep/a/config.yaml", "executor=serial", "name=c")
    assert agreement("sweep", Path("results/sweep/a"), Path("results/sweep/c")).whole
    code, _, err = kmsim_says("sweep", "config=results/sweep/a/config.yaml", "years=5")
    assert code == 2
    assert "years=5" in err


def test_each_verb_takes_back_the_config_that_it_wrote(kmsim_says):
    made(kmsim_says, "run", "policy=coaching", *VILLAGE, "name=a")
    made(kmsim_says, "compare", "policies=coaching", *VILLAGE, "replicates=1", "outcomes=depth", "workers=1", "name=a")
    for verb, file in (("run", "outcomes.csv"), ("compare", "summary.csv")):
        made(kmsim_says, verb, f"config=results/{verb}/a/config.yaml", "name=b")
        assert Path(f"results/{verb}/a/{file}").read_bytes() == Path(f"results/{verb}/b/{file}").read_bytes()
        made(kmsim_says, verb, f"config=results/{verb}/a/config.yaml", "years=3", "parameters.theta=3", "name=c")
        other = yaml.safe_load(Path(f"results/{verb}/c/config.yaml").read_text())
        assert (other["years"], other["parameters"]["theta"]) == (3, 3.0)
    made(kmsim_says, "run", "config=results/run/a/config.yaml", "policy=guidance_only", "name=d")
    assert yaml.safe_load(Path("results/run/d/config.yaml").read_text())["policies"] == ["guidance_only"]
    code, _, err = kmsim_says("run", "config=none.yaml")
    assert code == 2
    assert "none.yaml" in err


def test_python_takes_back_what_config_yaml_holds(kmsim_says):
    made(kmsim_says, "run", "policy=coaching", *VILLAGE, "name=a")
    made(kmsim_says, "compare", "policies=coaching,guidance_only", *VILLAGE, "replicates=1", "workers=1", "name=a")
    stored = {verb: yaml.safe_load(Path(f"results/{verb}/a/config.yaml").read_text()) for verb in ("run", "compare")}
    again = kmsim.run(**stored["run"])
    assert again.config == stored["run"]
    found = kmsim.compare(workers=1, **stored["compare"])
    assert found.config == stored["compare"]
    assert kmsim.rerun("results/run/a").outcomes.equals(again.outcomes)
    assert kmsim.rerun("results/compare/a", workers=1).summary.equals(found.summary)
    with pytest.raises(KmsimError, match="kmsim compare takes several"):
        kmsim.run(**stored["compare"])


def test_the_settings_that_are_stored_are_used_and_an_edited_file_is_told(kmsim_says):
    file = Path("mine.yaml")
    file.write_text(POLICY, encoding="utf-8")
    made(kmsim_says, "run", "policy=mine.yaml", *VILLAGE, "name=a")
    file.write_text(POLICY.replace("intensity: 0.5", "intensity: 0.9"), encoding="utf-8")
    code, out, err = kmsim_says("rerun", "results/run/a")
    assert code == 0
    assert "mine.yaml has changed since" in err
    assert "the same bits" in out
    file.unlink()
    _, out, err = kmsim_says("rerun", "results/run/a")
    assert "mine.yaml is not there any more" in err
    assert "the same bits" in out


def test_files_are_found_from_any_folder_and_named_when_they_are_gone_or_changed(kmsim_says, tmp_path, monkeypatch):
    file = tmp_path / "work" / "g.csv"
    file.write_text(GIAS, encoding="utf-8")
    made(kmsim_says, "run", "system=gias", "system.path=g.csv", "policy=national_mandate", *SHORT, "name=a")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    folder = str(tmp_path / "work" / "results" / "run" / "a")
    code, out, _ = kmsim_says("rerun", folder)
    assert code == 0
    assert "the same bits" in out
    file.write_text(GIAS.replace("210", "310"), encoding="utf-8")
    code, _, err = kmsim_says("rerun", folder)
    assert code == 2
    assert "g.csv: has changed" in err
    shutil.copy(file, tmp_path / "elsewhere" / "g.csv")
    (tmp_path / "elsewhere" / "g.csv").write_text(GIAS, encoding="utf-8")  # the content counts, wherever it lies
    made(kmsim_says, "rerun", folder)
    file.unlink()
    (tmp_path / "elsewhere" / "g.csv").unlink()
    code, _, err = kmsim_says("rerun", folder)
    assert code == 2
    assert "g.csv: no such file" in err
    assert len(err.splitlines()) == 1


def test_code_is_never_imported_because_a_config_names_it(kmsim_says):
    Path("levers.py").write_text(LEVER, encoding="utf-8")
    policy = "summary: Quiet.\nlevers:\n  - recruit: {}\n  - quiet_hour: {share: 0.5}\n"
    Path("quiet.yaml").write_text(policy, encoding="utf-8")
    made(kmsim_says, "run", "policy=quiet.yaml", *VILLAGE, "name=a", "--trust-code=levers.py")
    command = json.loads(Path("results/run/a/manifest.json").read_text())["command"]
    assert any(word.startswith("--trust-code=") for word in command)
    trust._trusted.clear()
    LEVERS.pop("quiet_hour")
    code, _, err = kmsim_says("rerun", "results/run/a")
    assert code == 2
    assert "--trust-code=levers.py" in err
    code, out, _ = kmsim_says("rerun", "results/run/a", "--trust-code=levers.py")
    assert code == 0
    assert "the same bits" in out


def test_an_edited_config_and_what_is_no_result_are_refused(kmsim_says, tmp_path):
    made(kmsim_says, "run", "policy=coaching", *VILLAGE, "name=a")
    file = Path("results/run/a/config.yaml")
    file.write_text(file.read_text().replace("years: 2", "years: 3"), encoding="utf-8")
    code, _, err = kmsim_says("rerun", "results/run/a")
    assert code == 2
    assert "config.yaml: not what this result was made with" in err
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "manifest.json").write_text("[]", encoding="utf-8")
    for folder in ("none", str(tmp_path / "empty"), str(tmp_path / "odd"), "results"):
        code, _, err = kmsim_says("rerun", folder)
        assert code == 2
        assert len(err.splitlines()) == 1
    assert kmsim_says("rerun")[0] == 2


def test_a_link_in_the_folder_is_refused_by_its_name(kmsim_says, tmp_path):
    made(kmsim_says, "run", "policy=coaching", *VILLAGE, "name=a")
    for name in ("config.yaml", "outcomes.csv"):
        file = Path("results/run/a") / name
        file.rename(tmp_path / name)
        file.symlink_to(tmp_path / name)
        code, _, err = kmsim_says("rerun", "results/run/a")
        assert code == 2
        assert f"{name}: a link" in err
        file.unlink()
        (tmp_path / name).rename(file)


def test_another_model_or_package_is_told(kmsim_says):
    made(kmsim_says, "run", "policy=coaching", *VILLAGE, "name=a")
    original = Original.read("results/run/a")
    assert original.differences() == []
    assert original.same_versions
    other = Original(
        original.folder, "run", original.config, original.manifest | {"model": "0" * 16, "packages": {"numpy": "1"}}
    )
    told = "\n".join(other.differences())
    assert "the model is " in told
    assert "numpy is " in told
    assert not other.same_versions


def test_bits_that_differ_are_a_fault_where_model_and_packages_are_the_same(kmsim_says):
    made(kmsim_says, "run", "policy=coaching", *VILLAGE, "name=a")
    file = Path("results/run/a/outcomes.csv")
    file.write_text(file.read_text().replace(",0.", ",1.", 1), encoding="utf-8")
    code, out, err = kmsim_says("rerun", "results/run/a")
    assert code == 1
    assert "not the same bits as results/run/a in outcomes.csv (1 of" in out
    assert "gave other bits" in err


@pytest.mark.parametrize(
    ("verb", "manifest", "words"),
    [
        (
            "scorecard",
            {"command": ["kmsim", "scorecard", "scorecard=full", "name=a", "refresh=true"]},
            ["scorecard=full"],
        ),
        (
            "calibrate",
            {"command": ["kmsim", "calibrate", "calibration=tiny", "seed=3", "workers=2"]},
            ["calibration=tiny", "seed=3"],
        ),
        ("diffusion", {"command": ["kmsim", "diffusion", "size=small"]}, ["size=small"]),
        (
            "study",
            {"command": ["kmsim", "study", "all"], "config": {"study": "02_x", "size": "small"}},
            ["02_x", "size=small"],
        ),
    ],
)
def test_other_verbs_are_asked_again_with_the_words_that_decide(kmsim_says, monkeypatch, verb, manifest, words):
    """The words that name a place or rewrite shipped files are not repeated."""
    folder = Path("results") / verb / "a"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    asked = []

    def stand_in(given, flags):
        asked.extend(given)
        return 0

    __import__(f"kmsim.cli.{verb}")
    monkeypatch.setattr(sys.modules[f"kmsim.cli.{verb}"], "main", stand_in)
    assert kmsim_says("rerun", str(folder))[0] == 0
    assert asked == [*words, "name=a-rerun"]


def test_a_study_has_a_name_of_its_own(kmsim_says):
    code, _, err = kmsim_says("study", "01", "02", "size=small", "name=mine")
    assert code == 2
    assert "name=mine" in err


def test_the_command_stands_in_manifest_report_and_status(kmsim_says):
    words = [
        "compare",
        "policies=coaching",
        "system=borough",
        "system.la=Camden",
        *SHORT,
        "replicates=1",
        "workers=1",
        "name=a",
    ]
    made(kmsim_says, *words)
    manifest = json.loads(Path("results/compare/a/manifest.json").read_text())
    assert manifest["command"] == ["kmsim", *words]
    assert manifest["directory"] == str(Path.cwd())
    report = Path("results/compare/a/report.html").read_text(encoding="utf-8")
    assert "kmsim compare policies=coaching system=borough system.la=Camden" in report
    assert "kmsim rerun" in report
    _, out, _ = kmsim_says("status", "results/compare/a/experiment")
    assert "kmsim compare policies=coaching" in out
    assert "kmsim rerun" in out


def test_a_name_that_is_given_must_be_free(kmsim_says):
    from kmsim.lab.naming import free_name

    made(kmsim_says, "run", "policy=coaching", *VILLAGE, "name=a")
    with pytest.raises(BadValue, match="name=a"):
        free_name("run", Path("results/run/a"), "a")
    assert free_name("run", Path("x" * 200)) == "x" * 50 + "-rerun"
