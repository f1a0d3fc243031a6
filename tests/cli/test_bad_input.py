"""Bad input: one line on stderr that names the key, the value, what was expected and the nearest name; exit code 2."""

from __future__ import annotations

import pytest

BOTH = [
    # unknown keys
    ("yeers=5", ["yeers", "did you mean 'years'"]),
    ("la=Hackney", ["la", "did you mean 'system.la'"]),
    ("theta=3", ["theta", "did you mean 'parameters.theta'"]),
    ("sytem.la=Hackney", ["sytem.la", "did you mean 'system.la'"]),
    ("policy.cpd=1", ["policy.cpd", "expected one of network.cpd"]),
    ("system.scael=2", ["scael", "did you mean 'scale'"]),
    ("parameters.tehta=3", ["parameters.tehta", "did you mean 'theta'"]),
    ("practice.efect=1", ["practice.efect", "did you mean 'effect'"]),
    ("network.cdp=1", ["network.cdp", "did you mean 'cpd'"]),
    # what is not key=value, and what Hydra alone would understand
    ("years", ["years", "expected key=value", "years=..."]),
    ("=5", ["=5", "expected key=value"]),
    ("hydra.run.dir=x", ["hydra.run.dir=x", "Hydra's own settings"]),
    ("hydra/launcher=x", ["hydra/launcher=x", "Hydra's own settings"]),
    ("+years=5", ["+years=5", "neither added nor removed"]),
    ("++years=5", ["++years=5", "neither added nor removed"]),
    ("~years", ["~years", "neither added nor removed"]),
    ("system.la=${oc.env:HOME}", ["${oc.env:HOME}", "refused"]),
    ("${x}=1", ["${x}", "refused"]),
    ("system@x=1", ["system@x", "not a key"]),
    ("system/la=1", ["system/la", "not a key"]),
    ("system.la[0]=1", ["system.la[0]", "not a key"]),
    ("system.la.x=1", ["system.la.x", "not a key"]),
    ("system.la=a\nb", ["system.la", "can be printed"]),
    ("system.la=\udc80", ["system.la", "UTF-8"]),
    # wrong types, out of range, fractions, no numbers
    ("years=ten", ["years=ten", "a whole number from 1 to 100"]),
    ("years=[5]", ["years=", "a whole number"]),
    ("years=true", ["years=True", "a whole number"]),
    ("years=null", ["years=None", "a whole number"]),
    ("years=0", ["years=0", "from 1 to 100"]),
    ("years=2.5", ["years=2.5", "a whole number"]),
    ("years=nan", ["years=nan", "a whole number"]),
    ("years=1e999", ["years=inf", "a whole number"]),
    ("seed=-1", ["seed=-1", "a whole number from 0"]),
    ("seed=1.5", ["seed=1.5", "a whole number"]),
    ("seed=" + "9" * 5000, ["seed=9", "a whole number"]),
    ("ticks_per_year=7", ["ticks_per_year=7", "one of 6, 12, 39, 52"]),
    ("funded_years=11", ["funded_years=11", "at most years, which is 10"]),
    ("funded_years=-1", ["funded_years=-1", "from 0"]),
    ("taper=-1", ["taper=-1", "from 0"]),
    ("budget=-5", ["budget=-5", "a number above 0"]),
    ("budget=nan", ["budget=nan", "a number"]),
    ("budget=inf", ["budget=inf", "a number"]),
    ("budget=lots", ["budget=lots", "a number"]),
    ("parameters.theta=900", ["parameters.theta=900", "from 0 to 8", "contacts"]),
    ("parameters.theta=nan", ["parameters.theta=nan", "a number"]),
    ("parameters.theta=two", ["parameters.theta=two", "a number"]),
    ("practice.effect=9", ["practice.effect=9", "from -0.05 to 1"]),
    ("practice.effect=nan", ["practice.effect=nan", "a number"]),
    ("practice.evidence_strength=2.5", ["practice.evidence_strength=2.5", "a whole number"]),
    ("network.cpd=2", ["network.cpd", "=2", "from 0 to 1"]),
    ("network.cpd=nan", ["network.cpd", "=nan", "from 0 to 1"]),
    ("network.cluster_size=2.5", ["=2.5", "a whole number"]),
    ("system.scale=0", ["system.scale=0", "from 1"]),
    ("system.scale=nan", ["system.scale=nan", "a number"]),
    ("system.seed=1.5", ["system.seed=1.5", "a whole number"]),
    ("system.la=5", ["system.la=5", "a name"]),
    ("system.la=[]", ["system.la=[]", "at least one name"]),
    ("system.phase=primry", ["system.phase=primry", "did you mean 'primary'"]),
    # unknown names
    ("system=lodnon", ["system=lodnon", "did you mean 'london'"]),
    ("system=../village", ["system=../village", "not a system"]),
    ("system=", ["system=", "not a system"]),
    ("system=no.yaml", ["no.yaml", "no such file"]),
    ("practice=metacogntion", ["practice=metacogntion", "did you mean 'metacognition'"]),
    ("practice=[]", ["practice=[]", "at least one name"]),
    ("practice=", ["practice=[]", "at least one name"]),
    ("practice=5", ["practice=5", "not a practice"]),
    ("practice=null", ["practice=null", "not a practice"]),
    ("practice=metacognition,metacognition", ["practice=metacognition,metacognition", "once"]),
    ("network=londonchallenge", ["network", "londonchallenge", "did you mean 'london_challenge'"]),
    ("network=[mat]", ["network", "[mat]", "did you mean 'mat'"]),
    # unsafe names
    ("name=../x", ["name=../x", "a-z, 0-9"]),
    ("name=/tmp/x", ["name=/tmp/x", "a-z, 0-9"]),
    ("name=a/b", ["name=a/b", "a-z, 0-9"]),
    ("name=..", ["name=..", "a-z, 0-9"]),
    ("name=A", ["name=A", "a-z, 0-9"]),
    ("name=-x", ["name=-x", "a-z, 0-9"]),
    ("name=", ["name=", "a-z, 0-9"]),
    ("name=" + "x" * 65, ["name=x", "1 to 64"]),
    ("name=a b", ["name=a b", "a-z, 0-9"]),
    ("name=<script>", ["name=<script>", "a-z, 0-9"]),
    ("name=é", ["name=é", "a-z, 0-9"]),
    ("name='x'", ["name='x'", "a-z, 0-9"]),
]
RUN = [
    ("policy=coachin", ["policy=coachin", "did you mean 'coaching'"]),
    ("policy=a,b", ["policy=a,b", "not a policy"]),
    ("policies=a,b", ["policies", "did you mean 'policy'"]),
    ("replicates=5", ["replicates", "not a key of kmsim run"]),
]
COMPARE = [
    ("policies=coachin", ["policy=coachin", "did you mean 'coaching'"]),
    ("policies=coaching,grassrots", ["policy=grassrots", "did you mean 'grassroots'"]),
    ("policies=coaching,coaching", ["policies=coaching,coaching", "once"]),
    ("policies=coaching,", ["policies=coaching,", "a name before and after each comma"]),
    ("policies=[]", ["policies=[]", "at least one name"]),
    ("policies=", ["policies=[]", "at least one name"]),
    ("policies=null", ["policy=null", "not a policy"]),
    ("policy=coaching", ["policy", "did you mean 'policies'"]),
    ("replicates=0", ["replicates=0", "a whole number from 1"]),
    ("replicates=2.5", ["replicates=2.5", "a whole number"]),
    ("replicates=many", ["replicates=many", "a whole number"]),
    ("replicates=nan", ["replicates=nan", "a whole number"]),
    ("workers=0", ["workers=0", "a whole number from 1"]),
    ("workers=-1", ["workers=-1", "a whole number from 1"]),
    ("workers=1.5", ["workers=1.5", "a whole number"]),
    ("outcomes=dpeth", ["outcomes=dpeth", "did you mean 'depth'"]),
    ("outcomes=depth,gapp", ["outcomes=gapp", "did you mean 'gap'"]),
    ("outcomes=[]", ["outcomes=[]", "at least one name"]),
]
CASES = [(verb, *case) for verb in ("run", "compare") for case in BOTH]
CASES += [("run", *case) for case in RUN] + [("compare", *case) for case in COMPARE]


