"""The errors that users see: one line that says what was wrong, where, what was expected and the nearest right thing."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class KmsimError(Exception):
    """A mistake of the user's, told in one line. The command line prints it and exits with code 2.

    >>> str(KmsimError("no such folder: x"))
    'no such folder: x'
    """


class BadValue(KmsimError):
    """A key whose value cannot be used: names the key, the value and what was expected.

    >>> str(BadValue("years", -1, "a whole number from 1 to 100"))
    'years=-1: expected a whole number from 1 to 100'
    """

    def __init__(self, key: str, value: Any, expected: str):
        self.key, self.value, self.expected = key, value, expected
        super().__init__(f"{key}={_short(value)}: expected {expected}")

    def __reduce__(self):
        return type(self), (self.key, self.value, self.expected)


class UnknownName(KmsimError):
    """A name that is not known, with the nearest that is.

    >>> isinstance(unknown("policy", "coachin", ["coaching"], "a policy"), UnknownName)
    True
    """


class Refused(KmsimError, TypeError):
    """A call that works on other Mesa models and cannot work on one whose agents are rows of tables.

    >>> issubclass(Refused, TypeError)
    True
    """


class RunOver(KmsimError, RuntimeError):
    """A step was asked of a run that has no tick left.

    >>> issubclass(RunOver, RuntimeError)
    True
    """


class RunFailed(Exception):
    """A run that broke although its settings were good: our fault, exit code 1.

    >>> issubclass(RunFailed, KmsimError)
    False
    """


class IncompleteWarning(UserWarning):
    """An answer is over fewer runs than are planned: how many of how many are done.

    >>> issubclass(IncompleteWarning, UserWarning)
    True
    """


class DamageWarning(UserWarning):
    """A file in a result's folder is damaged, foreign or cannot be verified: which, and what becomes of it.

    >>> issubclass(DamageWarning, UserWarning)
    True
    """


for _category in (IncompleteWarning, DamageWarning):  # each time, unless the user's own filters say otherwise
    warnings.filterwarnings("always", category=_category, append=True)


class SystemRefusal(KmsimError, RunFailed):
    """Runs that stopped because the system gave no more disk, memory, files or processes: exit code 2, what is done is kept.

    >>> issubclass(SystemRefusal, KmsimError), issubclass(SystemRefusal, RunFailed)
    (True, True)
    """


def unknown(key: str, name: Any, known: Iterable[str], what: str) -> UnknownName:
    """The error for a name that is not one of `known`, with the nearest of them.

    >>> str(unknown("policy", "coachin", ["coaching", "grassroots"], "a policy"))
    "policy=coachin: not a policy; did you mean 'coaching'?"
    """
    names = sorted(str(k) for k in known)
    by_case = {n.casefold(): n for n in names}
    asked = str(name).casefold()
    near = get_close_matches(asked, by_case, n=1, cutoff=0.5) or [n for n in by_case if asked in n][:1]
    if near:
        hint = f"did you mean '{by_case[near[0]]}'?"
    elif len(names) <= 20:
        hint = "expected one of " + ", ".join(names)
    else:
        hint = f"expected one of {len(names)}, such as '{names[0]}'"
    is_a_key = key == name or key.endswith(f".{name}")  # or else a value of one
    where = key if is_a_key else f"{key}={_short(name)}"
    return UnknownName(f"{where}: not {what}; {hint}")


def _short(value: Any) -> str:
    try:
        text = str(value)
    except ValueError:  # a whole number of thousands of digits
        text = "a number too long to show"
    text = text.replace("\n", " ")
    return text if len(text) <= 60 else text[:57] + "..."
