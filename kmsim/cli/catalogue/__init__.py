"""Everything that has a name: the kinds there are, one file for those that belong together, and finding what a word means."""

from __future__ import annotations

from kmsim.cli.catalogue.archetypes import ARCHETYPE
from kmsim.cli.catalogue.authorities import AUTHORITY
from kmsim.cli.catalogue.configs import CALIBRATION, DESIGN, EXPERIMENT, PRACTICE, SYSTEM
from kmsim.cli.catalogue.evidence import FINDING, PRIOR
from kmsim.cli.catalogue.kind import Kind
from kmsim.cli.catalogue.levers import FEATURE, LEVER
from kmsim.cli.catalogue.policies import POLICY
from kmsim.cli.catalogue.quantities import OUTCOME, PARAMETER
from kmsim.cli.catalogue.studies import STUDY
from kmsim.errors import unknown

KINDS = (
    SYSTEM,
    POLICY,
    LEVER,
    FEATURE,
    OUTCOME,
    PARAMETER,
    ARCHETYPE,
    PRACTICE,
    DESIGN,
    CALIBRATION,
    EXPERIMENT,
    STUDY,
    AUTHORITY,
    FINDING,
    PRIOR,
)


def kind_of(word: str) -> Kind:
    """The kind that a word means, in the singular or the plural. Raises UnknownName.

    >>> kind_of("policies").name
    'policy'
    """
    for kind in KINDS:
        if kind.is_called(word):
            return kind
    raise unknown("kind", word, [kind.plural for kind in KINDS], "a kind of things to list")


def is_kind(word: str) -> bool:
    """Whether a word names a kind."""
    return any(kind.is_called(word) for kind in KINDS)


def with_name(name: str) -> list[Kind]:
    """The kinds that have something of this name: often one, at times two, or none."""
    return [kind for kind in KINDS if name in kind.names()]


def kinds_with(name: str) -> list[Kind]:
    """The kinds that have something of this name. Raises UnknownName, with the nearest name of any kind, if none has.

    >>> [kind.name for kind in kinds_with("coaching")]
    ['policy', 'lever']
    """
    found = with_name(name)
    if not found:
        raise unknown("name", name, {n for kind in KINDS for n in kind.names()}, "a name of any kind")
    return found
