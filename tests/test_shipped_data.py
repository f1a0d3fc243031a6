"""The data that is kept parsed is what the YAML files say."""

from __future__ import annotations

import json
from importlib.resources import files

import kmsim.shipped_data
from kmsim.shipped_data import PARSED, parsed_text, read_shipped
from kmsim.strict_yaml import read_yaml

DATA = files("kmsim.data")


def test_the_parsed_file_is_what_its_script_makes():
    """If this fails, run: python -m kmsim.shipped_data"""
    assert DATA.joinpath(PARSED).read_text(encoding="utf-8") == parsed_text()


def test_every_yaml_file_of_the_data_is_kept_parsed_and_equal():
    names = {file.name for file in DATA.iterdir() if file.name.endswith(".yaml")}
    assert names == set(json.loads(DATA.joinpath(PARSED).read_text(encoding="utf-8")))
    for name in names:
        assert read_shipped(name) == read_yaml(DATA.joinpath(name), finite=False)


def test_a_changed_yaml_file_is_read_itself(tmp_path, monkeypatch):
    (tmp_path / "sources.yaml").write_text("mine: A citation\n", encoding="utf-8")
    (tmp_path / PARSED).write_text(DATA.joinpath(PARSED).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(kmsim.shipped_data, "files", lambda package: tmp_path)
    assert read_shipped("sources.yaml") == {"mine": "A citation"}