@pytest.mark.parametrize(("verb", "word", "told"), CASES, ids=[f"{verb} {word[:30]!a}" for verb, word, _ in CASES])
def test_bad_words_are_told_in_one_line(kmsim, tmp_path, verb, word, told):
    said = kmsim(verb, word)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("kmsim: ")
    assert said.err.count("\n") == 1
    assert len(said.err) < 400
    for part in told:
        assert part in said.err
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("verb", ["run", "compare"])
def test_an_unknown_authority_is_told_with_the_nearest(kmsim, tmp_path, verb):
    said = kmsim(verb, "system=borough", "system.la=Hackny", "--quiet")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "system.la=Hackny" in said.err
    assert "did you mean 'Hackney'" in said.err
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["comapre"], ["verb=comapre", "did you mean 'compare'"]),
        (["system=london"], ["verb=system=london", "not a verb"]),
        (["compare", "--quite"], ["flag=--quite", "did you mean '--quiet'"]),
        (["--"], ["flag=--"]),
        (["list", "polices"], ["kind=polices", "did you mean 'policies'"]),
        (["list", "policies", "levers"], ["expected one kind"]),
        (["bench", "quik=true"], ["key=quik", "did you mean 'quick'"]),
        (["bench", "quick=5"], ["quick=5", "true or false"]),
        (["show"], ["expected [KIND] NAME"]),
        (["show", "coachin"], ["name=coachin", "did you mean 'coaching'"]),
        (["show", "policy", "coachin"], ["policy=coachin", "did you mean 'coaching'"]),
        (["show", "polcy", "coaching"], ["kind=polcy", "did you mean"]),
        (["show", "policy", "no.yaml"], ["no.yaml", "no such file"]),
        (["show", "a", "b", "c"], ["expected [KIND] NAME"]),
    ],
)
def test_bad_words_of_other_verbs(kmsim, words, told):
    said = kmsim(*words)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    for part in told:
        assert part in said.err


