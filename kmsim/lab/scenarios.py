"""The scenarios of a plan: a table of what varies, a row a scenario, held as arrays so that a million rows are no burden."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kmsim import contents
from kmsim.errors import BadValue, KmsimError

DIGEST = 16  # bytes that stand for a row
_EXACT = 2**53  # up to here whole numbers and reals are the same numbers


@dataclass(frozen=True, eq=False)
class Column:
    """The values of one key, a row a scenario: numbers as they are, anything else as codes of `choices`.

    >>> Column.of([1, 2.5])[1], Column.of(["a", None, "a"])[2]
    (2.5, 'a')
    """

    values: np.ndarray
    choices: tuple[Any, ...] | None = None

    @classmethod
    def of(cls, values: Iterable[Any]) -> Column:
        """Whole numbers and reals stay numbers; all else becomes choices, in their order.

        That is texts, truth values, nulls and mixtures, and whole numbers that no array holds as they are.
        """
        if isinstance(values, np.ndarray) and values.dtype in (np.int64, np.float64):
            return cls(values)
        items = [*values]
        kinds = {type(item) for item in items}
        if kinds <= {int} and all(-(2**63) <= item < 2**63 for item in items):
            return cls(np.array(items, np.int64))
        if kinds <= {int, float} and all(type(item) is float or float(item) == item for item in items):
            return cls(np.array(items, np.float64))
        codes: dict[tuple[type, Any], int] = {}
        return cls(
            np.array([codes.setdefault((type(item), item), len(codes)) for item in items], np.int32),
            tuple(item for _, item in codes),
        )

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, row: int) -> Any:
        value = self.values[row].item()
        return value if self.choices is None else self.choices[value]

    def take(self, rows: np.ndarray) -> Column:
        """The same column with only these rows."""
        return Column(self.values[rows], self.choices)

    def names(self, key: str) -> tuple[str, ...]:
        """The choices, where each must be a name. Raises BadValue."""
        for choice in self.choices or (self[0],):
            if not isinstance(choice, str):
                raise BadValue(key, choice, "names only")
        return self.choices or ()

    def shown(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Some rows as numbers, or as texts where the values are not all numbers."""
        values = self.values[start:stop]
        return values if self.choices is None else np.array([_text(c) for c in self.choices], object)[values]

    def bits(self) -> np.ndarray:
        """Eight bytes a row that are equal where the values are: 2 and 2.0 are one value, and so are 0.0 and -0.0."""
        if self.choices is not None:
            codes = [hashlib.blake2b(canonical(c).encode(), digest_size=8).digest() for c in self.choices]
            return np.frombuffer(b"".join(codes), np.uint64)[self.values]
        if self.values.dtype == np.int64 and np.any(np.abs(self.values) > _EXACT):
            return self.values.view(np.uint64)
        return (self.values.astype(np.float64) + 0.0).view(np.uint64)


