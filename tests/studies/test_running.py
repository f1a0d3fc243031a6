"""What a study finds is what the model does, a value a seed, whatever order the runs are done in; and it is kept."""

from __future__ import annotations

import numpy as np
import pytest

from kmsim.errors import KmsimError
from kmsim.model import Model
from kmsim.studies import config
from kmsim.studies.running import run


def test_values_are_those_of_the_model_itself(small):
    v = small["04_after_the_money"]["money"]
    where = {"funded_years": 3, "taper": 2}
    settings = dict(v.part.settings) | where
    policy = v.plan.levers[v.arms.index("without both")]
    model = Model(policy=policy, seed=2, **settings).run()
    mine = model.outcome_arrays(["doing_it_well"])["doing_it_well"][0]
    assert v.path("doing_it_well", "without both", **where)[1] == pytest.approx(mine)
    assert v.at("doing_it_well", "without both", "end", **where)[1] == pytest.approx(mine[-1])
    end = v.year("funding_end", v.scenario(**where))
    assert end == 5
    assert v.at("doing_it_well", "without both", "funding_end", **where)[1] == pytest.approx(mine[5 * v.ticks_per_year])


def test_a_scenario_is_named_by_the_last_word_of_its_keys(small):
    v = small["03_does_size_matter"]["networks"]
    assert v.scenarios[v.scenario(cluster_size=20, collaboration=0.25)] == {
        "network.cluster_size": 20,
        "network.collaboration": 0.25,
    }
    assert v.choices("cluster_size") == [3, 20]
    with pytest.raises(KeyError, match="no scenario"):
        v.scenario(cluster_size=7)


@pytest.mark.parametrize("name", config.names())
def test_every_run_has_a_value_where_the_model_has_one(small, name):
    for v in small[name].parts.values():
        assert np.isfinite(v.all("cost_per_pupil_gbp")).all()


def test_the_same_call_goes_on_with_what_is_there(small):
    study = config.read("03", "small")
    folder = small["03_does_size_matter"]["networks"].folder.parents[1]
    done = []
    again = run(study, folder, workers=1, progress=lambda *told: done.append(told))
    assert not done
    assert np.array_equal(
        again["networks"].all("depth"), small["03_does_size_matter"]["networks"].all("depth"), equal_nan=True
    )


def test_a_link_in_a_studys_folder_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "victim").mkdir()
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "parts").symlink_to(tmp_path / "victim")
    with pytest.raises(KmsimError, match=f"^{tmp_path}/study/parts: a link where "):
        run(config.read("03", "small"), tmp_path / "study", workers=1)
    assert not [*(tmp_path / "victim").iterdir()]
