"""A policy whose network is replaced carries the network's name wherever results are shown or stored."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

import kmsim
from kmsim.cli import main
from kmsim.lab.plan import policy_names
from kmsim.lab.planning import read_plan
from kmsim.model import Model
from kmsim.policies.policy import network_label, read_policy
from kmsim.report.style import STYLES, plain_name, styles

SMALL = {"system": "village", "years": 2, "funded_years": 1}
WORDS = [f"{key}={value}" for key, value in SMALL.items()]
BOTH = ["business_as_usual", "codesigned_networks"]
NAMED = {
    "a real network": ({"network": "challenge_partners"}, "codesigned_networks (challenge_partners)"),
    "one feature": ({"network.ownership": 0.2}, "codesigned_networks (ownership=0.2)"),
    "a real network with one changed": (
        {"network": "nlc", "network.cluster_size": 4},
        "codesigned_networks (nlc, cluster_size=4)",
    ),
    "features as a mapping": (
        {"network": {"ownership": 0.2, "focus": 0.1, "cpd": 0.3}},
        "codesigned_networks (custom network)",
    ),
}


@pytest.fixture(scope="module")
def found():
    return kmsim.compare(BOTH, 2, workers=1, network="challenge_partners", **SMALL)


@pytest.mark.parametrize(("given", "name"), NAMED.values(), ids=NAMED)
def test_a_model_and_a_plan_name_it_alike(given, name):
    assert Model(policy="codesigned_networks", **given, **SMALL).run().outcomes.policy.unique().tolist() == [name]
    plan = read_plan(BOTH, **given, **SMALL)
    assert plan.policies == ["business_as_usual", name]
    assert policy_names(plan.config()) == plan.policies


def test_every_frame_table_and_summary_of_a_comparison_has_the_name(found):
    name = "codesigned_networks (challenge_partners)"
    assert found.policies == ["business_as_usual", name]
    for frame in (found.summary, found.paired, found.trajectories):
        assert set(frame.policy) == {"business_as_usual", name}
    assert set(found.paired.against) <= {"business_as_usual", name}
    assert set(found.manifest["ledger_gbp"]) == {"business_as_usual", name}
    assert name in found.table()
    assert "challenge_partners" in found.policy_summaries[name]
    assert "challenge_partners" not in found.policy_summaries["business_as_usual"]


def test_every_file_of_a_comparison_has_the_name(found, tmp_path):
    found.write(tmp_path)
    for file in ("summary.csv", "paired.csv"):
        assert "codesigned_networks (challenge_partners)" in set(pd.read_csv(tmp_path / file).policy)
    config = yaml.safe_load((tmp_path / "config.yaml").read_text(encoding="utf-8"))
    assert config["network"] == {"archetype": "challenge_partners"}
    assert config["policies"] == BOTH  # the words to ask for it again
    assert "Co-designed networks (challenge partners)" in (tmp_path / "report.html").read_text(encoding="utf-8")
    figures = sorted((tmp_path / "figures").glob("*.svg"))
    assert figures
    for figure in figures:
        assert "challenge partners" in figure.read_text(encoding="utf-8"), figure.name


def test_without_network_names_are_as_they_were():
    plan = read_plan(BOTH, **SMALL)
    assert plan.policies == BOTH
    assert network_label({}) == ""
    assert read_policy("coaching").with_network({}).name == "coaching"


def test_a_sweep_names_it_in_its_table_its_runs_and_its_errors(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["sweep", *WORDS, "network=nlc", "policies=business_as_usual,coaching", "design=grid"]
    assert main([*words, "design.vary.theta=2,3", "executor=serial", "name=a"]) == 0
    assert "coaching (nlc)" in capsys.readouterr().out
    asked = kmsim.lab.open(Path("results/sweep/a"))
    assert set(asked.runs().df().policy) == {"business_as_usual", "coaching (nlc)"}
    assert set(asked.plan().df().policy) == {"business_as_usual", "coaching (nlc)"}
    for name in ("coaching", "coaching (nlc)"):
        assert set(asked.paired(name).df().policy) == {"coaching (nlc)"}
    with pytest.raises(kmsim.errors.UnknownName, match="coachin"):
        asked.paired("coachin")


def test_a_sweep_over_networks_says_that_the_network_varies(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["sweep", *WORDS, "policies=business_as_usual,coaching", "design=grid", "design.vary.network=nlc,mat"]
    assert main([*words, "executor=serial", "name=a"]) == 0
    assert "coaching (varied network)" in capsys.readouterr().out
    asked = kmsim.lab.open(Path("results/sweep/a"))
    found = asked.summary(by=["policy", "network"]).df()
    assert set(found[found.policy != "business_as_usual"].network) == {"nlc", "mat"}


def test_a_run_names_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["run", *WORDS, "policy=coaching", "network=nlc", "name=a"]) == 0
    assert capsys.readouterr().out.startswith("coaching (nlc) ")
    assert set(pd.read_csv("results/run/a/outcomes.csv").policy) == {"coaching (nlc)"}


def test_it_looks_like_the_policy_it_is_of():
    look = styles(["coaching (maths_hub)", "mine (nlc)", "mine"])
    assert look["coaching (maths_hub)"].colour == STYLES["coaching"].colour
    assert plain_name("coaching (maths_hub)") == "Coaching (maths hub)"
    assert look["mine (nlc)"].colour != look["mine"].colour
    twice = styles(["coaching (maths_hub)", "coaching (nlc)", "coaching"])
    assert len({(s.colour, s.dash, s.marker) for s in twice.values()}) == 3