class Scenarios(Mapping[str, Column]):
    """Key -> column, all of one length; `row(i)` is one scenario as a dict. With no keys it is one, for nothing varies.

    origin: how a row is called in errors.

    >>> table = Scenarios({"parameters.theta": Column.of([1.0, 2.0])})
    >>> len(table.row(1)), table.count
    (1, 2)
    """

    def __init__(self, columns: Mapping[str, Column], origin: str = "scenario") -> None:
        self._columns = dict(columns)
        lengths = {len(column) for column in self._columns.values()} or {1}
        if len(lengths) != 1:
            raise ValueError(f"columns of different lengths: {sorted(lengths)}")
        (self.count,) = lengths
        self.origin = origin

    def __getitem__(self, key: str) -> Column:
        return self._columns[key]

    def __iter__(self):
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def row(self, number: int) -> dict[str, Any]:
        """One scenario: key -> value."""
        return {key: column[number] for key, column in self._columns.items()}

    def digests(self, meanings: Mapping[str, Mapping[str, Any]] | None = None) -> np.ndarray:
        """A hash of each row's keys and values: (rows, 16) uint8, in whatever order the columns are.

        A row that stands twice is told from its double by a count, for each is a run of its own. meanings: key -> choice
        -> what it stands for, where a name alone does not say it.
        """
        keys = sorted(self)
        rows = np.zeros((self.count, max(1, len(keys))), np.uint64)
        for i, key in enumerate(keys):
            rows[:, i] = self._meant(key, (meanings or {}).get(key)).bits()
        raw, width = rows.tobytes(), 8 * rows.shape[1]
        start = hashlib.blake2b("\0".join(keys).encode(), digest_size=DIGEST)
        found = bytearray()
        for at in range(0, len(raw), width):
            digest = start.copy()
            digest.update(raw[at : at + width])
            found += digest.digest()
        return _told_apart(np.frombuffer(found, np.uint8).reshape(self.count, DIGEST))

    def _meant(self, key: str, meanings: Mapping[str, Any] | None) -> Column:
        column = self._columns[key]
        if not meanings or column.choices is None:
            return column
        if key == "system.path":  # what is in the file, and not where it lies
            return Column(column.values, tuple(meanings[c] for c in column.choices))
        return Column(
            column.values, tuple(contents.without_paths({"name": c, "is": meanings[c]}) for c in column.choices)
        )

    def write(self, path: Path) -> None:
        """Write them as Parquet; what is not a number is written as JSON, so that types come back."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        arrays, fields = [], []
        for key, column in self._columns.items():
            if column.choices is None:
                arrays.append(pa.array(column.values))
                fields.append(pa.field(key, arrays[-1].type))
            else:
                words = pa.array([json.dumps(choice) for choice in column.choices], pa.string())
                arrays.append(pa.DictionaryArray.from_arrays(column.values, words))
                fields.append(pa.field(key, arrays[-1].type, metadata={"kmsim": "json"}))
        pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), path, compression="zstd")

    @classmethod
    def read(cls, path: Path) -> Scenarios:
        """Those that `write` wrote. Raises KmsimError for a file that it did not."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(path)
            columns = {}
            for field in table.schema:
                array = table.column(field.name).combine_chunks()
                if (field.metadata or {}).get(b"kmsim") == b"json":
                    codes = array.indices.to_numpy(zero_copy_only=False).astype(np.int32)
                    columns[field.name] = Column(
                        codes, tuple(json.loads(word) for word in array.dictionary.to_pylist())
                    )
                else:
                    columns[field.name] = Column.of(array.to_numpy(zero_copy_only=False))
            return cls(columns)
        except (OSError, pa.ArrowException, ValueError, AttributeError) as error:
            raise KmsimError(f"{path}: not the scenarios of an experiment: {error}") from None


def _told_apart(digests: np.ndarray) -> np.ndarray:
    """The same hashes, but those of doubles made again with how many of the same stand above them."""
    halves = np.ascontiguousarray(digests).view(np.uint64)[:, 0]
    ordered = np.sort(halves)
    if not np.any(ordered[1:] == ordered[:-1]):
        return digests
    out, seen = digests.copy(), Counter[bytes]()
    for i in np.flatnonzero(np.isin(halves, ordered[1:][ordered[1:] == ordered[:-1]])):
        digest = digests[i].tobytes()
        if seen[digest]:
            again = hashlib.blake2b(digest + seen[digest].to_bytes(8, "little"), digest_size=DIGEST)
            out[i] = np.frombuffer(again.digest(), np.uint8)
        seen[digest] += 1
    return out


def canonical(value: Any) -> str:
    """A text that is the same for the same value: numbers as reals, keys in order.

    >>> canonical({"b": 1, "a": [1.0, None]})
    '{"a":[1.0,null],"b":1.0}'
    """
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(k)}:{canonical(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _EXACT:
        return repr(float(value) + 0.0)
    return json.dumps(value, default=str)  # what is no plain value is refused when the plan is checked


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
