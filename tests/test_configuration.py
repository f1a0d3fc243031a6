"""Where configs are found and how bad ones are told."""

from __future__ import annotations

import pytest

from kmsim.configuration import names, read
from kmsim.errors import KmsimError


def test_shipped_configs_are_found_and_read():
    assert {"borough", "england", "gias", "london", "synthetic", "village"} <= set(names("system"))
    assert names("no_such_kind") == []
    for name in names("system"):
        assert read("system", name)["source"]


def test_the_users_own_folder_comes_first(tmp_path, monkeypatch):
    (tmp_path / "system").mkdir()
    (tmp_path / "system" / "london.yaml").write_text("source: village\n")
    (tmp_path / "system" / "mine.yaml").write_text("source: england\n")
    monkeypatch.setenv("KMSIM_CONFIGS", str(tmp_path))
    assert read("system", "london") == {"source": "village"}
    assert {"mine", "england"} <= set(names("system"))
    monkeypatch.delenv("KMSIM_CONFIGS")
    (tmp_path / "kmsim-configs").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert "mine" in names("system")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source: [", "line 1, column 10: not YAML"),
        ("- a\n- b\n", "expected settings, one 'key: value' a line"),
        ("", "expected settings"),
        ("1: a\n", "line 1, column 1: the key 1"),
        ("a: 1\nb: {c: 1, c: 2}\n", "line 2, column 11: the key c is given twice"),
        ("[" * 20_000, "nested too deeply"),
        ("a: !!python/object/apply:os.getcwd []\n", "line 1, column 4: tags"),
    ],
)
def test_bad_files_are_told_in_one_line(tmp_path, text, message):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(KmsimError) as error:
        read("system", str(path))
    assert "bad.yaml" in str(error.value)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_files_folders_and_names_are_told(tmp_path, monkeypatch):
    with pytest.raises(KmsimError, match=r"none.yaml: .*no such file"):
        read("system", str(tmp_path / "none.yaml"))
    with pytest.raises(KmsimError, match="did you mean 'london'"):
        read("system", "lndon")
    with pytest.raises(KmsimError, match="expected a name"):
        read("system", 7)
    monkeypatch.setenv("KMSIM_CONFIGS", str(tmp_path / "none"))
    with pytest.raises(KmsimError, match="expected a folder of configs"):
        read("system", "london")
