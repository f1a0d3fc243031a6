"""A user's own levers: imported by their file's path and by nothing that stands in a config."""

from __future__ import annotations

import pytest

from kmsim.errors import KmsimError
from kmsim.lab import trust
from kmsim.lab.planning import read_plan
from kmsim.policies.levers import LEVERS

LEVER = '''\
"""Mine."""
from dataclasses import dataclass

from kmsim.policies import Lever


@dataclass(frozen=True, kw_only=True)
class QuietHour(Lever):
    """An hour a week free of meetings."""

    key = "quiet_hour"
    share: float = 0.1

    def sets(self):
        return {"collaboration": self.share}
'''
POLICY = {"name": "quiet", "levers": [{"recruit": {}}, {"quiet_hour": {"share": 0.5}}]}


@pytest.fixture
def clean(monkeypatch):
    monkeypatch.setattr(trust, "_trusted", {})
    yield
    LEVERS.pop("quiet_hour", None)


def test_a_trusted_file_gives_a_lever(clean, tmp_path):
    with pytest.raises(KmsimError, match="quiet_hour"):
        read_plan([POLICY], system="village")
    file = tmp_path / "levers.py"
    file.write_text(LEVER, encoding="utf-8")
    assert trust.trust(file) == trust.trust(str(file))
    assert trust.trusted_files() == [str(file)]
    plan = read_plan([POLICY], system="village")
    assert plan.code == trust.trusted_code() != []
    assert str(tmp_path) not in str(plan.config())


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("none.py", None, "no such file"),
        ("levers.txt", "x = 1", "expected a Python file"),
        ("levers.py", "x = ", "SyntaxError"),
        ("levers.py", "import no_such_module", "ModuleNotFoundError"),
        ("levers.py", "raise SystemExit(3)", "SystemExit"),
        ("levers.py", LEVER.replace('"quiet_hour"', '"cpd"'), "two levers have the key cpd"),
    ],
)
def test_files_that_cannot_be_trusted_are_told_in_one_line(clean, tmp_path, name, text, told):
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(KmsimError) as error:
        trust.trust(tmp_path / name)
    assert told in str(error.value)
    assert "--trust-code=" in str(error.value)
    assert trust.trusted_files() == []


def test_an_edited_file_takes_the_place_of_what_it_was(clean, tmp_path):
    """In one process: the new lever stands in policies that are read next, and what is planned has another key."""
    file = tmp_path / "levers.py"
    file.write_text(LEVER, encoding="utf-8")
    first = trust.trust(file)
    old = read_plan([POLICY], system="village")
    file.write_text(LEVER.replace("self.share}", "self.share / 2}"), encoding="utf-8")
    assert trust.trust(file) != first
    new = read_plan([POLICY], system="village")
    assert [plan.levers[0].levers[1].sets()["collaboration"] for plan in (old, new)] == [0.5, 0.25]
    assert old.run(0).key != new.run(0).key
    assert [one["path"] for one in new.code] == ["levers.py"]


def test_an_edit_that_cannot_be_imported_leaves_what_was(clean, tmp_path):
    file = tmp_path / "levers.py"
    file.write_text(LEVER, encoding="utf-8")
    first, lever = trust.trust(file), LEVERS["quiet_hour"]
    file.write_text("raise ValueError", encoding="utf-8")
    with pytest.raises(KmsimError, match="ValueError"):
        trust.trust(file)
    assert LEVERS["quiet_hour"] is lever
    assert [sha256 for _, sha256 in trust.trusted_contents()] == [first]


def test_a_worker_trusts_the_content_that_was_planned_and_no_other(clean, tmp_path):
    file = tmp_path / "levers.py"
    file.write_text(LEVER, encoding="utf-8")
    planned = trust.trust(file)
    file.write_text(LEVER + "\n", encoding="utf-8")
    assert trust.trust(file, planned) == planned  # it is imported already
    trust._trusted.clear()
    with pytest.raises(KmsimError, match=r"--trust-code=.*levers.py: has changed since it was planned"):
        trust.trust(file, planned)


def test_a_lever_that_is_taken_out_of_a_file_is_gone(clean, tmp_path):
    file = tmp_path / "levers.py"
    file.write_text(LEVER, encoding="utf-8")
    trust.trust(file)
    file.write_text("x = 1\n", encoding="utf-8")
    trust.trust(file)
    assert "quiet_hour" not in LEVERS


def test_run_and_compare_are_keyed_by_trusted_code(clean, tmp_path):
    from kmsim.lab.comparison import config_of, plan_of
    from kmsim.lab.provenance import config_hash, differences
    from kmsim.lab.single import plan_run

    file = tmp_path / "levers.py"
    configs = []
    for text in (LEVER, LEVER.replace("self.share}", "self.share / 2}")):
        file.write_text(text, encoding="utf-8")
        trust.trust(file)
        configs.append(
            [plan_run(system="village", policy=POLICY).config, config_of(plan_of([POLICY], 1, system="village"))]
        )
    for before, after in zip(*configs, strict=True):
        assert config_hash(before) != config_hash(after)
        assert "levers.py: its content has changed" in differences(before, after)


def test_a_config_made_with_code_needs_the_same_code(clean, tmp_path):
    from kmsim.lab.single import plan_run

    file = tmp_path / "levers.py"
    file.write_text(LEVER, encoding="utf-8")
    trust.trust(file)
    config = plan_run(system="village", policy=POLICY).config
    assert plan_run(**config).config == config
    trust._trusted.clear()
    with pytest.raises(KmsimError, match=r"was made with --trust-code=levers.py .*give the same file again"):
        plan_run(**config)