def test_a_policy_file_is_told_with_its_place(kmsim, tmp_path):
    (tmp_path / "mine.yaml").write_text("levers:\n  - recruit: {}\n  - cpd: {intensty: 0.7}\n", encoding="utf-8")
    said = kmsim("run", "system=village", "policy=mine.yaml")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "mine.yaml.cpd.intensty" in said.err
    assert "did you mean 'intensity'" in said.err


def test_debug_shows_the_traceback_and_the_line(kmsim):
    said = kmsim("run", "years=0", "--debug")
    assert said.code == 2
    assert said.err.startswith("Traceback")
    assert said.err.endswith("kmsim: years=0: expected a whole number from 1 to 100\n")


def test_our_own_mistakes_are_one_line_and_exit_code_1(kmsim, monkeypatch):
    from kmsim.cli import work
    from kmsim.errors import RunFailed

    for error, code, told in (
        (ValueError("oh\nno"), 1, "kmsim: internal error: ValueError: oh no; --debug shows the traceback\n"),
        (RunFailed("3 of 8 runs are missing"), 1, "kmsim: the run failed: 3 of 8 runs are missing\n"),
        (KeyboardInterrupt(), 130, "kmsim: interrupted; the same command begins again, or goes on with what is kept\n"),
    ):

        def fail(*given, error=error):
            raise error

        monkeypatch.setattr(work, "answer", fail)
        assert kmsim("run", "system=village") == (code, "", told)
        assert kmsim("run", "system=village", "--debug").err.startswith("Traceback")
