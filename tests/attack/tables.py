"""Mutated tables of scenarios (CSV, Parquet, Excel) and extracts of GIAS."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.attack.mutation import NASTY, data, text
from tests.attack.trial import Case

SHORT = ("years=2", "funded_years=1")
SCENARIOS = [
    ["parameters.theta", "network.ownership", "practice"],
    ["2", "0.3", "metacognition"],
    ["2.5", "0.8", "formative_assessment"],
]
GIAS = (
    "URN,LA (name),EstablishmentName,PhaseOfEducation (name),NumberOfPupils,Easting,Northing,EstablishmentStatus (name),SchoolCapacity,PercentageFSM,"
    "GOR (name),TypeOfEstablishment (name),EstablishmentTypeGroup (name),Trusts (name),TrustSchoolFlag (name)"
).split(",")


def scenarios(choose: random.Random, number: int, folder: Path) -> Iterator[Case]:
    """So many tables for `design=table`, each written into the folder when it is asked for."""
    for turn in range(number):
        rows = [[*row] for row in SCENARIOS]
        kind = choose.choice(("csv", "csv", "parquet", "xlsx"))
        if choose.random() < 0.5:
            at = choose.randrange(len(rows))
            column = choose.randrange(len(rows[at]))
            rows[at][column] = text(choose, rows[at][column])
        elif choose.random() < 0.3:
            rows[choose.randrange(len(rows))].append(choose.choice(NASTY))
        content = {"csv": _csv, "parquet": _parquet, "xlsx": _xlsx}[kind](rows)
        if choose.random() < 0.5:
            content = data(choose, content)
        name = f"table.{kind}"
        (folder / name).write_bytes(content)
        words = (
            "sweep",
            "system=village",
            "policies=coaching",
            *SHORT,
            "design=table",
            f"design.path={name}",
            "executor=serial",
            f"name=s{turn}",
        )
        yield Case("table", f"{name}: {content[:80]!a}", words, (name, "design", *SCENARIOS[0]))


def extracts(choose: random.Random, number: int, folder: Path) -> Iterator[Case]:
    """So many extracts of GIAS, each written into the folder when it is asked for."""
    for _ in range(number):
        rows, whole = [[*GIAS], *_schools()], 0
        if choose.random() < 0.6:
            for _ in range(choose.choice((1, 1, 3))):
                at = choose.randrange(len(rows))
                column = choose.randrange(len(GIAS))
                rows[at][column] = text(choose, rows[at][column])
            content, whole = _csv(rows), len(rows) - 1
        else:
            content = data(choose, _csv(rows))
        (folder / "extract.csv").write_bytes(content)
        words = ("run", "system=gias", "system.path=extract.csv", "policy=coaching", *SHORT)
        yield Case("gias", f"extract.csv: {content[:80]!a}", words, ("extract.csv", "system", "line", "row"), whole)


def _schools() -> list[list[str]]:
    rows = []
    for i in range(8):
        phase = "Secondary" if i % 3 == 1 else "Primary"
        place = [str(500_000 + 900 * i), str(200_000 + 400 * i)]
        sizes = [str(100 + 150 * i), *place, "Open", str(210 + 150 * i), f"{8 + 3 * i}.5"]
        kind = ["London", "Community school", "Local authority maintained schools", "", ""]
        rows.append([str(100_001 + i), "Townshire", f"St Mary's, No {i}", phase, *sizes, *kind])
    return rows


def _csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


def _parquet(rows: list[list[str]]) -> bytes:
    out = io.BytesIO()
    names = [name.encode("utf-8", "replace").decode() for name in rows[0]]
    columns = [
        [row[i].encode("utf-8", "replace").decode() if i < len(row) else None for row in rows[1:]]
        for i in range(len(names))
    ]
    pq.write_table(pa.Table.from_arrays([pa.array(column, pa.string()) for column in columns], names=names), out)
    return out.getvalue()


def _xlsx(rows: list[list[str]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        cells = "".join(
            "<row>" + "".join(f"<c t='inlineStr'><is><t>{cell[:50]!a}</t></is></c>" for cell in row) + "</row>"
            for row in rows
        )
        book.writestr("xl/worksheets/sheet1.xml", f"<worksheet><sheetData>{cells}</sheetData></worksheet>")
    return out.getvalue()
