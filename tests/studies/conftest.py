"""The small version of every study, run once in a process, when a test first asks for it."""

from __future__ import annotations

import pytest

from kmsim.studies import config
from kmsim.studies.running import run


class Small:
    """The small version of each study, run when it is first asked for: `small["03_does_size_matter"]`."""

    def __init__(self, folder):
        self.folder, self.found = folder, {}

    def __getitem__(self, name):
        if name not in self.found:
            self.found[name] = run(config.read(name, "small"), self.folder / name, workers=1)
        return self.found[name]


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Name -> what the small version of a study found."""
    return Small(tmp_path_factory.mktemp("studies"))
