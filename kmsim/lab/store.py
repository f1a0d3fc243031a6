"""The folder of an experiment: what is planned, what is done, and nothing that can be lost or stand in it twice.

A run is done when its key stands in a part that counts (kmsim.lab.parts). Whoever writes holds the folder's lock; what
a process of an earlier session still writes does not count, and what is torn, foreign or double is set aside.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from filelock import FileLock, Timeout

from kmsim.errors import KmsimError
from kmsim.lab import parts
from kmsim.lab.parts import KEY_BYTES, RUNS, TABLES, Torn
from kmsim.lab.provenance import asked_with, config_hash, differences, now, versions
from kmsim.lab.reading import CONFIG, MANIFEST, PLAN, read_folder
from kmsim.outcomes.definitions import OUTCOMES

if TYPE_CHECKING:
    from kmsim.lab.plan import Plan

SCENARIOS, FAILURES = "scenarios.parquet", "failures.parquet"
LOCK, SESSION, TRACES, ASIDE = ".lock", ".session", ".at", "aside"
ROWS_AT_ONCE = 50_000  # of plan.parquet: one row group
SECONDS_TO_LOOK = 0.5  # the lock may be held by one that only looks whether it is: so long it is asked for again
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
EDITED = "not what was planned (it was edited since)"
FAILURE_COLUMNS = ("key", "policy", "scenario", "seed", "parameters", "error")


@dataclass(frozen=True)
class Scan:
    """What stands in a folder. done: a truth value for each planned run; parts: names of those that count; odd: file -> why not."""

    done: np.ndarray
    parts: list[str]
    odd: dict[Path, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many runs are done."""
        return int(self.done.sum())


