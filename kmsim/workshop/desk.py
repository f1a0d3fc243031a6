"""The desk: one method a question that the page can ask, from a checked request to a plain answer. It knows no HTTP."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from kmsim import fingerprint
from kmsim.bounds import Bound, bounded
from kmsim.errors import BadValue
from kmsim.workshop import curves, files, labels, predicting, studies
from kmsim.workshop.assumptions import assumptions
from kmsim.workshop.axes import held
from kmsim.workshop.beginning import beginning
from kmsim.workshop.crew import SLOW, Busy, Crew
from kmsim.workshop.link import packed, unpacked
from kmsim.workshop.place import Place
from kmsim.workshop.reading import choice, some, table, text
from kmsim.workshop.results import Results
from kmsim.workshop.room import Room
from kmsim.workshop.scorecard import counts, scorecard
from kmsim.workshop.setup import Arm, Setup, read_setup
from kmsim.workshop.stories import questions
from kmsim.workshop.story import story

T = TypeVar("T")
MOST_ASKING = 64  # requests at work or waiting
MOST_STUDIES = 2
MOST_CLIENTS = 500
CALM = 40  # pieces waiting above which no more runs are offered, so that first curves come soon
Data = dict[str, Any]


class Superseded(Exception):
    """A newer request of the same client has come."""


class Desk:
    """Everything a running workshop has: its place, crew, results and room. join_url: where phones go, None without --lan."""

    def __init__(self, place: Place, crew: Crew, room: Room, join_url: str | None = None) -> None:
        self.place, self.crew, self.room, self.join_url = place, crew, room, join_url
        self.guide: Data | None = None  # where the facilitator's guide is, if the page has one
        self.results = Results(crew, place)
        self._newest: OrderedDict[tuple[str, str], tuple[int, asyncio.Task[Any] | None]] = OrderedDict()
        self._asking = self._studies = 0
        self._start: Data | None = None

    # -- what does not change --------------------------------------------------
    def hello(self, role: str) -> Data:
        """What anyone may know."""
        return {
            "version": fingerprint.VERSION,
            "label": labels.LABEL,
            "title": labels.TITLE,
            "role": role,
            "lan": self.room.code is not None,
            "system": self.place.label,
        }

    def start(self) -> Data:
        """All that does not change while the server runs."""
        if self._start is None:
            self._start = beginning(self.place, self.results.steps)
        lan = self.room.code is not None
        room = {"lan": lan, "code": self.room.code, "url": self.join_url} if lan else None
        return self._start | {"room": room, "guide": self.guide}

    def assumptions(self) -> Data:
        """Every number of the model."""
        return assumptions()

    def findings(self) -> Data:
        """Every finding with its verdict."""
        return scorecard()

    # -- curves ------------------------------------------------------------------
    async def simulate(self, data: Any) -> Data:
        """Curves, sentence, table, budget and map of a scenario. Raises Superseded when a newer request comes."""
        given = {"outcomes": ["doing_it_well", "gap"], "axes": None} | table(
            "request", data, ("client", "number", "scenario", "runs"), ("outcomes", "axes")
        )
        setup = read_setup(given["scenario"])
        asked = bounded("runs", given["runs"], Bound(1, self.results.steps[-1], whole=True))
        wanted = [
            choice("outcomes", o, curves.CURVES, "a curve")
            for o in some("outcomes", given["outcomes"], curves.MOST_CURVES)
        ]
        axes = held("axes", given["axes"], list(curves.CURVES))
        self._scenarios(setup)
        work = lambda: self._simulated(setup, asked, list(dict.fromkeys(wanted)), axes)  # noqa: E731
        number_ = bounded("number", given["number"], "page.number")
        found = await self._newest_only("simulate", given["client"], number_, work)
        return {"client": given["client"], "number": number_} | found

    async def _simulated(
        self, setup: Setup, count: int, outcomes: list[str], axes: dict[str, tuple[float, float]]
    ) -> Data:
        seen = asyncio.gather(*(self.results.played(setup, arm) for arm in setup.arms))
        seen.add_done_callback(
            lambda ended: ended.cancelled() or ended.exception()
        )  # told by `runs` too, if it comes first
        try:
            runs = await self.results.of(setup, count)
            watched = await seen
        except BaseException:
            seen.cancel()
            raise
        place = self.place
        drawn = curves.drawn(setup, runs, outcomes, axes)
        end = runs[0].scenario.funding_end
        return {
            "runs": count,
            "next_runs": self._next(count),
            "hash": files.hash_of(runs, count),
            "caption": files.caption(setup, place, count),
            "edited": _edited(setup),
            "scenario": setup.told(),
            "link": packed(setup, place.label),
            "funding_end": {"year": min(end, setup.years), "text": "all funding has ended"},
            **drawn,
            **curves.compared(setup, runs),
            "table": curves.tabled(setup, runs),
            "budget": curves.budget(setup, runs, runs[0].scenario.budget_gbp(place.pupils)),
            "map": {
                "terms": [{"year": year, "text": labels.term(i)} for i, year in enumerate(drawn["years"])],
                "note": f"The map plays one run, the first of {count}",
                "policies": [{"id": arm.id, **one.frames} for arm, one in zip(setup.arms, watched, strict=True)],
            },
            "guess_years": predicting.guess_years(setup),
            "questions": questions(setup),
            "scorecard": counts()["sentence"],
        }

    def _next(self, count: int) -> int | None:
        """How many runs to ask for next: none beyond the last step, nor while others wait for their first curves."""
        if self.crew.waiting > CALM:
            return None
        return next((step for step in self.results.steps if step > count), None)

    async def school(self, data: Any) -> Data:
        """One school's story."""
        given = table("request", data, ("scenario", "policy", "school"))
        setup = read_setup(given["scenario"])
        arm = setup.arm("policy", given["policy"])
        row = bounded("school", given["school"], Bound(0, self.place.system.n_schools - 1, whole=True))
        runs, seen = await self._asked(self._told_of(setup, arm))
        return story(setup, runs, seen, self.place.system, row)

    async def _told_of(self, setup: Setup, arm: Arm) -> Any:
        alone = replace(setup, arms=(arm,))
        runs, played = await asyncio.gather(
            self.results.of(alone, self.results.steps[0]), self.results.played(setup, arm)
        )
        return runs[0], played.seen

    async def predict(self, data: Any) -> Data:
        """The presenter's guess against the runs."""
        given = table("request", data, ("scenario", "policy", "outcome", "guess"))
        setup = read_setup(given["scenario"])
        arm = setup.arm("policy", given["policy"])
        outcome = choice("outcome", given["outcome"], curves.CURVES, "a curve")
        found = await self._asked(self.results.of(replace(setup, arms=(arm,)), self.results.steps[0]))
        return predicting.judged(setup, found[0], outcome, given["guess"])

    # -- studies -------------------------------------------------------------------
    async def why(self, data: Any) -> Data:
        """A policy's features switched off one at a time."""
        given = table("request", data, ("client", "scenario", "policy"))
        setup = read_setup(given["scenario"])
        arm = setup.arm("policy", given["policy"])
        return await self._study("why", given["client"], lambda: studies.why(self.results, setup, arm))

    async def frontier(self, data: Any) -> Data:
        """Cost against effect."""
        given = table("request", data, ("client", "scenario"))
        setup = read_setup(given["scenario"])
        return await self._study("frontier", given["client"], lambda: studies.frontier(self.results, setup))

    async def flip(self, data: Any) -> Data:
        """What would have to be true for the other to win."""
        given = table("request", data, ("client", "scenario"))
        setup = read_setup(given["scenario"])
        if len(setup.arms) < 2:
            raise BadValue("scenario.policies", len(setup.arms), "two policies: one alone cannot be overtaken")
        return await self._study("flip", given["client"], lambda: studies.flip(self.results, setup))

    # -- links and files -------------------------------------------------------------
    def open(self, data: Any) -> Data:
        """The scenario in a link."""
        setup, note = unpacked(table("request", data, ("code",))["code"], self.place.label)
        return {"scenario": setup.told(), "note": note}

    async def export(self, data: Any) -> tuple[str, str, bytes]:
        """A file: its name, type and bytes."""
        given = table("request", data, ("scenario", "runs", "kind"))
        setup = read_setup(given["scenario"])
        kind = choice("kind", given["kind"], files.KINDS, "a kind of file")
        count = bounded("runs", given["runs"], Bound(1, self.results.steps[-1], whole=True))
        runs = await self._asked(self.results.of(setup, count))
        hashed = files.hash_of(runs, count)
        if kind == "json":
            body = files.as_json(setup, self.place, runs)
        else:
            found, title = files.comparison(setup, self.place, runs), files.caption(setup, self.place, count)
            body = await self._asked(self.crew.do(files.written, kind, found, title, urgency=SLOW))
        return files.name_of(self.place, hashed, kind), files.KINDS[kind], body

    # -- the room ----------------------------------------------------------------------
    def join(self, data: Any, address: str) -> Data:
        """A guest's token for the room's code."""
        return {"guest": self.room.join(table("request", data, ("code",))["code"], address)}

    def answer(self, data: Any, guest: str) -> Data:
        """A guest's answer, and what the phone then shows."""
        self.room.answer(guest, table("request", data, ("round", "value")))
        return self.room.for_guest(guest)

    async def lead(self, data: Any) -> Data:
        """What the presenter does with the room: ask, lock, reveal, clear."""
        given = table("request", data, ("do",), ("question", "scenario"))
        what = choice("do", given["do"], ("ask", "lock", "reveal", "clear"), "something to do with the room")
        if what != "ask":
            self.room.do(what)
            return self.room.for_presenter()
        setup = read_setup(given.get("scenario"))
        asked = {question["id"]: question for question in questions(setup)}
        question = asked[choice("question", given.get("question"), asked, "a question of this scenario")]
        runs = await self._asked(self.results.of(setup, self.results.steps[0]))
        self.room.ask(question, predicting.truth(question, runs))
        return self.room.for_presenter()

    # -- who waits for what --------------------------------------------------------------
    def _scenarios(self, setup: Setup) -> None:
        """Have the model read every policy now, so that what it refuses is refused before anything waits."""
        for arm in setup.arms:
            self.results.scenario(setup, arm)

    async def _asked(self, work: Awaitable[T]) -> T:
        """Wait for work, if not too many wait already."""
        if self._asking >= MOST_ASKING:
            if hasattr(work, "close"):
                work.close()
            raise Busy
        self._asking += 1
        try:
            return await work
        finally:
            self._asking -= 1

    async def _study(self, kind: str, client: Any, work: Callable[[], Awaitable[Data]]) -> Data:
        if self._studies >= MOST_STUDIES:
            raise Busy
        self._studies += 1
        try:
            return await self._newest_only(kind, client, None, work)
        finally:
            self._studies -= 1

    async def _newest_only(self, kind: str, client: Any, count: int | None, work: Callable[[], Awaitable[T]]) -> T:
        """Do work for a client, and end what it asked for before. count: the request's number; None for one more."""
        key = (kind, text("client", client, 40))
        last, before = self._newest.get(key, (-1, None))
        count = last + 1 if count is None else count
        if count <= last and before is not None and not before.done():
            raise Superseded
        if before is not None:
            before.cancel()
        task: asyncio.Task[T] = asyncio.ensure_future(self._asked(work()))  # type: ignore[assignment]
        self._newest[key] = (count, task)
        self._newest.move_to_end(key)
        while len(self._newest) > MOST_CLIENTS:
            self._newest.popitem(last=False)
        try:
            return await task
        except asyncio.CancelledError:
            if task.cancelled() and self._newest.get(key, (0, None))[1] is not task:
                raise Superseded from None
            raise


def _edited(setup: Setup) -> str:
    """How many assumptions differ from the model's own; empty if none does."""
    n = len(setup.parameters)
    return f"{n} {'assumption' if n == 1 else 'assumptions'} edited" if n else ""
