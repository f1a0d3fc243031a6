"""A command line to call in a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from kmsim.cli import main


class Said(NamedTuple):
    """What a call came to: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


@pytest.fixture
def kmsim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Call the command line in an empty folder with no configs of the user's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KMSIM_CONFIGS", raising=False)

    def call(*words: str) -> Said:
        code = main(words)
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return call