class Store:
    """An experiment's folder. `create` makes it, or opens it for the same plan; `open` opens what is there.

    config: the plan's settings, as config.yaml has them. manifest: versions, hashes and how many runs are planned.
    """

    def __init__(self, folder: Path, config: dict[str, Any], manifest: dict[str, Any]) -> None:
        self.folder, self.config, self.manifest = folder, config, manifest

    def __repr__(self) -> str:
        return f"<Store of {self.planned} runs in {self.folder}>"

    @property
    def planned(self) -> int:
        """How many runs the plan has."""
        return int(self.manifest["rows_planned"])

    @property
    def outcomes(self) -> list[str]:
        """The outcomes that are kept."""
        named = self.config["outcomes"]
        return list(OUTCOMES) if named == "all" else list(named)

    # -- making and opening --------------------------------------------------------
    @classmethod
    def create(cls, folder: str | Path, plan: Plan, command: Sequence[str] = ()) -> Store:
        """The store of a plan, made if the folder is not there. command: the words it was asked for with, for the manifest.

        Raises KmsimError if the folder is another experiment's, telling the difference, is not ours or cannot be written.
        """
        folder = Path(folder)
        config = plan.config()
        with telling(folder):
            if is_free(folder):
                _make(folder, plan, config, command)
        store = cls.open(folder)
        store.check_config()
        if store.manifest["config_hash"] != config_hash(config):
            told = differences(store.config, config) or "another version of the model"
            raise KmsimError(f"{folder}: holds another experiment: {told}; give this one another name")
        return store

    @classmethod
    def open(cls, folder: str | Path) -> Store:
        """The store in a folder. Raises KmsimError if there is none."""
        folder = Path(folder)
        config, manifest = read_folder(folder)
        return cls(folder, config, manifest)

    @property
    def edited(self) -> bool:
        """Whether config.yaml is not what it was when this was planned."""
        return self.manifest["config_hash"] != config_hash(self.config, self.manifest["model"])

    def check_config(self) -> None:
        """Raise KmsimError if config.yaml is not what was planned."""
        if self.edited:
            raise KmsimError(
                f"{self.folder / CONFIG}: {EDITED}; put back what stood in it, or ask for a sweep of another name"
            )

    def plan(self) -> Plan:
        """The plan, made again of config.yaml. Raises KmsimError if that is not what was planned.

        One with levers of a user's own needs the same files of code to be trusted as when it was planned.
        """
        from kmsim.lab.plan import Plan
        from kmsim.lab.trust import check_code

        self.check_config()
        check_code(self.config.get("code"), str(self.folder))
        scenarios = self.folder / SCENARIOS
        told = self.config.get("scenarios")
        if isinstance(told, dict) and told.get("varied") and not scenarios.is_file():
            raise KmsimError(
                f"{scenarios}: no such file; what varies stood in it, and without it no run can be made again"
            )
        try:
            return Plan.from_config(self.config, scenarios if scenarios.exists() else None)
        except (OSError, pa.ArrowException) as error:
            raise KmsimError(f"{scenarios}: cannot be read: {' '.join(str(error).split())}") from None

    # -- the lock ----------------------------------------------------------------
    @contextmanager
    def locked(self) -> Iterator[str]:
        """Hold the folder for writing; gives the session's token. What an earlier session still writes no longer counts.

        Raises KmsimError if another process holds it, or if the folder cannot be written.
        """
        lock = FileLock(self.folder / LOCK, timeout=SECONDS_TO_LOOK, fallback_to_soft=False)
        with telling(self.folder):
            try:
                lock.acquire()
            except Timeout:
                raise KmsimError(f"{self.folder}: {self._holder()} is at work in it; wait until it is done") from None
        try:
            token = secrets.token_hex(8)
            told = {"token": token, "host": socket.gethostname(), "pid": os.getpid(), "since": now()}
            with telling(self.folder):
                parts.write_whole(self.folder / SESSION, lambda stream: stream.write(json.dumps(told).encode()))
                shutil.rmtree(self.folder / TRACES, ignore_errors=True)
                (self.folder / TRACES).mkdir(exist_ok=True)
            yield token
        finally:
            shutil.rmtree(self.folder / TRACES, ignore_errors=True)
            lock.release()

    def at_work(self) -> str | None:
        """Who holds the folder for writing, as a phrase; None if nobody does."""
        if not (self.folder / LOCK).exists():
            return None
        lock = FileLock(self.folder / LOCK, timeout=0, fallback_to_soft=False)
        try:
            lock.acquire()
        except Timeout:
            return self._holder()
        except OSError:  # a folder that cannot be written is nobody's
            return None
        lock.release()
        return None

    def _holder(self) -> str:
        told = _session(self.folder)
        if not told:
            return "another process"
        return f"process {told.get('pid')} on {told.get('host')} (since {told.get('since')})"

    # -- what is done --------------------------------------------------------------
    @cached_property
    def keys(self) -> np.ndarray:
        """The planned keys in their order, as raw bytes (n, 16)."""
        at = 0
        try:
            with pq.ParquetFile(self.folder / PLAN) as file:
                if (there := file.metadata.num_rows) != self.planned:
                    told = f"has {there:,} runs where {MANIFEST} says {self.planned:,}: one of the two was changed"
                    raise KmsimError(f"{self.folder / PLAN}: {told}")
                keys = np.empty((there, KEY_BYTES), np.uint8)
                for batch in file.iter_batches(ROWS_AT_ONCE, columns=["key"]):
                    keys[at : at + len(batch)] = parts.raw(batch.column("key").to_pylist())
                    at += len(batch)
        except (OSError, pa.ArrowException, Torn, ValueError, KeyError) as error:
            raise KmsimError(f"{self.folder / PLAN}: cannot be read: {' '.join(str(error).split())}") from None
        return keys

    @cached_property
    def _order(self) -> np.ndarray:
        return np.argsort(_as_text(self.keys))

    def numbers(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The places in the plan of these keys (raw bytes), and whether each is there at all."""
        planned, asked = _as_text(self.keys), _as_text(keys)
        at = np.searchsorted(planned, asked, sorter=self._order)
        rows = self._order[np.minimum(at, self.planned - 1)]
        return rows, planned[rows] == asked

    def scan(self) -> Scan:
        """What stands in the folder, read only. A part counts if it is whole, planned, and none of its runs stands in one that counts.

        Large parts go first, so that a compacted one is preferred to those it was made of.
        """
        done = np.zeros(len(self.keys), bool)
        schema = parts.runs_schema(self.outcomes)
        counted: list[str] = []
        odd: dict[Path, str] = {}
        files = sorted(_files(self.folder / RUNS), key=lambda file: (-_size(file), file.name))
        for file in files:
            if parts.is_temporary(file):
                continue
            if not parts.is_part(file):
                odd[file] = "not a part of an experiment"
                continue
            try:
                rows, planned = self.numbers(parts.read_keys(self.folder, file.stem, schema))
            except Torn as error:
                odd[file] = str(error)
                continue
            if not planned.all():
                odd[file] = "its runs are not of this plan"
            elif done[rows].any():
                odd[file] = "its runs stand in another part"
            else:
                done[rows] = True
                counted.append(file.stem)
        return Scan(done, counted, odd)

    def repair(self) -> Scan:
        """Scan, and set aside in aside/ all that does not count: nothing is deleted but unfinished temporary files.

        Folders of tables that were taken away are made again. Only for who holds the lock.
        """
        found = self.scan()
        names = set(found.parts)
        with telling(self.folder):
            for table in TABLES:
                (self.folder / table).mkdir(exist_ok=True)
                for file in _files(self.folder / table):
                    if parts.is_temporary(file):
                        file.unlink(missing_ok=True)
                    elif file.stem not in names or not parts.is_part(file):
                        self._set_aside(file)
        return found

    def _set_aside(self, file: Path) -> None:
        aside = self.folder / ASIDE
        aside.mkdir(exist_ok=True)
        target = aside / f"{file.parent.name}-{file.name}"
        while target.exists():
            target = target.with_name(f"{secrets.token_hex(2)}-{target.name}")
        with suppress(FileNotFoundError):  # what an ending process of an earlier session took back itself
            file.rename(target)

    def files(self, table: str, names: Sequence[str]) -> list[Path]:
        """The files of these parts in a table: not each part has one."""
        there = {file.stem: file for file in _files(self.folder / table)}
        return [there[name] for name in names if name in there]

    # -- failures -----------------------------------------------------------------
    def failures(self) -> list[dict[str, Any]]:
        """The runs of this plan that failed when last tried: key, policy, scenario, seed, parameters (JSON), error."""
        try:
            rows = pq.read_table(self.folder / FAILURES, schema=failures_schema()).to_pylist()
            _, planned = self.numbers(parts.raw([row["key"] for row in rows]))
            return [row for row, ours in zip(rows, planned, strict=True) if ours]
        except FileNotFoundError:
            return []
        except (OSError, pa.ArrowException, Torn) as error:
            raise KmsimError(f"{self.folder / FAILURES}: cannot be read: {str(error).splitlines()[0]}") from None

    def write_failures(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write which runs failed, in the place of what was written before; no file if none did."""
        path = self.folder / FAILURES
        with telling(self.folder):
            if not rows:
                path.unlink(missing_ok=True)
                return
            table = pa.Table.from_pylist([dict(row) for row in rows], schema=failures_schema())
            parts.write_whole(path, lambda stream: pq.write_table(table, stream, compression="zstd"))


# -- parts of the above ------------------------------------------------------------
@contextmanager
def telling(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into one line that says which folder."""
    try:
        yield
    except OSError as error:
        raise KmsimError(refusal(folder, error)) from error


def refusal(folder: Path, error: OSError) -> str:
    """What the disk refused, in one line.

    >>> refusal(Path("a"), OSError(28, "No space left on device"))
    'a: cannot be written: no space left on device'
    """
    what = os.strerror(error.errno).lower() if error.errno else " ".join(str(error).split())
    return f"{folder}: cannot be written: {what}"


def is_current(folder: Path, token: str) -> bool:
    """Whether this session is still the one that writes in a folder."""
    return _session(folder).get("token") == token


def _session(folder: Path) -> dict[str, Any]:
    try:
        told = json.loads((folder / SESSION).read_text(encoding="utf-8"))
        return told if isinstance(told, dict) else {}
    except (OSError, ValueError):
        return {}


def _make(folder: Path, plan: Plan, config: Mapping[str, Any], command: Sequence[str]) -> None:
    """The folder, made beside its place and put there whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}{parts.TEMPORARY}")
    new.mkdir()
    try:
        for table in TABLES:
            (new / table).mkdir()
        _write_plan(new / PLAN, plan)
        if plan.varied:
            plan.write_scenarios(new / SCENARIOS)
        text = yaml.dump(dict(config), Dumper=_DUMPER, sort_keys=False, allow_unicode=True)
        (new / CONFIG).write_text(text, encoding="utf-8")
        manifest = (
            versions()
            | asked_with(command)
            | {
                "config_hash": config_hash(dict(config)),
                "base_hash": plan.base_hash,
                "rows_planned": len(plan),
                "time": now(),
            }
        )
        (new / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        for file in (PLAN, CONFIG, MANIFEST):
            with (new / file).open("rb") as stream:
                os.fsync(stream.fileno())
        parts.reach_disk(new)
        try:
            new.rename(folder)
        except OSError:
            if not (folder / MANIFEST).exists():  # else another process was quicker: theirs is opened and compared
                raise
        parts.reach_disk(folder.parent)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _write_plan(path: Path, plan: Plan) -> None:
    """Every planned run, a row group at a time."""
    writer = None
    for start in range(0, len(plan), ROWS_AT_ONCE):
        columns = plan.columns(start, min(start + ROWS_AT_ONCE, len(plan)))
        table = pa.table({name: pa.array(values) for name, values in columns.items()})
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table.cast(writer.schema))
    if writer is None:
        raise KmsimError("the plan has no runs")
    writer.close()


def failures_schema() -> pa.Schema:
    """The columns of failures.parquet."""
    types = {"scenario": pa.int32(), "seed": pa.int64()}
    return pa.schema([pa.field(name, types.get(name, pa.string())) for name in FAILURE_COLUMNS])


def _as_text(keys: np.ndarray) -> np.ndarray:
    """Raw keys as one sortable item each. (NumPy drops zero bytes at the end of such items: equal keys stay equal.)"""
    return np.ascontiguousarray(keys).view(f"S{KEY_BYTES}").ravel()


def _files(folder: Path) -> list[Path]:
    return [entry for entry in folder.iterdir() if entry.is_file()] if folder.is_dir() else []


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def is_free(folder: Path) -> bool:
    """Whether an experiment may be made there: nothing is, or an empty folder."""
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
