"""One SELECT over an experiment, on a DuckDB that reads this experiment's folder and nothing else, and writes nothing.

Three walls, each enough for what is known: the text must be one SELECT; it may name only the tables of the experiment and
its own, and call only the functions of `sql_functions`; and the engine has files, network, extensions and settings locked.
Memory, disk for what memory does not hold, and time are bounded.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from kmsim.errors import KmsimError, UnknownName, unknown
from kmsim.lab.experiment import VIEWS, add_views, first_line, quoted, text, unglobbed, warn
from kmsim.lab.sql_functions import ALLOWED, DENIED, TABLES_ALLOWED, TABLES_DENIED, may_call, may_make_table
from kmsim.lab.store import Store

if TYPE_CHECKING:
    import duckdb

MINUTES = 10.0  # that a query may take
MOST_CHARACTERS = 100_000  # of a query
_SCHEMAS = ("", "main", "memory")
_LISTS = ('"tables"', "__show_tables_expanded")  # SHOW TABLES and SHOW ALL TABLES
_NO_COLUMN = re.compile(r'Referenced (?:column|table) "([^"]+)" not found|not have a column named "([^"]+)"')
_LOCKED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",  # no variable of this program is a table
    "memory_limit": "50%",
    "max_temp_directory_size": "8GB",
}


@contextmanager
def answer(folder: str | Path, sql: str) -> Iterator[duckdb.DuckDBPyRelation]:
    """What one SELECT finds in an experiment, as a relation to fetch from while the context is open.

    sql: over the tables runs, trajectories, ledger, attempts, plan and failures. Raises KmsimError for anything that is
    not one SELECT, for what the engine refuses, and if there is no experiment in the folder.
    """
    import duckdb

    store = Store.open(folder)
    spill = Path(tempfile.gettempdir()) / f"kmsim-{uuid4().hex}"  # made by the engine only if memory is short
    connection = duckdb.connect(config=_LOCKED | {"temp_directory": str(spill)})
    try:
        scan = store.scan()
        add_views(connection, store, scan)
        check(connection, sql)
        warn(store, scan)
        _lock(connection, store.folder.resolve())
        with (
            _with_nearest_column(connection),
            _ended_by_the_clock(connection),
            told_in_one_line(),
            _ended_by_ctrl_c(connection),
        ):  # what goes wrong when it is fetched included
            yield connection.sql(sql)
    finally:
        connection.close()
        shutil.rmtree(spill, ignore_errors=True)


def check(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise KmsimError unless the text is one SELECT over the experiment's tables that calls only functions it may call."""
    import duckdb

    _check_text(sql)

    with told_in_one_line():
        statements = connection.extract_statements(sql)
    kinds = [statement.type for statement in statements]
    if duckdb.StatementType.MULTI in kinds:  # what the engine makes of a PIVOT that has to look at the rows first
        raise KmsimError(
            "query: PIVOT needs the values to make columns of, such as: "
            "PIVOT runs ON moment IN ('funding_end', 'end') USING avg(sustained) GROUP BY policy"
        )
    if kinds != [duckdb.StatementType.SELECT]:
        told = " and ".join(kind.name for kind in kinds) or "nothing"
        raise KmsimError(f"query: expected one SELECT, not {told}")
    with told_in_one_line():
        row = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    try:
        tree = json.loads(row[0]) if row else {"error": True}
        if tree.get("error"):
            raise KmsimError(f"query: expected one SELECT: {tree.get('error_message', 'it cannot be read')}")
        _check_tree(tree, frozenset(VIEWS))
    except RecursionError:
        raise KmsimError("query: expected a SELECT with fewer parentheses inside one another") from None


def _check_text(sql: str) -> None:
    """Raise KmsimError for a text that is too long, no text, or has a character that the engine would stop at."""
    try:
        sql.encode()
    except UnicodeEncodeError as error:
        raise KmsimError(f"query: character {error.start + 1} is not UTF-8: expected a SELECT in UTF-8") from None
    if "\0" in sql:
        raise KmsimError("query: has a NUL character: expected one SELECT")
    if len(sql) > MOST_CHARACTERS:
        raise KmsimError(f"query: has {len(sql):,} characters: expected at most {MOST_CHARACTERS:,}")


def _check_tree(tree: Any, tables: frozenset[str]) -> None:
    """Raise KmsimError for a table or function that a query may not use, anywhere in a parsed query.

    tables: those that may be named here, in lower case; a WITH adds its own to what stands in its query.
    """
    if isinstance(tree, list):
        for value in tree:
            _check_tree(value, tables)
        return
    if not isinstance(tree, dict):
        return
    _check_node(tree, tables)
    for key, value in tree.items():
        if key != "cte_map":
            continue
        for entry in value["map"]:
            name, query = entry["key"].lower(), entry["value"]
            itself = {name} if query["query_node"]["type"] == "RECURSIVE_CTE_NODE" else set()
            _check_tree(query, tables | itself)
            tables |= {name}  # for what comes after it
    for key, value in tree.items():
        if key == "function" and tree.get("type") == "TABLE_FUNCTION":
            _check_tree([value[inside] for inside in value if inside != "function_name"], tables)
        elif key != "cte_map":
            _check_tree(value, tables)


