"""Who does the batches of an ensemble: this process, processes of this machine, or a Dask cluster. Never what comes of them.

An executor takes batches when it has someone to do them and gives back what came of each, in whatever order. It tries
nothing again and judges nothing: `kmsim.lab.ensemble` does.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from importlib import import_module
from typing import Any, Protocol

from kmsim.errors import BadValue, unknown
from kmsim.lab.work import Batch, Came, Work
from kmsim.operating_system import is_limit, refusal

Take = Callable[[], Batch | None]  # the next batch; None: none now, ask again when something has come
EXECUTORS = ("processes", "serial", "dask", "slurm")
_OPTIONS = {
    "dask": ("address",),
    "slurm": ("jobs", "cores", "memory", "walltime", "queue", "account", "interface"),
}


class Executor(Protocol):
    """width: how many batches are done at once, as far as is known before."""

    width: int

    def look(self) -> None:
        """Raise KmsimError if nobody would do a batch, as far as can be seen before there is one."""
        ...

    def each(self, work: Work, take: Take) -> Generator[Came, None, None]:
        """Do batches until there are none. Closing the iterator ends whatever is being done, at once."""
        ...


def executor_of(name: str, workers: int, options: dict[str, Any]) -> Executor:
    """The executor of a name. workers: how many processes, where the executor starts them. options: `address` and the like.

    Raises UnknownName or BadValue for what cannot be used, KmsimError if an extra is not installed.

    >>> executor_of("serial", 1, {}).width
    1
    """
    check(name, options)
    given = {key: value for key, value in options.items() if value is not None}
    if name == "serial":
        from kmsim.lab.executors.serial import Serial

        return Serial()
    if name == "processes":
        from kmsim.lab.executors.processes import Processes

        return Processes(workers)
    dask = import_module("kmsim.lab.executors.dask")
    return dask.Slurm(**given) if name == "slurm" else dask.Dask(workers, **given)


def check(name: str, options: dict[str, Any]) -> None:
    """Raise UnknownName or BadValue unless there is an executor of this name that has these options."""
    if name not in EXECUTORS:
        raise unknown("executor", name, EXECUTORS, "an executor")
    known = _OPTIONS.get(name, ())
    for key, value in options.items():
        if key not in {option for own in _OPTIONS.values() for option in own}:
            raise unknown(f"executor.{key}", key, sorted({o for own in _OPTIONS.values() for o in own}), "an option")
        if key not in known and value is not None:
            owner = next(owner for owner, own in _OPTIONS.items() if key in own)
            raise BadValue(f"executor.{key}", value, f"executor={owner}, not executor={name}")


def came_of(work: Work, batch: Batch) -> Came:
    """What came of a batch, if need be that the work itself broke: for whoever cannot raise to the one that asked."""
    try:
        return work(batch)
    except Exception as error:
        if is_limit(error):
            return Came(batch, stopped=refusal(error), refused=True)
        return Came(batch, stopped=f"internal error: {type(error).__name__}: {' '.join(str(error).split())}")
