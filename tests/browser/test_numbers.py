"""The numbers that the page shows are those of `kmsim run` with the scenario that the page exports."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd

from kmsim.workshop import numbers
from tests.browser.test_features import hash_of, mode, move

# `kmsim run`, once for each line of words, in one process: a hundred runs a policy and one start.
RUNS = "import json, sys; from kmsim.cli import main; sys.exit(max(main(words) for words in json.load(sys.stdin)))"
OUTCOMES = {
    "doing_it_well": "Doing it well, year 10",
    "sustained": "Still there 3 years after funding",
    "spread_schools": "Schools where a quarter use it, year 10",
    "ownership": "Owned by teachers (0 to 1), year 10",
    "months": "Months of progress, all pupils, year 10",
    "cost_per_pupil_gbp": "Cash a pupil, year 10",
}


def kmsim_run(command: str, seeds: list[int], folder: Path) -> pd.DataFrame:
    """Outcomes at the end by seed: the exported command as it is for the first seed, with others in its place after."""
    program, verb, *words = shlex.split(command)
    assert (program, verb) == ("kmsim", "run")
    others = [word for word in words if not word.startswith("seed=")]
    called = [["run", *others, f"seed={seed}", f"name=s{seed}", "--quiet"] for seed in seeds[1:]]
    subprocess.run(
        [sys.executable, "-m", "kmsim.cli", "run", *words, "name=first", "--quiet"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    if called:
        subprocess.run(
            [sys.executable, "-c", RUNS],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            input=json.dumps(called),
            text=True,
        )
    ends = []
    for name, seed in zip(["first", *(f"s{seed}" for seed in seeds[1:])], seeds, strict=True):
        run = pd.read_csv(folder / "results" / "run" / name / "outcomes.csv")
        assert run.seed.unique().tolist() == [seed]
        ends.append(run[run.tick == run.tick.max()].set_index("outcome").value)
    return pd.DataFrame(ends)


def test_what_the_page_shows_is_what_kmsim_run_gives_for_the_exported_scenario(page, tmp_path: Path) -> None:
    move(page, "CPD", 4)
    move(page, "Ownership", 5)
    move(page, "Budget", 3)
    before = hash_of(page)
    page.get_by_label("B policy").select_option("coaching")
    page.wait_for_function("before => document.querySelector('main').dataset.hash !== before", arg=before)
    page.wait_for_selector('main[data-settled="true"][data-runs="100"]', timeout=120_000)

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save Scenario (JSON)").click()
    exported = json.loads(download.value.path().read_text(encoding="utf-8"))
    page.keyboard.press("Escape")
    assert exported["scenario"]["policies"][0]["levers"].keys() == {"cpd", "ownership"}
    assert exported["scenario"]["budget"] == 45

    # Every number of policy A over its hundred runs; of B its first run, which the map shows and tells in words.
    maps = [page.locator(".map canvas").get_attribute("aria-label")]
    page.get_by_role("group", name="Which policy the map shows").get_by_role("button", name="B").click()
    maps.append(page.locator(".map canvas").get_attribute("aria-label"))
    schools = int(page.locator(".notice .caption").inner_text().split(", ")[1].split()[0])
    mode(page, "Compare")
    shown = {
        row.locator("th").inner_text().split("\n")[0]: " ".join(row.locator("td").first.inner_text().split())
        for row in page.get_by_role("region", name="Outcomes, as a table").locator("tbody tr").all()
    }
    for one, seeds, said in zip(exported["runs"], (range(1, 101), [1]), maps, strict=True):
        assert one["seeds"] == list(range(1, 101))
        folder = tmp_path / one["policy"]
        folder.mkdir()
        ends = kmsim_run(one["command"], list(seeds), folder)
        assert f"in {round(ends.spread_schools.iloc[0] * schools)} a quarter or more of teachers use it" in said
        if one["policy"] == "A":
            for outcome, label in OUTCOMES.items():
                assert shown[label] == numbers.level(outcome, numbers.cell(ends[outcome].to_numpy())), label
