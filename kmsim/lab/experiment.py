"""An experiment to ask: its tables as DuckDB relations over the parts on disk, never all in memory.

What is asked sees the parts that count when the experiment is opened; open it again to see what came since. Once parts
are merged (kmsim compact) what is asked next sees those that count then.
"""

from __future__ import annotations

import re
import shlex
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from kmsim.errors import BadValue, DamageWarning, IncompleteWarning, KmsimError, unknown
from kmsim.lab import parts
from kmsim.lab.parts import RUNS, TABLES
from kmsim.lab.plan import policy_names
from kmsim.lab.reading import CONFIG, PLAN
from kmsim.lab.store import EDITED, Scan, Store, failures_schema
from kmsim.lab.words import done_of
from kmsim.policies.policy import without_label

if TYPE_CHECKING:
    import duckdb

VIEWS = (*TABLES, "plan", "failures")
BASELINE = "business_as_usual"
NAMES = ("policy", "scenario", "replicate", "seed", "practice", "moment", "year")
BY = ("policy", "practice", "moment")

_KIND = re.compile(r"^[A-Z][A-Za-z ]* Error: ")


class Experiment:
    """An experiment's tables. Each method gives a DuckDB relation: `.df()`, `.filter(...)`, `.arrow()` and so on fetch it.

    folder: as `kmsim sweep` or `run_plan` made it. `done` and `planned` count its runs when it was opened. Where fewer are
    done than planned, each method that answers from runs gives an IncompleteWarning: how many of how many.

    Raises KmsimError if there is no experiment in the folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.store = Store.open(folder)
        self._look()

    def __repr__(self) -> str:
        return f"<Experiment of {self.planned:,} runs, {self.done:,} done, in {self.store.folder}>"

    def _look(self) -> None:
        """See what stands in the folder now."""
        import duckdb

        self.scan = self.store.scan()
        self._connection = duckdb.connect()
        add_views(self._connection, self.store, self.scan)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The engine that has the tables as views, made anew if their parts were merged since."""
        if len(self.store.files(RUNS, self.scan.parts)) < len(self.scan.parts):
            self._look()
        return self._connection

    @property
    def planned(self) -> int:
        """How many runs are planned."""
        return self.store.planned

    @property
    def done(self) -> int:
        """How many of them were done when the experiment was opened."""
        return self.scan.count

    @property
    def notes(self) -> list[str]:
        """What its schools leave out or estimate, a line each. Raises KmsimError where its files of schools are gone or changed."""
        from kmsim.lab.school_notes import school_notes

        return school_notes(self.store.plan())

    # -- tables as they are stored ---------------------------------------------------
    def runs(self) -> duckdb.DuckDBPyRelation:
        """A row a run, practice and moment: key, policy, scenario, replicate, seed, practice, moment, year and each outcome."""
        return self._told().table(RUNS)

    def plan(self) -> duckdb.DuckDBPyRelation:
        """A row a planned run: index, key, policy, scenario, replicate, seed and what varies."""
        return self.connection.table("plan")

    def ledger(self) -> duckdb.DuckDBPyRelation:
        """A row a run and category of cost: key, category, gbp."""
        return self._told().table("ledger")

    def attempts(self) -> duckdb.DuckDBPyRelation:
        """Where and how long each run was run: key, seconds, host, pid, attempt. Never the same twice."""
        return self.connection.table("attempts")

    def failures(self) -> duckdb.DuckDBPyRelation:
        """The runs that failed when last tried: key, policy, scenario, seed, parameters, error."""
        return self.connection.table("failures")

    def _told(self) -> duckdb.DuckDBPyConnection:
        """The engine, when the caller of the method that asks was warned of what is not done."""
        connection = self.connection
        warn(self.store, self.scan, stacklevel=4)
        return connection

    # -- made of them ----------------------------------------------------------------
    def trajectories(self) -> duckdb.DuckDBPyRelation:
        """Stored trajectories, tidy: policy, scenario, seed, practice, tick, year, outcome, value. Each tick, 0 being the start."""
        return self._told().sql(
            f"SELECT policy, scenario, seed, practice, tick, year, outcome, value FROM ({self._tidy('trajectories')})"
        )

    def paired(self, policy: str, against: str | None = None) -> duckdb.DuckDBPyRelation:
        """A policy beside another in the same scenario with the same seed: value, against_value and their difference.

        policy, against: their own names or, under `network=`, as the tables have them; against: business_as_usual if none is
        named. A row a scenario, seed, practice, moment and outcome.
        Raises UnknownName for a policy that is not of this experiment.
        """
        shown = self._policies()
        by_name = {without_label(name)[0]: name for name in shown} | {name: name for name in shown}
        for key, name in (("policy", policy), ("against", against or BASELINE)):
            if name not in by_name:
                raise unknown(key, name, shown, "a policy of this experiment")
        policy, against = by_name[policy], by_name[against or BASELINE]
        names = "scenario, replicate, seed, practice, moment, outcome"
        one, other = (f"SELECT * FROM ({self._tidy(RUNS)}) WHERE policy = {text(name)}" for name in (policy, against))
        return self._told().sql(
            f"SELECT {names}, one.year, one.policy, one.value, other.policy AS against, other.value AS against_value, "
            f"one.value - other.value AS difference FROM ({one}) AS one JOIN ({other}) AS other USING ({names})"
        )

    def summary(self, by: Sequence[str] | str = BY) -> duckdb.DuckDBPyRelation:
        """Each outcome over the runs of a group: mean, low and high (5th and 95th percentile) and n, of finite values.

        by: columns of runs and of plan, what varies included. Raises UnknownName for any other.
        """
        self._told()
        return self.summarised(by)

    def summarised(self, by: Sequence[str] | str = BY) -> duckdb.DuckDBPyRelation:
        """As `summary`, without a warning where runs are missing: for who tells of them."""
        by = [by] if isinstance(by, str) else list(by)
        varied = [name for name in self.connection.table("plan").columns if name not in ("index", "key", *NAMES)]
        for name in by:
            if name not in (*NAMES, *varied):
                raise unknown("by", name, (*NAMES, *varied), "a column of this experiment")
        if not by:
            raise BadValue("by", "[]", "at least one column")
        columns = ", ".join(map(quoted, varied))
        source = self._tidy(RUNS)
        if varied:
            source = f"SELECT tidy.*, {columns} FROM ({source}) AS tidy JOIN plan USING (key)"
        group = ", ".join(map(quoted, by))
        return self.connection.sql(
            f"SELECT {group}, outcome, avg(value) AS mean, quantile_cont(value, 0.05) AS low, "
            f"quantile_cont(value, 0.95) AS high, count(*) AS n FROM ({source}) WHERE isfinite(value) "
            f"GROUP BY {group}, outcome ORDER BY {group}, outcome"
        )

    def _tidy(self, table: str) -> str:
        """The query that has a row an outcome of a table that has a column for each."""
        outcomes = ", ".join(map(quoted, self.store.outcomes))
        doubles = ", ".join(f"{quoted(name)}::DOUBLE AS {quoted(name)}" for name in self.store.outcomes)
        return f"UNPIVOT (SELECT * REPLACE ({doubles}) FROM {table}) ON {outcomes} INTO NAME outcome VALUE value"

    def _policies(self) -> list[str]:
        return policy_names(self.store.config)


