"""Predict, lock, reveal: what phones may do, and what the room sees when."""

from __future__ import annotations

import pytest

from tests.workshop.test_safety import refused


@pytest.fixture
def asked(camden, scenario):
    camden.ask("room", do="clear")
    camden.desk.room.guests.clear()
    return camden.ask("room", do="ask", question="doing_it_well_B", scenario=scenario)


def test_a_question_is_answered_locked_and_revealed(camden, asked):
    phones = [camden.guest() for _ in range(3)]
    seen = phones[0].get("/api/room").json()
    assert seen["question"]["text"].endswith("in year 10?")
    assert (seen["locked"], seen["result"], seen["mine"]) == (False, None, None)
    for phone, value in zip(phones, (10, 40, 45), strict=True):
        told = phone.post("/api/answer", json={"round": seen["round"], "value": value}).json()
        assert told["mine"] == value
        assert told["result"] is None
    there = camden.presenter.get("/api/room").json()
    assert (there["answers"], there["guests"], there["histogram"]) == (3, 3, None)
    assert there["sentence"] == "3 of 3 have answered"
    locked = camden.ask("room", do="lock")["histogram"]
    assert [b["count"] for b in locked["bins"]] == [0, 1, 0, 0, 2, 0, 0, 0, 0, 0]
    assert locked["truth"] is None
    assert phones[0].get("/api/room").json()["result"] is None
    refused(phones[0].post("/api/answer", json={"round": seen["round"], "value": 3}), 403)
    camden.ask("room", do="reveal")
    result = phones[1].get("/api/room").json()["result"]
    assert result["middle_text"] == "The room's middle guess: 40%"
    assert result["truth"]["sentence"].startswith("The runs say ")


def test_an_answer_can_be_changed_until_it_is_locked(camden, asked):
    phone = camden.guest()
    for value in (10, 20):
        phone.post("/api/answer", json={"round": asked["round"], "value": value})
    assert camden.presenter.get("/api/room").json()["answers"] == 1
    assert phone.get("/api/room").json()["mine_text"] == "20%"


def test_an_answer_to_an_earlier_question_is_refused(camden, asked, scenario):
    phone = camden.guest()
    camden.ask("room", do="ask", question="best_gap", scenario=scenario)
    refused(phone.post("/api/answer", json={"round": asked["round"], "value": 3}), 403)


@pytest.mark.parametrize("value", [-1, 101, "40", None, True, [40]])
def test_an_answer_off_the_scale_is_refused(camden, asked, value):
    refused(camden.guest().post("/api/answer", json={"round": asked["round"], "value": value}), 400)


def test_a_vote_has_a_truth_only_where_the_runs_can_tell(camden, scenario):
    phone = camden.guest()
    seen = camden.ask("room", do="ask", question="best_doing_it_well", scenario=scenario)
    assert [o["id"] for o in seen["question"]["options"]] == ["A", "B", "same"]
    refused(phone.post("/api/answer", json={"round": seen["round"], "value": "Z"}), 400)
    phone.post("/api/answer", json={"round": seen["round"], "value": "A"})
    told = camden.ask("room", do="reveal")["histogram"]
    assert told["truth"]["sentence"] == "The runs say B: Targeted networks, beyond chance."
    twins = {"version": 1, "policies": [{"id": i, "preset": "coaching"} for i in "AB"]}
    camden.ask("room", do="ask", question="best_doing_it_well", scenario=twins)
    told = camden.ask("room", do="reveal")["histogram"]
    assert told["truth"]["sentence"] == "The runs cannot tell them apart."


def test_nothing_is_locked_before_it_is_asked(camden):
    camden.ask("room", do="clear")
    refused(camden.presenter.post("/api/room", json={"do": "lock"}), 400)


def test_a_phone_that_never_stops_asking_is_slowed_down(camden):
    phone = camden.guest()
    answers = [phone.get("/api/room") for _ in range(60)]
    assert 429 in {answer.status_code for answer in answers}
    assert "wait" in refused(answers[-1], 429)
