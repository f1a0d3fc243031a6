"""Compiled code is loaded from this user's own folder only, and nothing is written through a link."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kmsim.compile_cache import cache_folder
from kmsim.errors import KmsimError

OWNERS = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no such owners here")


@pytest.fixture
def top(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("KMSIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def victim(tmp_path) -> Path:
    (tmp_path / "victim").mkdir()
    return tmp_path / "victim"


def refused(place: Path) -> None:
    with pytest.raises(KmsimError) as error:
        cache_folder()
    assert str(error.value).startswith(f"{place}: ")
    assert "KMSIM_CACHE" in str(error.value)
    assert "\n" not in str(error.value)


def test_it_is_made_for_this_user_alone(top):
    folder = cache_folder()
    assert folder is not None
    assert folder.is_relative_to(top)
    assert cache_folder() == folder
    assert not [*folder.iterdir()]
    if os.name == "posix":
        assert folder.stat().st_mode & 0o077 == 0 == folder.parent.stat().st_mode & 0o077


@pytest.mark.parametrize("depth", [0, 1])
@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_refused_and_nothing_is_written_through_it(top, victim, depth, there):
    folder = cache_folder()
    folder.rmdir()
    place = folder.parent if depth else folder
    if depth:
        place.rmdir()
    place.symlink_to(victim if there else victim / "nothing")
    refused(place)
    assert not [*victim.iterdir()]


def test_the_folder_that_the_user_names_may_be_a_link_of_their_own(top, victim):
    top.symlink_to(victim)
    assert cache_folder() is not None


@pytest.mark.parametrize("kind", ["link", "FIFO"])
def test_what_is_no_file_is_refused_wherever_it_is(top, victim, kind):
    below = cache_folder() / "rules_1234"
    below.mkdir()
    (below / "adoption.nbi").write_bytes(b"")
    assert cache_folder() is not None
    odd = below / "adoption.nbc"
    os.mkfifo(odd) if kind == "FIFO" else odd.symlink_to(victim / "code")
    refused(odd)


@OWNERS
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_may_write_is_refused(top, mode):
    folder = cache_folder()
    folder.chmod(mode)
    refused(folder)
    folder.chmod(0o755)
    assert cache_folder() == folder


@OWNERS
def test_a_folder_or_file_of_another_user_is_refused(top, monkeypatch):
    folder = cache_folder()
    (folder / "adoption.nbc").write_bytes(b"")
    owner = folder.stat().st_uid
    if owner == 0:
        os.chown(folder / "adoption.nbc", 1, -1)
        refused(folder / "adoption.nbc")
        os.chown(folder, 1, -1)
    else:  # it cannot be given away: be somebody else
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    if os.access(folder, os.W_OK):
        with pytest.raises(KmsimError, match="another user"):
            cache_folder()


def test_the_command_line_ends_in_one_line(top, victim, tmp_path):
    folder = cache_folder()
    folder.rmdir()
    folder.symlink_to(victim)
    words = [sys.executable, "-m", "kmsim.cli", "run", "system=village", "policy=coaching"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"kmsim: {folder}: a link")
    assert ended.stderr.count("\n") == 1
    assert not [*victim.iterdir()]
