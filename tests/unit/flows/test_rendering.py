"""A response becomes a body: language, channel, condition, values."""

import pytest

from bot.flows.conditions import parse_condition
from bot.flows.model import Button, Response, Slot, Variant
from bot.flows.rendering import fill, render, spoken


def text(words: str) -> dict[str, str]:
    return {"zh-Hans": f"简{words}", "zh-Hant": f"繁{words}", "en": words}


def test_text_choices_and_links_are_in_the_language() -> None:
    variant = Variant(
        text("Hi {name}"),
        (Button(text("Yes"), "/SetSlots(sure=true)"), Button(text("{name}"), "/start(order)")),
        (Button(text("Page"), "https://a.example/{ref}"), Button(text("None"), "{missing}")),
    )
    body = render(Response("utter_x", (variant,)), {"name": "Ann", "ref": "7"}, "zh-Hant")
    assert body["text"] == "繁Hi Ann"
    assert body["choices"] == [
        {"id": "SetSlots(sure=true)", "label": "繁Yes"},
        {"id": "start(order)", "label": "繁Ann"},
    ]
    assert body["links"] == [{"label": "繁Page", "url": "https://a.example/7"}]


def test_the_variant_of_the_channel_and_the_first_whose_condition_holds() -> None:
    response = Response(
        "utter_x",
        (
            Variant(text("vip"), when=parse_condition("slots.vip")),
            Variant(text("rest")),
            Variant(text("web"), channel="web"),
        ),
    )
    assert render(response, {}, "en")["text"] == "rest"
    assert render(response, {"vip": True}, "en")["text"] == "vip"
    assert render(response, {"vip": True}, "en", "web")["text"] == "web"
    nobody = Response("utter_x", (Variant(text("vip"), when=parse_condition("slots.vip")),))
    assert render(nobody, {}, "en")["text"] == "…"


@pytest.mark.parametrize("value", ["{name}", "{0.__class__}", "%s", "{name", "\\1"])
def test_a_value_is_only_ever_text(value: str) -> None:
    assert fill("a {name} b", {"name": value}, "en") == f"a {value} b"


def test_values_are_spoken_as_people_do() -> None:
    size = Slot("size", "categorical", values={"xl": {"en": ("extra large", "xl"), "zh-Hans": ("特大",)}})
    assert fill("{size}, {gone}", {"size": "xl"}, "en", {"size": size}) == "extra large, …"
    assert fill("{size}", {"size": "xl"}, "zh-Hans", {"size": size}) == "特大"
    assert [spoken(True, "zh-Hans"), spoken(2.0, "en"), spoken(2.5, "en"), spoken(0, "en")] == ["是", "2", "2.5", "0"]
    assert spoken([{"name": "a.png"}, "b"], "zh-Hans") == "a.png、b"
    assert spoken([], "en") == spoken("", "en") == "…"


def test_no_value_chooses_a_link_s_scheme() -> None:
    response = Response("utter_x", (Variant(text("x"), links=(Button(text("Page"), "{page}"),)),))
    assert "links" not in render(response, {"page": "javascript:alert(1)"}, "en")
    assert render(response, {"page": "https://a.example"}, "en")["links"][0]["url"] == "https://a.example"
