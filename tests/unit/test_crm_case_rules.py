"""Case numbers and the steps of a case, without any store."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import uuid4

import pytest

from crm_adapter.policy import Policy
from crm_adapter.port import Refused
from crm_adapter.records.service import CaseState
from crm_adapter.service.numbers import ALPHABET, new_number, read_number
from crm_adapter.service.steps import TRANSITIONS, Standing, final_due, first_due, step

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
STAFF = f"staff:{uuid4()}"


def test_a_number_names_its_day_and_is_read_as_people_write_it():
    number = new_number(NOW)
    assert number.startswith("C261122-")
    assert len(number) == 13
    for written in (number, number.lower(), number.replace("-", ""), f" {number[:8]} {number[8:]} "):
        assert read_number(written) == number
    assert read_number("") is None
    assert read_number("C261122") is None


def test_a_wrong_character_or_two_swapped_ones_are_noticed():
    for _ in range(20):
        number = new_number(NOW)
        for place in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12):
            others = "0123456789" if place < 8 else ALPHABET
            for other in others.replace(number[place], ""):
                assert read_number(number[:place] + other + number[place + 1 :]) is None
            if place not in (6, 12):
                swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
                assert swapped == number or read_number(swapped) is None


def test_numbers_of_a_day_hardly_ever_repeat():
    assert len({new_number(NOW) for _ in range(200)}) > 190


def test_every_state_can_be_reached_and_left():
    states = set(get_args(CaseState))
    assert set(TRANSITIONS) == states
    assert set().union(*TRANSITIONS.values()) == states - {"open"}
    assert all(TRANSITIONS.values())
    assert [state for state, to in TRANSITIONS.items() if "litigation" in to] == ["mediation"]
    assert TRANSITIONS["closed"] == {"reopened"}


def test_deadlines_are_the_policys():
    policy = Policy(first_opinion_h=12, final_result_days={"default": 10, "refund": 3})
    assert first_due(policy, "complaint", NOW) == NOW + timedelta(hours=12)
    assert first_due(policy, "enquiry", NOW) == NOW + timedelta(hours=24)
    assert first_due(policy, "suggestion", NOW) is None
    assert final_due(policy, "refund", NOW) == NOW + timedelta(days=3)
    assert final_due(policy, "noise", NOW) == NOW + timedelta(days=10)
    assert final_due(Policy(final_result_days={}), "noise", NOW) is None


def test_a_complaint_needs_an_owner_and_at_the_end_a_root_cause():
    policy, fresh = Policy(), Standing("open", None, None)
    with pytest.raises(Refused, match="owner_needed"):
        step(policy, "complaint", "noise", fresh, "investigating", "system:bot", NOW, None)
    taken = step(policy, "complaint", "noise", fresh, "investigating", STAFF, NOW, None)
    assert str(taken.owner_id) in STAFF
    with pytest.raises(Refused, match="root_cause_needed"):
        step(policy, "complaint", "noise", taken, "closed", STAFF, NOW, None)
    assert step(policy, "complaint", "noise", taken, "closed", STAFF, NOW, "product").root_cause == "product"
    assert step(policy, "enquiry", "noise", fresh, "closed", "system:bot", NOW, None).closed_at == NOW


def test_the_clocks_of_a_case():
    policy, later, last = Policy(), NOW + timedelta(hours=1), NOW + timedelta(days=40)
    case = step(policy, "complaint", "noise", Standing("open", None, NOW), "investigating", STAFF, NOW, None)
    assert case.first_done_at is None
    case = step(policy, "complaint", "noise", case, "planned", STAFF, later, None)
    assert (case.first_done_at, case.final_done_at) == (later, None)
    case = step(policy, "complaint", "noise", case, "answered", STAFF, last, None)
    assert (case.first_done_at, case.final_done_at, case.closed_at) == (later, last, None)
    case = step(policy, "complaint", "noise", case, "closed", STAFF, last, "price")
    assert case.closed_at == last
    case = step(policy, "complaint", "noise", case, "reopened", STAFF, last, None)
    assert (case.final_done_at, case.closed_at, case.root_cause) == (None, None, "price")
    assert case.final_due_at == last + timedelta(days=15)
