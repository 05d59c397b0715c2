"""A conversation goes on with the version of a flow that it began with, or moves where a newer one says so."""

from tests.unit.flows.dialogs import Talk, definitions

FIRST = """
slots:
  ref: {type: text}
  size: {type: categorical, values: [big, small]}
  note: {type: text}
responses:
  utter_ask_ref: [{text: 号, translation: {zh-Hant: 號, en: Order?}}]
  utter_ask_size: [{text: 大, translation: {zh-Hant: 大, en: Size?}}]
  utter_ask_note: [{text: 注, translation: {zh-Hant: 註, en: Old note?}}]
flows:
  returns:
    name: 退货
    translation: {zh-Hant: 退貨, en: Return}
    description: returns
    steps:
      - {id: ref, collect: ref}
      - {id: size, collect: size}
      - {id: note, collect: note}
"""
SECOND = FIRST.replace("Old note?", "New note?").replace("[big, small]", "[small, huge]")
SECOND = SECOND.replace("{id: size, collect", "{id: measure, collect")


def moving(content_hash: str) -> str:
    moves = f"    yingda: {{moves: {{'{content_hash[:12]}': {{size: measure}}}}}}\n    steps:"
    return SECOND.replace("    steps:", moves)


def begun() -> Talk:
    customer = Talk(definitions(FIRST))
    customer.say("/returns; ref=a1")
    return customer


def test_a_running_flow_keeps_its_version() -> None:
    customer = begun()
    customer.with_definitions(definitions(SECOND))
    assert customer.say("!big") == ["Old note?"], "huge, not big, is a size of the new version"
    customer.say("!x")
    assert customer.say("/returns; ref=a1; size=huge") == ["New note?"]


def test_a_running_flow_moves_where_the_new_version_says_so() -> None:
    customer = begun()
    old = customer.definitions.flows["returns"].content_hash
    customer.definitions = definitions(moving(old))
    assert customer.say("!small") == ["New note?"]


def test_a_version_that_nobody_has_begins_anew_with_what_still_fits() -> None:
    customer = begun()
    customer.say("!big")
    customer.definitions = definitions(SECOND)
    said = customer.say("!x")
    assert "have changed" in said[0]
    assert said[-1] == "Size?"
    assert customer.slots == {"ref": "a1"}


def test_a_flow_that_is_gone_is_told_as_such() -> None:
    customer = begun()
    customer.definitions = definitions()
    assert "no longer offered" in customer.say("hello")[0]
    assert customer.stack == []


def test_a_step_that_no_version_has_begins_anew() -> None:
    customer = begun()
    customer.state["frames"][0]["step"] = "nowhere"
    assert customer.say("hello")[-1] == "Size?"