def _check_node(node: dict[str, Any], tables: frozenset[str]) -> None:
    """Raise KmsimError if this node itself names a table or function that a query may not use."""
    kind = node.get("type")
    if kind == "BASE_TABLE" or (kind == "SHOW_REF" and node["table_name"] not in ("", *_LISTS)):
        name, where = node["table_name"], (node["catalog_name"].lower(), node["schema_name"].lower())
        if name.lower() not in tables or not set(where) <= set(_SCHEMAS):
            told = ".".join(filter(None, [*where, name]))
            raise _unknown(told, tables, "a table of this experiment")
    elif kind == "TABLE_FUNCTION":
        _check_function(node["function"].get("function_name", ""), may_make_table, TABLES_DENIED, TABLES_ALLOWED)
    elif node.get("class") in ("FUNCTION", "WINDOW"):
        _check_function(node["function_name"], may_call, DENIED, ALLOWED)


def _check_function(name: str, may: Callable[[str], bool], denied: frozenset[str], allowed: frozenset[str]) -> None:
    if may(name):
        return
    if name.lower() in denied:
        raise UnknownName(
            f"query: {name}: a query may not call this function; it may not wait, write, or read files, settings or logs"
        )
    raise _unknown(name, allowed, "a function that a query may call")


def _unknown(name: str, known: Iterable[str], what: str) -> UnknownName:
    return UnknownName(f"query: {unknown(name, name, known, what)}")


def _lock(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """From here on the engine reads this folder only, and nothing of this can be changed back."""
    folders = ", ".join(text(path) for path in {str(folder), unglobbed(folder)})  # as it stands, and as views name it
    connection.execute(f"SET allowed_directories = [{folders}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


@contextmanager
def _ended_by_ctrl_c(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Have a thread hear Ctrl-C and tell the engine, which does not always listen itself. Only the main thread has signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)

    def listen() -> None:
        while heard := ours.recv(1):
            if heard[0] == signal.SIGINT:
                connection.interrupt()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        theirs.close()  # the listener hears that nothing more comes
        listener.join()
        ours.close()


@contextmanager
def _ended_by_the_clock(connection: duckdb.DuckDBPyConnection, minutes: float | None = None) -> Iterator[None]:
    """End a query that takes too long. Raises KmsimError then."""
    minutes = MINUTES if minutes is None else minutes
    late = threading.Event()

    def end() -> None:
        late.set()
        connection.interrupt()

    clock = threading.Timer(60 * minutes, end)
    clock.daemon = True
    clock.start()
    try:
        yield
    except KeyboardInterrupt:
        if not late.is_set():
            raise
        raise KmsimError(f"query: took more than {minutes:g} minutes: expected one that ends sooner") from None
    finally:
        clock.cancel()


@contextmanager
def _with_nearest_column(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Add to what is told of a column that is not there the one that was meant, as SQL writes it."""
    try:
        yield
    except KmsimError as error:
        found = _NO_COLUMN.search(str(error))
        tables = _columns(connection) if found else {}
        near = found and _nearest(found[1] or found[2], [*tables])
        if not near:
            raise
        where = f" of {tables[near][0]}" if len(tables[near]) == 1 else ""
        told = str(error).partition(" Candidate ")[0].removesuffix("!").removesuffix(";")
        raise KmsimError(f"{told}; did you mean {quoted(near)}{where}?") from None


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The tables that have a column, by its name."""
    told = "SELECT column_name, list(table_name) FROM duckdb_columns() WHERE table_name IN ? GROUP BY column_name"
    return dict(connection.cursor().execute(told, [list(VIEWS)]).fetchall())


def _nearest(name: str, columns: Sequence[str]) -> str | None:
    """The column that ends in a name after a dot or begins with it before one, else the most alike; None if none is.

    >>> _nearest("theta", ["parameters.theta", "key"]), _nearest("sede", ["seed", "key"])
    ('parameters.theta', 'seed')
    """
    ends = sorted(column for column in columns if column.endswith(f".{name}") or column.startswith(f"{name}."))
    return next(iter(ends or get_close_matches(name, columns, n=1)), None)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn what the engine refuses into one line of ours."""
    import duckdb

    try:
        yield
    except (KeyboardInterrupt, duckdb.InterruptException):
        raise KeyboardInterrupt("interrupted") from None
    except duckdb.Error as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip() and not set(line) <= {" ", "^"}]
        raise KmsimError(f"query: {first_line(Exception(' '.join(lines[:2])))}") from None
    except RuntimeError as error:
        if "interrupted" in str(error).lower():  # how the engine tells of Ctrl-C
            raise KeyboardInterrupt("interrupted") from None
        raise
