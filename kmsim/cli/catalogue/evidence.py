"""What research found, and what it and judgement make of parameters before any fitting: each with grade and source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kmsim.cli import text
from kmsim.cli.catalogue.kind import Kind, head


def _findings() -> Mapping[str, Any]:
    from kmsim.evidence.table import findings

    return findings()


def _priors() -> Mapping[str, Any]:
    from kmsim.evidence.table import priors

    return priors()


def _line(name: str) -> list[str]:
    from kmsim.evidence.records import plain
    from kmsim.evidence.table import look_up

    record: Any = look_up(name)
    weak = f" [{record.mark}]" if record.mark else ""
    told = [record.use] if name in _findings() else [plain(record.value)]
    return [name, ", ".join(record.grade), *told, record.statement + weak]


def _show(kind: str) -> Callable[[str], str]:
    def show(name: str) -> str:
        from kmsim.evidence.cited import citing
        from kmsim.evidence.grades import GRADES
        from kmsim.evidence.records import USES, plain
        from kmsim.evidence.table import citations, look_up

        record: Any = look_up(name)
        unit = f" ({record.unit})" if record.unit else ""
        body = {"quantity": record.quantity + unit, "value": plain(record.value), "range": record.range or "none"}
        if kind == "prior":
            body |= {"shape": record.shape, "taken from": ", ".join(record.from_findings)}
        else:
            body |= {
                "use": f"{record.use}: {USES[record.use]}",
                "because": record.why,
                "retagged": record.retagged,
                "validation group": "" if record.group is None else f"{record.group} of 12",
            }
        body |= {"simulated": record.test, "note": record.note, "named by parameters": ", ".join(citing(name))}
        rows = [[key, value] for key, value in body.items() if value]
        rows += [["grade", f"{grade}: {GRADES[grade]}"] for grade in record.grade]
        rows += [["source", work] for work in citations(record)]
        weak = f"{record.mark.upper()}: not to be taken as evidence as it stands\n\n" if record.mark else ""
        return head(kind, name, record.statement) + weak + text.rows(rows, indent=2)

    return show


FINDING = Kind(
    "finding",
    "findings",
    "what research found, with its source, and what it is used for",
    lambda: [*_findings()],
    ("finding", "grade", "use", "what was found"),
    _line,
    _show("finding"),
)
PRIOR = Kind(
    "prior",
    "priors",
    "parameters as research and judgement have them before any fitting",
    lambda: [*_priors()],
    ("prior", "grade", "value", "what it is"),
    _line,
    _show("prior"),
)