# -- what is not there -------------------------------------------------------------------
def warn(store: Store, scan: Scan, stacklevel: int = 2) -> None:
    """Warn whoever asks if fewer runs are done than planned, if parts cannot be verified, or if the config was edited."""
    if told := incomplete(store, scan):
        warnings.warn(told, IncompleteWarning, stacklevel=stacklevel)
    if scan.unverified:
        which = f"{scan.unverified:,} of {len(scan.parts):,} parts" if len(scan.parts) > 1 else "its part"
        told = (
            f"{store.folder}: {which} cannot be verified: kmsim 0.1.0 wrote no digests; damage there would not be seen"
        )
        warnings.warn(told, DamageWarning, stacklevel=stacklevel)
    if store.edited:
        warnings.warn(f"{store.folder / CONFIG}: {EDITED}", DamageWarning, stacklevel=stacklevel)


def incomplete(store: Store, scan: Scan) -> str:
    """How many of how many runs are done, how many failed and how many files do not count; "" if all are done."""
    if scan.count >= store.planned:
        return ""
    failed = failed_runs(store, scan)
    told = f"{store.folder}: {done_of(scan.count, store.planned, failed)}"
    if scan.odd:
        one = len(scan.odd) == 1
        told += f" ({len(scan.odd):,} {'file does' if one else 'files do'} not count: damaged, or of another plan)"
    return f"{told}; see kmsim status {shlex.quote(str(store.folder))}"


def failed_runs(store: Store, scan: Scan) -> int:
    """How many runs failed when last tried and are not done."""
    rows = store.failures()
    if not rows:
        return 0
    numbers, _ = store.numbers(parts.raw([row["key"] for row in rows]))
    return int((~scan.done[numbers]).sum())


# -- from parts to views -----------------------------------------------------------------
def add_views(connection: duckdb.DuckDBPyConnection, store: Store, scan: Scan) -> None:
    """Give a connection a view of each table of a store: runs, trajectories, ledger, attempts, plan and failures.

    Raises KmsimError for a file that cannot be read.
    """
    import duckdb

    schemas = parts.schemas(store.outcomes)
    files = {table: store.files(table, scan.parts) for table in TABLES} | {"plan": [store.folder / PLAN]}
    connection.register("failures", pa.Table.from_pylist(store.failures(), schema=failures_schema()))
    for name in files:
        if files[name]:
            listed = ", ".join(text(unglobbed(file.resolve())) for file in files[name])
            try:
                connection.execute(
                    f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{listed}], hive_partitioning = false)"
                )
            except duckdb.Error as error:
                where = files[name][0] if len(files[name]) == 1 else store.folder / name
                raise KmsimError(f"{where}: cannot be read: {first_line(error)}") from None
        else:
            connection.register(name, schemas[name].empty_table())


def first_line(error: Exception) -> str:
    """What the engine says, without its own name for the kind of it.

    >>> first_line(ValueError("Invalid Input Error: no magic bytes"))
    'no magic bytes'
    """
    return _KIND.sub("", (str(error).splitlines() or [type(error).__name__])[0])


def text(value: str) -> str:
    """A text as SQL writes it.

    >>> text("King's")
    "'King''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A column's name as SQL writes it, whatever letters it has.

    >>> quoted("parameters.theta")
    '"parameters.theta"'
    """
    return '"' + name.replace('"', '""') + '"'


def unglobbed(path: Path) -> str:
    """A path that DuckDB takes letter by letter: no star or bracket in it is a pattern.

    >>> unglobbed(Path("a[1]"))
    'a[[]1]'
    """
    return re.sub(r"([\[*?])", r"[\1]", str(path))
