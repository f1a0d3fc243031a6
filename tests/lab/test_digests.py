"""Digests: any changed bit in a file of an experiment is found before the file counts, and everyone counts the same."""

from __future__ import annotations

import json
import random
import shutil
import warnings
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kmsim import lab
from kmsim.errors import DamageWarning, IncompleteWarning, KmsimError
from kmsim.lab import digests, parts
from kmsim.lab.compaction import compact
from kmsim.lab.ensemble import run_plan
from kmsim.lab.query import answer
from kmsim.lab.store import Store
from tests.lab import stand_in
from tests.lab.folder import bits, check_whole

N = 24


def flip(file: Path, bit: int) -> None:
    """Change one bit of a file, counted from its beginning."""
    with file.open("r+b") as stream:
        stream.seek(bit // 8)
        byte = stream.read(1)[0]
        stream.seek(bit // 8)
        stream.write(bytes([byte ^ (1 << bit % 8)]))


@pytest.fixture
def folder(tmp_path, undisturbed) -> Path:
    return Path(shutil.copytree(undisturbed, tmp_path / "mine"))


def a_file(folder: Path, table: str) -> Path:
    return max((folder / table).glob("*.parquet"), key=lambda file: file.stat().st_size)


@pytest.mark.parametrize("table", parts.TABLES)
def test_256_changed_bits_of_each_file_of_a_part_are_found(folder, table):
    file = a_file(folder, table)
    store = Store.open(folder)
    whole = store.scan().parts
    for bit in random.Random(1).sample(range(8 * file.stat().st_size), 256):
        flip(file, bit)
        found = store.scan()
        assert len(found.parts) == len(whole) - 1, bit
        assert [odd.stem for odd in found.odd] == [file.stem], bit
        flip(file, bit)
    assert sorted(store.scan().parts) == sorted(whole)


@pytest.mark.long
@pytest.mark.parametrize("table", parts.TABLES)
def test_every_changed_bit_of_a_file_is_found(folder, table):
    file = a_file(folder, table)
    for bit in range(8 * file.stat().st_size):
        flip(file, bit)
        with file.open("rb") as stream, pytest.raises(digests.Damaged):
            digests.check(stream, f"{table}/{file.stem}")
        flip(file, bit)
    with file.open("rb") as stream:
        assert digests.check(stream, f"{table}/{file.stem}")


def test_a_file_of_another_part_or_table_does_not_verify(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(digests.sealed(pa.table({"a": [1, 2]}), "ledger/one"))
    for label in ("ledger/two", "runs/one"):
        with file.open("rb") as stream, pytest.raises(digests.Damaged, match="its digest is wrong"):
            digests.check(stream, label)
    assert pq.read_table(file).column("a").to_pylist() == [1, 2]


def test_a_file_without_a_digest_does_not_count_where_one_is_required(folder):
    file = a_file(folder, "ledger")
    pq.write_table(pq.read_table(file).replace_schema_metadata(None), file)
    assert "ledger/: it carries no digest" in next(iter(Store.open(folder).scan().odd.values()))


@pytest.mark.parametrize("table", parts.TABLES)
def test_whoever_looks_counts_the_same_and_going_on_makes_it_whole(folder, table, plan, undisturbed):
    file = a_file(folder, table)
    flip(file, 8 * (file.stat().st_size // 3))
    experiment = lab.open(folder)
    done = experiment.done
    assert done < N
    assert [odd.stem for odd in experiment.scan.odd] == [file.stem]
    with pytest.warns(IncompleteWarning, match=f"{done} of {N} runs are done"):
        assert experiment.runs().aggregate("count(DISTINCT key)").fetchall() == [(done,)]
    with (
        pytest.warns(IncompleteWarning, match=f"{done} of {N} runs are done"),
        answer(folder, "SELECT count(DISTINCT key) FROM runs") as found,
    ):
        assert found.fetchall() == [(done,)]
    with pytest.warns(DamageWarning, match=f"set aside in aside/: runs/{file.stem}"):
        compact(Store.open(folder))
    assert Store.open(folder).scan().count == done
    assert (folder / "aside" / f"{table}-{file.name}").is_file()
    assert run_plan(plan, folder, "serial", work=stand_in.do).whole
    check_whole(folder)
    for name in ("runs", "trajectories", "ledger"):
        assert bits(folder, name) == bits(undisturbed, name)


def test_a_part_that_is_damaged_after_it_was_verified_is_not_merged(folder):
    store = Store.open(folder)
    names = store.scan().parts
    file = a_file(folder, "ledger")
    flip(file, 8 * 20)
    with pytest.raises(KmsimError, match=f"{file}: its digest is wrong"):
        store.read("ledger", names)


@pytest.mark.parametrize("name", ["plan.parquet", "scenarios.parquet", "manifest.json"])
def test_a_changed_bit_in_what_was_planned_is_told_by_its_name(folder, name, plan):
    file = folder / name
    size = 8 * file.stat().st_size
    for bit in random.Random(2).sample(range(size), 100):
        flip(file, bit)
        with pytest.raises(KmsimError, match=name), warnings.catch_warnings():
            warnings.simplefilter("error")
            Store.open(folder).scan()
            Store.open(folder).plan()
        flip(file, bit)
    check_whole(folder)


def test_parts_of_an_earlier_version_count_and_are_told_as_unverified(folder, plan):
    for file in folder.glob("*/*.parquet"):
        table = pq.ParquetFile(file).read()
        kept = {key: value for key, value in (table.schema.metadata or {}).items() if key == b"kmsim.tables"}
        pq.write_table(table.replace_schema_metadata(kept), file)
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["digest"], manifest["digests"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    experiment = lab.open(folder)
    assert experiment.done == N
    assert experiment.scan.unverified == len(experiment.scan.parts)
    with pytest.warns(DamageWarning, match="cannot be verified: kmsim 0.1.0 wrote no digests"):
        experiment.summary()
    next((folder / "runs").glob("*.parquet")).unlink()
    assert run_plan(plan, folder, "serial", work=stand_in.do).whole  # what is new there is verified
    assert Store.open(folder).scan().unverified == len(experiment.scan.parts) - 1


def test_what_cannot_be_read_for_another_reason_is_not_taken_for_damaged(folder, monkeypatch):
    def refuse(path):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(parts.regular_files, "opened", refuse)
    parts._verified.clear()
    with pytest.raises(KmsimError, match="cannot be read: too many open files"):
        parts.read_keys(folder, a_file(folder, "runs").stem, parts.runs_schema(stand_in.OUTCOMES))
