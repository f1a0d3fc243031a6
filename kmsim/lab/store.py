"""The folder of an experiment: what is planned, what is done, and nothing that can be lost or stand in it twice.

A run is done when its key stands in a part that counts (kmsim.lab.parts). Whoever writes holds the folder's lock; what
a process of an earlier session still writes does not count. A part that is damaged, of another plan or double is set
aside and told. Links inside the folder are refused, and files that are not of an experiment stay where they are.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import stat
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from kmsim.errors import DamageWarning, KmsimError
from kmsim.lab import digests, leftovers, parts, regular_files
from kmsim.lab.parts import KEY_BYTES, RUNS, TABLES, Torn
from kmsim.lab.provenance import asked_with, config_hash, differences, now, versions
from kmsim.lab.reading import CONFIG, MANIFEST, PLAN, read_folder
from kmsim.outcomes.definitions import OUTCOMES
from kmsim.strict_yaml import to_yaml

if TYPE_CHECKING:
    from kmsim.lab.plan import Plan

SCENARIOS, FAILURES = "scenarios.parquet", "failures.parquet"
LOCK, SESSION, TRACES, ASIDE = ".lock", ".session", ".at", "aside"
ROWS_AT_ONCE = 50_000  # of plan.parquet: one row group
SECONDS_TO_LOOK = 0.5  # the lock may be held by one that only looks whether it is: so long it is asked for again
EDITED = "not what was planned (it was edited since)"
DAMAGED = "was changed since it was written, or is damaged"
DOUBLE = "its runs stand in another part"
NOT_OURS = "not a part of an experiment"
FILES = (CONFIG, MANIFEST, PLAN, SCENARIOS, FAILURES, SESSION)
FOLDERS = (*TABLES, TRACES, ASIDE)
_TRACE = re.compile(r"[0-9a-f]{16}(?:-\d+){4}")  # as kmsim.lab.work names them
NAMED = 5  # files in a warning
FAILURE_COLUMNS = ("key", "policy", "scenario", "seed", "parameters", "error")


@dataclass(frozen=True)
class Scan:
    """What stands in a folder. done: a truth value for each planned run; parts: names of those that count.

    odd: our own file -> why it does not count; left: file that is not ours -> why it is left where it is. unverified: how
    many of the parts carry no digest, as those of kmsim 0.1.0.
    """

    done: np.ndarray
    parts: list[str]
    odd: dict[Path, str] = field(default_factory=dict)
    left: dict[Path, str] = field(default_factory=dict)
    unverified: int = 0

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
        self._warned: set[Path] = set()  # files that a warning named

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
                _make(folder.resolve() if folder.is_symlink() else folder, plan, config, command)
        store = cls.open(folder)
        store.check_config()
        if store.manifest["config_hash"] != config_hash(config):
            told = differences(store.config, config) or "another version of the model"
            raise KmsimError(f"{folder}: holds another experiment: {told}; give this one another name")
        return store

    @classmethod
    def open(cls, folder: str | Path) -> Store:
        """The store in a folder. Raises KmsimError if there is none, or if a link stands in it in the place of a file."""
        folder = Path(folder)
        check_layout(folder)
        config, manifest = read_folder(folder)
        return cls(folder, config, manifest)

    @property
    def sealed(self) -> bool:
        """Whether parts and plan carry digests; those of kmsim 0.1.0 do not."""
        return "digests" in self.manifest

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
        self.check_digest(SCENARIOS)
        told = self.config.get("scenarios")
        if isinstance(told, dict) and told.get("varied") and not scenarios.is_file():
            raise KmsimError(
                f"{scenarios}: no such file; what varies stood in it, and without it no run can be made again"
            )
        try:
            return Plan.from_config(self.config, scenarios if scenarios.exists() else None)
        except (OSError, pa.ArrowException) as error:
            raise KmsimError(f"{scenarios}: cannot be read: {' '.join(str(error).split())}") from None

    def check_digest(self, name: str) -> None:
        """Raise KmsimError if a file of the plan is not what was written. name: plan.parquet or scenarios.parquet."""
        path = self.folder / name
        wanted = self.manifest.get("digests", {}).get(name)
        if regular_files.there_is_file(path) and wanted is not None:
            try:
                right = digests.of_file(path) == wanted
            except OSError as error:
                raise KmsimError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
            if not right:
                raise KmsimError(f"{path}: {DAMAGED}; put back a copy, or ask for a sweep of another name")

    # -- the lock ----------------------------------------------------------------
    @contextmanager
    def locked(self) -> Iterator[str]:
        """Hold the folder for writing; gives the session's token. What an earlier session still writes no longer counts.

        Raises KmsimError if another process holds it, or if the folder cannot be written.
        """
        check_layout(self.folder)
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
                regular_files.write_text(self.folder / SESSION, json.dumps(told))
                self._clear_traces()
                (self.folder / TRACES).mkdir(exist_ok=True)
            yield token
        finally:
            with suppress(OSError, KmsimError):
                self._clear_traces()
            lock.release()

    def _clear_traces(self) -> None:
        """Remove the traces of earlier sessions, and their folder if there is nothing else in it."""
        traces = self.folder / TRACES
        for name, found in regular_files.entries(traces).items():
            if _TRACE.fullmatch(name) and stat.S_ISREG(found.st_mode):
                (traces / name).unlink(missing_ok=True)
        with suppress(OSError):
            traces.rmdir()

    def at_work(self) -> str | None:
        """Who holds the folder for writing, as a phrase; None if nobody does."""
        if not regular_files.there_is_file(self.folder / LOCK, alone=True):
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
        self.check_digest(PLAN)
        try:
            with regular_files.opened(self.folder / PLAN) as stream, pq.ParquetFile(stream) as file:
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

        Each file of a part is verified by its digest. Large parts go first, so that a compacted one is preferred to those
        it was made of. Raises KmsimError for a link, FIFO or the like that has the name of a file of ours.
        """
        check_layout(self.folder)
        done = np.zeros(len(self.keys), bool)
        schema = parts.runs_schema(self.outcomes)
        counted: list[str] = []
        odd: dict[Path, str] = {}
        left: dict[Path, str] = {}
        unverified = 0
        sizes: dict[Path, int] = {}
        for table in TABLES:
            for name, found in self._entries(table).items():
                file = self.folder / table / name
                if not parts.is_part(name):
                    if not _is_our_temporary(name, found):
                        left[file] = NOT_OURS
                elif table == RUNS:
                    sizes[file] = found.st_size
        for file in sorted(sizes, key=lambda file: (-sizes[file], file.name)):
            try:
                keys, verified = parts.read_keys(self.folder, file.stem, schema, self.sealed)
            except FileNotFoundError:  # taken away meanwhile, as whoever compacts does
                continue
            except Torn as error:
                odd[file] = str(error)
                continue
            rows, planned = self.numbers(keys)
            if not planned.all():
                odd[file] = "its runs are not of this plan"
            elif done[rows].any():
                odd[file] = DOUBLE
            else:
                done[rows] = True
                counted.append(file.stem)
                unverified += not verified
        if told := self._failures()[1]:
            odd[self.folder / FAILURES] = told
        return Scan(done, counted, odd, left, unverified)

    def _entries(self, table: str) -> dict[str, os.stat_result]:
        """What stands in a table's folder. Raises KmsimError for what has the name of a part and is no file."""
        found = regular_files.entries(self.folder / table)
        for name, entry in found.items():
            if parts.is_part(name) and not stat.S_ISREG(entry.st_mode):
                raise regular_files.refused(self.folder / table / name, entry.st_mode, "a file")
        return found

    def repair(self) -> Scan:
        """Scan, and set aside in aside/ the parts that do not count: nothing is deleted but unfinished temporary files.

        What was set aside, and what is not ours and stays, is told by a DamageWarning. Folders of tables that were taken
        away are made again. Only for who holds the lock.
        """
        found = self.scan()
        names = set(found.parts)
        with telling(self.folder):
            for table in TABLES:
                (self.folder / table).mkdir(exist_ok=True)
                for name, entry in self._entries(table).items():
                    file = self.folder / table / name
                    if _is_our_temporary(name, entry):
                        file.unlink(missing_ok=True)
                    elif parts.is_part(name) and file.stem not in names:
                        self._set_aside(file)
            for name, entry in regular_files.entries(self.folder.resolve()).items():  # it may be a link itself
                if _is_our_temporary(name, entry):
                    (self.folder / name).unlink(missing_ok=True)
            if self.folder / FAILURES in found.odd:
                self._set_aside(self.folder / FAILURES)
        self._warn_of_repair(found)
        return found

    def _warn_of_repair(self, found: Scan) -> None:
        if found.odd:
            lost = any(why != DOUBLE for why in found.odd.values())
            then = "; what it held is missing until it is run again" if lost else ""
            self._warn(
                f"does not count and is set aside in {ASIDE}/: {_named(found.odd, self.folder)}{then}", found.odd
            )
        if found.left:
            self._warn(f"no file of an experiment, and left where it is: {_named(found.left, self.folder)}", found.left)

    def _warn(self, told: str, files: Mapping[Path, str]) -> None:
        """Warn of files, unless an earlier warning named them all."""
        if not self._warned.issuperset(files):
            self._warned.update(files)
            warnings.warn(f"{self.folder}: {told}", DamageWarning, stacklevel=3)

    def _set_aside(self, file: Path) -> None:
        aside = self.folder / ASIDE
        regular_files.there_is_folder(aside)
        aside.mkdir(exist_ok=True)
        name = file.name if file.parent == self.folder else f"{file.parent.name}-{file.name}"
        target = aside / name
        while os.path.lexists(target):
            target = target.with_name(f"{secrets.token_hex(2)}-{target.name}")
        with suppress(FileNotFoundError):  # what an ending process of an earlier session took back itself
            file.rename(target)

    def files(self, table: str, names: Sequence[str]) -> list[Path]:
        """The files of these parts in a table: not each part has one."""
        there = self._entries(table)
        return [self.folder / table / f"{name}.parquet" for name in names if f"{name}.parquet" in there]

    def read(self, table: str, names: Sequence[str]) -> pa.Table:
        """All rows of a table in these parts, verified. Raises KmsimError, naming the file, if one was damaged meanwhile."""
        schema = parts.schemas(self.outcomes)[table]
        found = [schema.empty_table()]
        for file in self.files(table, names):
            try:
                found.append(parts.read_table(self.folder, table, file.stem, schema, self.sealed))
            except Torn as error:
                raise KmsimError(f"{file}: {error}; its part is left as it is") from None
        return pa.concat_tables(found)

    # -- failures -----------------------------------------------------------------
    def failures(self) -> list[dict[str, Any]]:
        """The runs of this plan that failed when last tried: key, policy, scenario, seed, parameters (JSON), error.

        None if their file is damaged: then `scan` tells of it, and the runs are tried again.
        """
        return self._failures()[0]

    def _failures(self) -> tuple[list[dict[str, Any]], str]:
        """The same, and what is wrong with the file, if anything."""
        path = self.folder / FAILURES
        if not regular_files.there_is_file(path):
            return [], ""
        try:
            with regular_files.opened(path) as stream:
                digests.check(stream, FAILURES, self.sealed)
                stream.seek(0)
                rows = pq.read_table(stream, schema=failures_schema()).to_pylist()
            _, planned = self.numbers(parts.raw([row["key"] for row in rows]))
        except digests.Damaged as error:
            return [], str(error)
        except (pa.ArrowException, Torn, TypeError) as error:
            return [], f"it cannot be read: {' '.join(str(error).split())}"
        except OSError as error:
            raise KmsimError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
        return [row for row, ours in zip(rows, planned, strict=True) if ours], ""

    def write_failures(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write which runs failed, in the place of what was written before; no file if none did."""
        path = self.folder / FAILURES
        with telling(self.folder):
            if not rows:
                path.unlink(missing_ok=True)
                return
            table = pa.Table.from_pylist([dict(row) for row in rows], schema=failures_schema())
            regular_files.write_whole(path, lambda stream: stream.write(digests.sealed(table, FAILURES)))


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


def check_layout(folder: Path) -> None:
    """Raise KmsimError, naming it, if a link or the like stands in the place of a file or folder of an experiment.

    >>> check_layout(Path("no/such/folder"))
    """
    for name in FILES:
        regular_files.there_is_file(folder / name)
    regular_files.there_is_file(folder / LOCK, alone=True)  # to take a lock may empty the file
    for name in FOLDERS:
        regular_files.there_is_folder(folder / name)


def is_current(folder: Path, token: str) -> bool:
    """Whether this session is still the one that writes in a folder."""
    return _session(folder).get("token") == token


def _session(folder: Path) -> dict[str, Any]:
    try:
        told = json.loads(regular_files.read(folder / SESSION))
        return told if isinstance(told, dict) else {}
    except (OSError, ValueError, RecursionError):
        return {}


def _make(folder: Path, plan: Plan, config: Mapping[str, Any], command: Sequence[str]) -> None:
    """The folder, made beside its place and put there whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with leftovers.temporary_folder(folder, leftovers.EXPERIMENT) as new:
        for table in TABLES:
            (new / table).mkdir()
        _write_plan(new / PLAN, plan)
        if plan.varied:
            plan.write_scenarios(new / SCENARIOS)
        (new / CONFIG).write_text(to_yaml(config), encoding="utf-8")
        manifest = (
            versions()
            | asked_with(command)
            | {
                "config_hash": config_hash(dict(config)),
                "base_hash": plan.base_hash,
                "rows_planned": len(plan),
                "time": now(),
                "digests": {name: digests.of_file(new / name) for name in (PLAN, SCENARIOS) if (new / name).exists()},
            }
        )
        manifest["digest"] = digests.of_data(manifest)
        (new / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        for file in (PLAN, CONFIG, MANIFEST):
            with (new / file).open("rb") as stream:
                os.fsync(stream.fileno())
        regular_files.folder_reaches_disk(new)
        try:
            new.rename(folder)
        except OSError:
            if not (folder / MANIFEST).exists():  # else another process was quicker: theirs is opened and compared
                raise
        regular_files.folder_reaches_disk(folder.parent)


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


def _is_our_temporary(name: str, found: os.stat_result) -> bool:
    return parts.is_temporary(name) and stat.S_ISREG(found.st_mode)


def _named(files: Mapping[Path, str], folder: Path) -> str:
    """The first few files with what is wrong with each, and how many more there are."""
    told = [f"{file.relative_to(folder)} ({why})" for file, why in [*files.items()][:NAMED]]
    return ", ".join(told) + (f" and {len(files) - NAMED:,} more" if len(files) > NAMED else "")


def is_free(folder: Path) -> bool:
    """Whether an experiment may be made there: nothing is, or an empty folder. Raises KmsimError for a link to nothing."""
    if folder.is_symlink() and not folder.exists():
        raise KmsimError(f"{folder}: a link to nothing; expected a folder, or a name that is free")
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
