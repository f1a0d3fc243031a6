"""What is said on stderr while a verb works: notes, and a progress bar on terminals only."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kmsim.errors import DamageWarning, IncompleteWarning

Progress = Callable[..., None]  # runs done, runs in all, and if it is known runs a second


class Terminal:
    """The side of the terminal that is not the answer. Errors are not told here.

    quiet: no notes, no progress, and of warnings only those that say that an answer is over fewer runs than planned or
    that files are damaged: without them the answer itself would be misread.
    """

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        warnings.showwarning = _show_warning
        for category in (IncompleteWarning, DamageWarning):
            warnings.filterwarnings("always", category=category)

    def say(self, text: str) -> None:
        """One line, unless quiet."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def say_if_compiling(self) -> None:
        """Say that the model is to be compiled, if it has not been on this machine."""
        from kmsim.jit import is_warm

        if not is_warm():
            self.say("compiling the model for this machine, once: up to a minute")

    @contextmanager
    def progress(self, doing: str) -> Iterator[Progress]:
        """A bar that is told `(done, total)`, or also the rate; nothing where stderr is no terminal."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda done, total, rate=0.0: None
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        look: list[Any] = [
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        ]
        with Progress(*look, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(doing, total=None, rate="")

            def tell(done: int, total: int, rate: float = 0.0) -> None:
                bar.update(task, completed=done, total=total, rate=f"{rate:,.0f} runs/s" if rate else "")

            yield tell


def _show_warning(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
    print("kmsim: warning: " + " ".join(str(message).split()), file=sys.stderr)
