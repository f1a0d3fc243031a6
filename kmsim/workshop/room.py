"""The room: a code to join by, guests with tokens of their own, one question at a time, answers, lock and reveal.

Nothing here simulates. Guests answer; only the presenter asks, locks, reveals and clears.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import numpy as np

from kmsim.bounds import Bound, bounded
from kmsim.errors import BadValue, KmsimError
from kmsim.workshop.limits import Limit
from kmsim.workshop.reading import choice

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is taken for another
CODE_LENGTH = 6
MOST_GUESTS = 300
MOST_EACH = 150  # guests of one address: all phones of a school may have the same
SILENT = 180.0  # seconds after which another may have a phone's seat, if there is no other; phones ask every two
WRONG_EACH, MINUTE = 5, 60.0  # wrong codes a minute from one address, before it is told to wait
BINS = 10


class TooMany(KmsimError):
    """Asked too often."""


class Refused(KmsimError):
    """Not allowed, or not with this code."""


@dataclass
class Seat:
    """A guest's phone: its address, and when it last asked for something."""

    address: str
    heard: float


@dataclass
class Room:
    """Who is there and what is asked. code: to join by, None if nobody can."""

    code: str | None = None
    clock: Callable[[], float] = monotonic
    round: int = 0
    question: dict[str, Any] | None = None
    locked: bool = False
    revealed: bool = False
    truth: dict[str, Any] | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    guests: dict[str, Seat] = field(default_factory=dict)  # by token

    def __post_init__(self) -> None:
        self._wrong = Limit(WRONG_EACH, MINUTE, self.clock)

    # -- guests --------------------------------------------------------------
    def join(self, code: Any, address: str) -> str:
        """A token for a guest who has the code, also after wrong ones. Raises Refused, or TooMany after too many wrong ones."""
        if self.code is None:
            raise Refused("nobody can join: start the workshop with --lan to let phones in")
        given = "".join(code.split()).upper() if isinstance(code, str) and len(code) <= 40 else ""
        if not secrets.compare_digest(given.encode(), self.code.encode()):
            if not self._wrong.take(address):
                raise TooMany("too many wrong codes: look at the screen, and wait before you try again")
            raise Refused("that is not the room's code: look at the screen and try again")
        if self._full(address):
            self._free()
        if why := self._full(address):
            raise Refused(f"{why}; a seat is free when its phone has been silent for {SILENT / 60:g} minutes")
        token = secrets.token_urlsafe(16)
        self.guests[token] = Seat(address, self.clock())
        return token

    def hear(self, guest: str) -> None:
        """Note that a guest's phone has asked for something."""
        self.guests[guest].heard = self.clock()

    def _full(self, address: str) -> str:
        """Why there is no seat for one more phone of an address; "" if there is one."""
        if len(self.guests) >= MOST_GUESTS:
            return f"the room is full: {MOST_GUESTS} phones have joined"
        if sum(seat.address == address for seat in self.guests.values()) >= MOST_EACH:
            return f"{MOST_EACH} phones of this network address have joined"
        return ""

    def _free(self) -> None:
        """Free the seats of phones that have been silent for long. What they answered still counts."""
        since = self.clock() - SILENT
        self.guests = {token: seat for token, seat in self.guests.items() if seat.heard > since}

    def answer(self, guest: str, data: dict[str, Any]) -> None:
        """A guest's answer to what is asked now; again until it is locked. Raises BadValue or Refused."""
        question = self.question
        if question is None or bounded("round", data["round"], "page.round") != self.round:
            raise Refused("this question is over: wait for the next")
        if self.locked:
            raise Refused("the answers are locked: watch the screen")
        if question["kind"] == "number":
            value: Any = bounded("value", data["value"], Bound(question["min"], question["max"]))
        else:
            value = choice("value", data["value"], [option["id"] for option in question["options"]], "an answer")
        self.answers[guest] = value

    # -- the presenter -------------------------------------------------------
    def ask(self, question: dict[str, Any], truth: dict[str, Any]) -> None:
        """Open a question. truth: what the runs say, kept back until the reveal."""
        self.round += 1
        self.question, self.truth = question, truth
        self.locked = self.revealed = False
        self.answers = {}

    def do(self, what: str) -> None:
        """Lock, reveal (which locks) or clear. Raises BadValue when nothing is asked."""
        if what == "clear":
            self.question = self.truth = None
            self.locked = self.revealed = False
            self.answers = {}
            return
        if self.question is None:
            raise BadValue("do", what, "a question first: nothing is asked")
        self.locked = True
        self.revealed = self.revealed or what == "reveal"

    # -- what is seen ----------------------------------------------------------
    def for_guest(self, guest: str) -> dict[str, Any]:
        """What a phone shows."""
        mine = self.answers.get(guest)
        return {
            "round": self.round,
            "question": self.question,
            "locked": self.locked,
            "mine": mine,
            "mine_text": "" if mine is None else self._told(mine),
            "result": self.histogram() if self.revealed else None,
        }

    def for_presenter(self) -> dict[str, Any]:
        """What the screen shows: how many have answered at any time, what they answered once it is locked."""
        n, there = len(self.answers), len({*self.guests, *self.answers})
        return {
            "round": self.round,
            "question": self.question,
            "locked": self.locked,
            "revealed": self.revealed,
            "guests": there,
            "answers": n,
            "sentence": f"{n} of {there} {'has' if there == 1 else 'have'} answered",
            "histogram": self.histogram() if self.locked else None,
        }

    def histogram(self) -> dict[str, Any]:
        """The room's answers as bars, and, revealed, what the runs say."""
        assert self.question is not None
        options = self.question.get("options")
        if options is None:
            names = [f"{i * 100 // BINS} to {(i + 1) * 100 // BINS}%" for i in range(BINS)]
            counts = Counter(bin_of(value) for value in self.answers.values())
            middle = f"The room's middle guess: {np.median(list(self.answers.values())):.0f}%" if self.answers else ""
        else:
            names = [option["label"] for option in options]
            ids = [option["id"] for option in options]
            counts = Counter(ids.index(value) for value in self.answers.values())
            most = max(counts.values(), default=0)
            leading = [name for i, name in enumerate(names) if most and counts[i] == most]
            middle = f"Most say: {' or '.join(leading)}" if leading else ""
        whole = max(1, len(self.answers))
        bins = [
            {"text": name, "count": counts[i], "share": round(counts[i] / whole, 4)} for i, name in enumerate(names)
        ]
        truth = self.truth if self.revealed else None
        return {
            "bins": bins,
            "middle_text": middle or "Nobody has answered.",
            "truth": truth,
            "sentence": f"{middle or 'Nobody has answered'}. {truth['sentence']}"
            if truth
            else f"{middle or 'Nobody has answered.'}",
        }

    def _told(self, value: Any) -> str:
        assert self.question is not None
        if self.question["kind"] == "number":
            return f"{value:g}{self.question['unit']}"
        return next(option["label"] for option in self.question["options"] if option["id"] == value)


def new_code() -> str:
    """A code to join by, from the system's own chance.

    >>> len(new_code())
    6
    """
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def bin_of(percent: float) -> int:
    """The bar that an answer between 0 and 100 falls in.

    >>> bin_of(0), bin_of(100)
    (0, 9)
    """
    return min(BINS - 1, int(percent * BINS // 100))
