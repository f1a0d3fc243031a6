"""The local authorities of England, which systems are made of."""

from __future__ import annotations

from kmsim.cli import text
from kmsim.cli.catalogue.kind import Kind, head


def _names() -> list[str]:
    from kmsim.system.england import england

    return sorted(set(england()["la"].tolist()))


def _show(name: str) -> str:
    from kmsim.system.england import england

    rows = england()
    here = rows["la"] == name
    body = {
        "region": ", ".join(sorted(set(rows["region"][here].tolist()))),
        "schools": f"{int(here.sum()):,}",
        "use": f'kmsim compare system=borough "system.la={name}"',
    }
    return head("authority", name, "A local authority of England, January 2019.") + text.fields(body)


AUTHORITY = Kind(
    "authority",
    "authorities",
    "local authorities of England: system.la=",
    _names,
    ("authority",),
    lambda name: [name],
    _show,
)
