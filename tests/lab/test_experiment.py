"""Asking an experiment: relations over its parts, and one SELECT that can do no harm."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from kmsim import lab
from kmsim.errors import DamageWarning, IncompleteWarning, KmsimError
from kmsim.lab.compaction import compact
from kmsim.lab.ensemble import run_plan
from kmsim.lab.query import answer
from kmsim.lab.store import Store
from tests.lab import stand_in
from tests.lab.folder import table

N = 40


@pytest.fixture(scope="module")
def plan():
    return stand_in.plan_of(N // 2, ("coaching", "business_as_usual"), trajectories="all", replicates=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, plan) -> Path:
    """In a folder whose name has every letter that means something to somebody."""
    folder = tmp_path_factory.mktemp("lab") / "a [1] 'b' {c} \"d\" year=2020 *?" / "é"
    run_plan(plan, folder, "serial", work=stand_in.do)
    return folder


@pytest.fixture(scope="module")
def experiment(folder):
    return lab.open(folder)


def test_runs_are_what_the_parts_hold(experiment, folder):
    frame = experiment.runs().df().sort_values(["key", "practice", "moment"], ignore_index=True)
    expected = table(folder)
    assert list(frame) == list(expected)
    assert (frame["doing_it_well"].to_numpy() == expected["doing_it_well"].to_numpy()).all()
    assert frame["cost_gbp"].dtype == np.float32
    assert (experiment.done, experiment.planned) == (N, N)


def test_the_plan_has_what_varies(experiment):
    frame = experiment.plan().df()
    assert len(frame) == N
    assert frame["parameters.theta"].nunique() == N // 4
    assert experiment.attempts().aggregate("count(distinct key)").fetchall() == [(N,)]
    assert experiment.failures().df().empty


def test_trajectories_are_tidy(experiment, plan):
    relation = experiment.trajectories()
    assert relation.columns == ["policy", "scenario", "seed", "practice", "tick", "year", "outcome", "value"]
    assert relation.aggregate("count(*)").fetchall() == [(N * 3 * 2,)]
    run = plan.run(0)
    wanted = f"policy = 'coaching' and scenario = 0 and seed = {run.seed} and tick = 2 and outcome = 'doing_it_well'"
    ((value,),) = relation.filter(wanted).select("value").fetchall()
    assert value == np.float32(int(run.key[:6], 16) / 1000 + 2)


def test_paired_is_same_scenario_same_seed(experiment):
    frame = experiment.paired("coaching").df()
    assert len(frame) == N // 2 * 2 * 2
    assert set(frame.against) == {"business_as_usual"}
    assert np.allclose(frame.value - frame.against_value, frame.difference)
    runs = experiment.runs().df().set_index(["policy", "scenario", "seed", "moment"])["doing_it_well"]
    for _, row in frame[frame.outcome == "doing_it_well"].head(5).iterrows():
        both = [runs[name, row.scenario, row.seed, row.moment] for name in ("coaching", "business_as_usual")]
        assert [row.value, row.against_value] == both
    assert len(experiment.paired("business_as_usual", against="coaching").df()) == len(frame)
    with pytest.raises(KmsimError, match="did you mean 'coaching'"):
        experiment.paired("coachin")


def test_summary_by_anything(experiment):
    frame = experiment.summary().df()
    assert list(frame) == ["policy", "practice", "moment", "outcome", "mean", "low", "high", "n"]
    assert set(frame.n) == {N // 2}
    runs = experiment.runs().df()
    mine = runs[(runs.policy == "coaching") & (runs.moment == "end")]["doing_it_well"].astype(float)
    row = frame[(frame.policy == "coaching") & (frame.moment == "end") & (frame.outcome == "doing_it_well")].iloc[0]
    assert row["mean"] == pytest.approx(mine.mean())
    assert row["low"] == pytest.approx(np.quantile(mine, 0.05))
    by_theta = experiment.summary(by=["parameters.theta"]).df()
    assert by_theta["parameters.theta"].nunique() == N // 4
    with pytest.raises(KmsimError, match="did you mean 'parameters.theta'"):
        experiment.summary(by="parameters.thta")


def test_an_experiment_that_has_nothing_yet(tmp_path, plan):
    from kmsim.lab.store import Store

    Store.create(tmp_path / "new", plan)
    experiment = lab.open(tmp_path / "new")
    assert experiment.done == 0
    assert experiment.failures().df().empty
    for ask_ in (experiment.runs, experiment.trajectories, experiment.ledger, experiment.summary):
        with pytest.warns(IncompleteWarning, match=f": 0 of {N} runs are done, {N} missing; see kmsim status "):
            assert ask_().df().empty
    with pytest.warns(IncompleteWarning):
        assert experiment.paired("coaching").df().empty


def test_each_question_over_fewer_runs_than_planned_says_so_each_time(tmp_path, plan):
    folder = tmp_path / "mine"
    run_plan(plan, folder, "serial", work=stand_in.do_broken)
    next(file for file in (folder / "runs").iterdir() if file.stat().st_size > 0).unlink()
    experiment = lab.open(folder)
    failed, done = 1, experiment.done
    assert 0 < done < N - 1
    told = f"{done} of {N} runs are done, {failed} failed, {N - 1 - done} missing"
    for ask_ in (experiment.runs, experiment.summary, lambda: experiment.paired("coaching")):
        for _ in range(2):
            with pytest.warns(IncompleteWarning, match=told) as warned:
                ask_()
            assert [Path(one.filename).name for one in warned] == [Path(__file__).name]
    with pytest.warns(IncompleteWarning, match=told) as warned:
        assert ask(folder, "SELECT count(DISTINCT key) FROM runs") == [(done,)]
    assert len(warned) == 1


def test_a_whole_experiment_says_nothing(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lab.open(folder).summary()
        ask(folder, "SELECT count(*) FROM runs")


# -- query ---------------------------------------------------------------------------
def ask(folder: Path, sql: str) -> list[tuple]:
    with answer(folder, sql) as found:
        return found.fetchall()


def test_one_select(folder):
    assert ask(folder, "SELECT count(DISTINCT key) FROM runs") == [(N,)]
    assert ask(folder, "from plan select count(*);") == [(N,)]
    assert ask(folder, "WITH t AS (SELECT * FROM ledger) SELECT count(*) FROM t JOIN plan USING (key)") == [(N,)]
    assert len(ask(folder, "DESCRIBE runs")) == 10
    assert ask(folder, "SELECT count(*) FROM range(3), unnest([1, 2])") == [(6,)]
    assert ask(folder, "-- a comment; with a semicolon\nSELECT ';'") == [(";",)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM Runs r JOIN main.plan p ON r.key = p.key",
        "FROM memory.main.runs SELECT count(*)",
        "WITH a AS (SELECT 1 x), b AS (FROM a), c AS MATERIALIZED (FROM b JOIN a USING (x)) SELECT * FROM c",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t",
        "SELECT * FROM (SELECT 1 UNION SELECT 2 EXCEPT SELECT 3)",
        "SELECT policy, rank() OVER (PARTITION BY policy ORDER BY doing_it_well), lag(doing_it_well, 1) OVER () FROM runs QUALIFY true",
        "SELECT (SELECT max(seed) FROM plan WHERE plan.key = runs.key) FROM runs WHERE key IN (SELECT key FROM plan)",
        "SELECT coalesce(NULL, 1), CASE WHEN true THEN 1 END, nullif(1, 2), if(true, 1, 2), 1 BETWEEN 0 AND 2, -1 % 2",
        "SELECT [x + 1 for x in [1, 2] if x > 1], {'a': 1}.a, MAP {'a': 1}['a'], 'ab'[1], [1, 2][1:2]",
        "SELECT current_date, now(), extract(year FROM DATE '2020-01-01'), DATE '2020-01-01' + INTERVAL 1 DAY",
        "SELECT 'a' LIKE 'b', 'a' ILIKE 'b', 'a' SIMILAR TO 'b', 'a' GLOB 'b', 'a' ~ 'b', 'a' COLLATE NOCASE, 5!",
        "SELECT policy, moment, avg(doing_it_well), grouping(policy) FROM runs GROUP BY CUBE (policy, moment)",
        "SELECT quantile_cont(doing_it_well, [0.05, 0.95]), count(DISTINCT key), arg_max(key, doing_it_well), corr(doing_it_well, cost_gbp) FROM runs",
        "SELECT COLUMNS('.*well.*') FROM runs",
        "SELECT * EXCLUDE (key) FROM runs USING SAMPLE 10",
        "FROM (DESCRIBE runs)",
        "SUMMARIZE plan",
        "SHOW TABLES",
        "SHOW ALL TABLES",
        "UNPIVOT (SELECT doing_it_well, cost_gbp FROM runs) ON doing_it_well, cost_gbp INTO NAME outcome VALUE value",
        "SELECT unnest([1, 2]), generate_series(1, 3)",
        "FROM runs POSITIONAL JOIN plan",
        "VALUES (1), (2)",
        "SELECT 1 IS DISTINCT FROM NULL",
    ],
)
def test_all_that_reads_the_experiment_works(folder, sql):
    assert ask(folder, sql) is not None


def test_a_query_without_end_is_ended(folder, monkeypatch):
    from kmsim.lab import query

    monkeypatch.setattr(query, "MINUTES", 0.005)
    with pytest.raises(KmsimError, match=r"query: took more than 0.005 minutes"):
        ask(folder, "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t")


@pytest.fixture
def secret(folder) -> Path:
    file = folder.parent / "secret.txt"
    file.write_text("secret")
    return file


HOSTILE = [
    "COPY runs TO '{out}'",
    "COPY (SELECT 1) TO '{folder}/runs/out.parquet'",
    "ATTACH '{out}' AS other",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM READ_TEXT('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    'SELECT * FROM "{secret}"',
    "SELECT * FROM read_parquet('{folder}/plan.parquet')",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_text('{folder}/../secret.txt')",
    "SELECT * FROM read_blob('/proc/self/environ')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_json('http://localhost:1/x')",
    "SELECT (SELECT count(*) FROM read_csv('/etc/passwd'))",
    "SELECT 1 WHERE EXISTS (FROM sniff_csv('/etc/passwd'))",
    "WITH t AS (FROM read_text('/etc/passwd')) FROM t",
    "SELECT * FROM runs, LATERAL (SELECT * FROM arrow_scan(1, 2, 3))",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query('COPY (SELECT 1) TO ''{out}''')",
    "SELECT * FROM json_execute_serialized_sql('{{}}')",
    "SELECT * FROM duckdb_secrets()",
    "SELECT getenv('HOME')",
    "SELECT sleep_ms(1)",
    "SELECT pg_sleep(1)",
    "SELECT write_log('x')",
    "SELECT current_setting('memory_limit')",
    "SELECT getvariable('x')",
    "SELECT system.main.current_setting('memory_limit')",
    "SELECT 'memory_limit'.current_setting()",
    "SELECT list_transform(['memory_limit'], lambda x: current_setting(x))",
    "SELECT count(*) FILTER (WHERE current_setting('memory_limit') = '') FROM runs",
    "SELECT 1 ORDER BY current_setting('memory_limit')",
    "SELECT sum(1) OVER (PARTITION BY current_setting('memory_limit'))",
    "SELECT * REPLACE (current_setting('memory_limit') AS key) FROM runs",
    "SELECT json_serialize_plan('SELECT current_setting(''memory_limit'')')",
    "FROM (VALUES (current_setting('memory_limit')))",
    "FROM range(length(current_setting('memory_limit')))",
    "FROM (SELECT 1), LATERAL (SELECT current_setting('memory_limit'))",
    "PIVOT runs ON moment IN ('end') USING max(current_setting('memory_limit'))",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM pragma_version()",
    "SELECT * FROM set_config('memory_limit', '1GB')",
    "SELECT * FROM query_table('runs')",
    "SELECT * FROM parquet_metadata('{folder}/plan.parquet')",
    "FROM duckdb_logs",
    "FROM duckdb_columns",
    "FROM sqlite_master",
    "FROM pg_catalog.pg_settings",
    "FROM information_schema.tables",
    "SELECT * FROM '{folder}/plan.parquet'",
    'SELECT * FROM "{folder}/plan.parquet"',
    "DESCRIBE '{folder}/plan.parquet'",
    "SUMMARIZE '{folder}/plan.parquet'",
    "SHOW DATABASES",
    "SHOW VARIABLES",
    "WITH duckdb_logs AS (FROM duckdb_logs) FROM duckdb_logs",
    "WITH a AS (WITH duckdb_logs AS (SELECT 1) FROM duckdb_logs) FROM duckdb_logs",
    "WITH a AS (FROM duckdb_logs), duckdb_logs AS (SELECT 1) FROM a",
    "SELECT ?",
    "SELECT " + "(" * 900 + "1" + ")" * 900 + "+ nothing",
    "SELECT \udc80",
    "SELECT '" + "x" * 100_001 + "'",
    "PRAGMA database_list",
    "PRAGMA enable_external_access=true",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET lock_configuration",
    "INSTALL httpfs",
    "LOAD httpfs",
    "CALL checkpoint()",
    "SELECT 1; COPY runs TO '{out}'",
    "SELECT 1; SELECT 2",
    "CREATE TABLE t AS SELECT 1",
    "DROP VIEW runs",
    "INSERT INTO runs SELECT * FROM runs",
    "DELETE FROM runs",
    "EXPORT DATABASE '{out}'",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p AS SELECT 1",
    "SELEC 1",
    "SELECT nothing FROM runs",
    "SELECT * FROM plan_",
    "",
    ";",
    "-- nothing",
    "SELECT '",
]


@pytest.mark.parametrize("sql", HOSTILE)
def test_anything_else_is_refused_in_one_line(folder, secret, tmp_path, sql):
    files = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    places = {
        "out": tmp_path / "out",
        "folder": str(folder).replace("'", "''"),
        "secret": str(secret).replace("'", "''"),
    }
    with pytest.raises(KmsimError, match="^query") as error:
        ask(folder, sql.format(**places))
    assert "\n" not in str(error.value)
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == files
    assert not (tmp_path / "out").exists()


ENGINES_OWN = tuple(
    f"SELECT * FROM {call}" for call in ("query('SELECT", "query_table(", "duckdb_settings(", "pragma_version(")
)


@pytest.mark.parametrize("sql", [sql for sql in HOSTILE if sql.startswith(("SELECT * FROM", "COPY", "SET", "ATTACH"))])
def test_the_engine_itself_is_locked_too(folder, secret, tmp_path, sql, monkeypatch):
    """The same with the first two walls taken away, as far as reading from outside and changing settings go."""
    from kmsim.lab import query

    if ("{folder}" in sql and "secret" not in sql) or sql.startswith(ENGINES_OWN):
        pytest.skip("reads nothing but this folder")
    monkeypatch.setattr(query, "check", lambda connection, sql: None)
    places = {
        "out": tmp_path / "out",
        "folder": str(folder).replace("'", "''"),
        "secret": str(secret).replace("'", "''"),
    }
    if "arrow_scan" not in sql:
        with pytest.raises(Exception, match=r"(?i)query:|disabled|locked|does not exist"):
            ask(folder, sql.format(**places))
    assert not (tmp_path / "out").exists()


def test_a_query_of_what_is_no_experiment(tmp_path):
    with pytest.raises(KmsimError, match="no such folder"):
        ask(tmp_path / "nothing", "SELECT 1")


def test_an_experiment_that_is_open_when_its_parts_are_merged_still_answers(tmp_path, plan):
    run_plan(plan, tmp_path / "mine", "serial", work=stand_in.do)
    experiment = lab.open(tmp_path / "mine")
    before = experiment.runs().aggregate("count(*)").fetchall()
    assert compact(experiment.store).after == 1
    assert experiment.runs().aggregate("count(*)").fetchall() == before
    assert experiment.done == N
    assert experiment.summary("policy").df().n.gt(0).all()
    assert not experiment.trajectories().df().empty


def test_failures_that_are_damaged_are_told_and_set_aside(tmp_path, plan):
    folder = tmp_path / "mine"
    run_plan(plan, folder, "serial", work=stand_in.do_broken)
    file = folder / "failures.parquet"
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 4
    file.write_bytes(damaged)
    experiment = lab.open(folder)
    assert experiment.scan.odd == {file: "its digest is wrong: it was changed since it was written"}
    assert experiment.failures().df().empty
    with pytest.warns(DamageWarning, match=r"failures\.parquet \(its digest is wrong"):
        assert run_plan(plan, folder, "serial", work=stand_in.do).whole
    assert (folder / "aside" / "failures.parquet").read_bytes() == damaged
    assert not file.exists()


def test_failures_of_another_plan_are_not_asked(tmp_path, plan):
    store = Store.create(tmp_path / "mine", plan)
    row = {"policy": "coaching", "scenario": 1, "seed": 1, "parameters": "{}", "error": "it broke"}
    store.write_failures([row | {"key": "0" * 32}, row | {"key": plan.run(3).key}])
    assert lab.open(store.folder).failures().df().key.tolist() == [plan.run(3).key]
