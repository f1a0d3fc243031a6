"""Settings that cannot be used, each told in one line."""

from __future__ import annotations

import math

import pytest

from kmsim.errors import KmsimError
from kmsim.system import build

SCHOOL = {"name": "A", "phase": "primary", "pupils": 200, "fsm": 0.1, "x": 0, "y": 0, "la": "L", "region": "R"}


@pytest.mark.parametrize(
    ("config", "overrides", "message"),
    [
        ("borough", {"la": "Camdon"}, "system.la=Camdon: not a local authority; did you mean 'Camden'?"),
        ("borough", {"la": "Bristol"}, "did you mean 'Bristol, City of'?"),
        ("england", {"region": "Londn"}, "system.region=Londn: not a region; did you mean 'London'?"),
        (
            "england",
            {"trust": "Harris Federatoin"},
            "system.trust=Harris Federatoin: not a trust; did you mean 'HARRIS FEDERATION'?",
        ),
        ("england", {"phase": "primry"}, "system.phase=primry: not a phase; did you mean 'primary'?"),
        ("london", {"la": "Leeds"}, "system: no school has la=Leeds and region=London"),
        ("london", {"regoin": "London"}, "system.regoin: not a setting of a system; did you mean 'region'?"),
        ("londn", {}, "system=londn: not a system; did you mean 'london'?"),
        ("../system/london", {}, "not a system"),
        ("london", {"scale": -1}, "system.scale=-1: expected a number from 1 to"),
        ("london", {"scale": math.nan}, "system.scale=nan: expected"),
        ("london", {"scale": math.inf}, "system.scale=inf: expected"),
        ("london", {"scale": "20"}, "system.scale=20: expected a number"),
        ("london", {"scale": True}, "system.scale=True: expected a number"),
        ("london", {"seed": 1.5}, "system.seed=1.5: expected a whole number from 0"),
        ("london", {"seed": -1}, "system.seed=-1: expected a whole number from 0"),
        ("london", {"la": 7}, "system.la=7: expected a name or a list of names"),
        ("london", {"la": math.nan}, "system.la=nan: expected a name"),
        ("london", {"n_schools": 9}, "system.n_schools=9: expected none, for only source=synthetic reads it"),
        ("synthetic", {"n_schools": 0}, "system.n_schools=0: expected a whole number from 1"),
        ("synthetic", {"region": "Wales"}, "system.region=Wales: expected England or London"),
        ({"source": "scotland"}, {}, "system.source=scotland: not a source of schools"),
        ({}, {}, "system.source=None: not a source of schools"),
        ({"source": "village"}, {}, "system.schools=None: expected a value"),
        ({"source": "village", "schools": [SCHOOL | {"pupil": 3}]}, {}, "schools[0]=pupil: not a setting of a school"),
        (
            {"source": "village", "schools": [SCHOOL | {"fsm": 12}]},
            {},
            "system.schools[0].fsm=12: expected a number from 0 to 1",
        ),
        ({"source": "village", "schools": [SCHOOL | {"pupils": "x"}]}, {}, "schools[0].pupils=x: expected a number"),
        (
            {"source": "village", "schools": [SCHOOL | {"x": math.nan}]},
            {},
            "schools[0].x=nan: expected a number from -10,000 to 10,000 (km)",
        ),
        ({"source": "village", "schools": [{"name": "A"}]}, {}, "system.schools[0].phase=None: expected a value"),
        ({"source": "village", "schools": [SCHOOL | {"x": None}]}, {}, "system.schools[0].x=None: expected a value"),
        ({"source": "village", "schools": [SCHOOL | {"pupils": None}]}, {}, "system: no school is left"),
        ({"source": "village", "schools": ["A"]}, {}, "system.schools[0]=A: expected settings of a school"),
    ],
)
def test_bad_settings_are_told_in_one_line(config, overrides, message):
    with pytest.raises(KmsimError) as error:
        build(config, overrides)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_null_takes_the_default():
    assert build("borough", {"la": None, "phase": "nursery"}).n_schools == 391


def test_a_path_or_a_mapping_is_a_config(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("source: england\nla: Camden\nphase: secondary\n")
    system = build(str(path))
    assert (system.name, system.n_schools) == ("mine", 10)
    assert build({"source": "england", "la": "Camden", "name": "here"}).name == "here"
