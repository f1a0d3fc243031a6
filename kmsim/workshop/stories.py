"""Stories to open a session with, and what a room can be asked before it sees the curves."""

from __future__ import annotations

from typing import Any

from kmsim.workshop.setup import Setup, read_setup


def _scenario(*presets: str, **changes: Any) -> dict[str, Any]:
    arms = [{"id": "ABCD"[i], "preset": preset} for i, preset in enumerate(presets)]
    return read_setup({"version": 1, "policies": arms, **changes}).told()


def opening() -> dict[str, Any]:
    """The scenario that the page opens with."""
    return _scenario("hub_and_spoke", "targeted_networks")


def stories() -> list[dict[str, Any]]:
    """Three stories: each a question for the room, what to do, and the scenario to do it with."""
    return [
        {
            "id": "mandate",
            "title": "A mandate",
            "question": "If every school must do it, will every school do it well?",
            "steps": [
                "Ask: how many teachers will be doing it well by the end, if it is made a duty?",
                "Lock the room's answers, then show the curves: look at trying first, then at doing it well.",
                "Move to Compare: what did the same money do where schools set the goals?",
                "Open a school that lapsed on the map, and read its story.",
            ],
            "scenario": _scenario("national_mandate", "codesigned_networks"),
        },
        {
            "id": "hubs",
            "title": "Hubs first",
            "question": "Do strong schools pull the others up?",
            "steps": [
                "Ask: which schools will be reached, those near a hub or those in need?",
                "Play the map term by term: watch where the rings are.",
                "Raise ownership of the hubs' network, then collaboration: which moves the curve more?",
                "Ask why: switch features off one at a time.",
            ],
            "scenario": _scenario("hub_and_spoke", "codesigned_networks"),
        },
        {
            "id": "need",
            "title": "Need first",
            "question": "Is there a price to pay for starting with the most disadvantaged schools?",
            "steps": [
                "Ask: will the gap close, and will fewer teachers in all be doing it well?",
                "Show the curves of the gap beside those of doing it well.",
                "Raise turnover by half: disadvantaged schools lose teachers soonest.",
                "Ask the flip test: what would have to be true for the other policy to win?",
            ],
            "scenario": _scenario("targeted_networks", "hub_and_spoke"),
        },
    ]


def questions(setup: Setup) -> list[dict[str, Any]]:
    """What a room can be asked of a scenario: a share of teachers for each policy, and which does better."""
    year = setup.years
    asked: list[dict[str, Any]] = [
        {
            "id": f"{outcome}_{arm.id}",
            "kind": "number",
            "outcome": outcome,
            "policy": arm.id,
            "text": f"{text.format(arm.label)} in year {year}?",
            "min": 0,
            "max": 100,
            "step": 1,
            "unit": "%",
        }
        for outcome, text in (
            ("doing_it_well", "{}: how many of 100 teachers will be doing it well"),
            ("spread_schools", "{}: in how many of 100 schools will a quarter of teachers use it"),
        )
        for arm in setup.arms
    ]
    if len(setup.arms) > 1:
        options = [{"id": arm.id, "label": f"{arm.id}: {arm.label}"} for arm in setup.arms]
        same = {"id": "same", "label": "No difference to speak of"}
        for outcome, text in (
            ("doing_it_well", "Which will have most teachers doing it well"),
            ("gap", "Which will do most for the most disadvantaged schools"),
        ):
            asked.append(
                {
                    "id": f"best_{outcome}",
                    "kind": "choice",
                    "outcome": outcome,
                    "text": f"{text} in year {year}?",
                    "options": [*options, same],
                }
            )
    return asked
