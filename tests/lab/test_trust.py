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
