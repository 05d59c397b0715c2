"""Menu files: WeChat's limits, each fault with its line, and no text that breaks the reading."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.api.menus import (
    DEMO,
    Button,
    MenuFaults,
    from_wechat,
    labels_of,
    read_menu,
    to_wechat,
    to_yaml,
    without_meaning,
)
from bot.channels.wechat.api.menus.model import NEEDS
from bot.channels.wechat.api.menus.reading import parse_menu

ADDRESS = "https://shop.example/"


def faults(source: str) -> list[tuple[int, str]]:
    with pytest.raises(MenuFaults) as caught:
        parse_menu(source, "menu.yml")
    return [(fault.line, fault.code) for fault in caught.value.faults]


def words(most_bytes: int) -> st.SearchStrategy[str]:
    allowed = st.characters(codec="utf-8", exclude_categories=("C", "Z"))
    return st.text(allowed, min_size=1, max_size=most_bytes).filter(lambda text: len(text.encode()) <= most_bytes)


def leaf(name_bytes: int) -> st.SearchStrategy[Button]:
    def values(type_: str) -> st.SearchStrategy[Button]:
        fields = [st.tuples(st.just(key), words(60)) for key in NEEDS[type_]]
        named = st.tuples(*fields).map(
            lambda pairs: tuple((key, ADDRESS + text if key == "url" else text) for key, text in pairs)
        )
        return st.builds(Button, words(name_bytes), st.just(type_), named)

    return st.sampled_from(sorted(NEEDS)).flatmap(values)


opening = st.builds(
    lambda name, inside: Button(name, sub_button=tuple(inside)),
    words(16),
    st.lists(leaf(60), min_size=1, max_size=5),
)
menus = st.lists(leaf(16) | opening, min_size=1, max_size=3).map(tuple)


@given(menus)
def test_what_was_written_is_read_again(menu: tuple[Button, ...]) -> None:
    assert parse_menu(to_yaml(menu), "menu.yml") == menu
    assert from_wechat(to_wechat(menu)) == menu


@given(
    st.text(st.characters(codec="utf-8"))
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["button", "name", "type", "key", "url", "sub_button", "x"]), inner)
        ),
        max_leaves=15,
    ).map(lambda document: yaml.safe_dump(document, allow_unicode=True))
)
def test_any_text_is_a_menu_or_has_faults_with_lines(source: str) -> None:
    try:
        menu: tuple[Button, ...] | None = parse_menu(source, "menu.yml")
        found = ()
    except MenuFaults as caught:
        menu, found = None, caught.faults
    assert menu is None or 1 <= len(menu) <= 3
    assert (menu is None) == bool(found)
    assert all(1 <= fault.line <= len(source.splitlines()) + 1 for fault in found)
    for locale in ("zh-Hans", "zh-Hant", "en"):
        assert all(fault.line_in(locale).startswith(f"menu.yml:{fault.line}: ") for fault in found)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "type", "key", "sub_button"]), inner),
        max_leaves=15,
    )
)
def test_whatever_wechat_tells_is_taken(told: object) -> None:
    buttons = from_wechat([told] if isinstance(told, dict) else [])
    assert to_yaml(buttons)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", [(1, "no_buttons")]),
        ("button: []\n", [(1, "no_buttons")]),
        ("button: 5\n", [(1, "expected_list")]),
        ("- 1\n", [(1, "expected_mapping"), (1, "no_buttons")]),
        ("button: [\n", [(2, "yaml")]),
        ("a: \x00\n", [(1, "yaml")]),
        ("button:\n- 5\n", [(2, "expected_mapping")]),
        ("button:\n- name: 一\n  type: klick\n", [(3, "unknown_type")]),
        ("button:\n- name: 一\n  type: click\n", [(2, "missing")]),
        ("button:\n- type: click\n  key: person\n", [(2, "missing")]),
        ("button:\n- name: 一\n  name: 二\n  type: click\n  key: a\n", [(3, "twice")]),
        ("button:\n- name: [一]\n  type: click\n  key: a\n", [(2, "expected_text")]),
        ("button:\n- name: 一\n  type: view\n  url: ftp://a\n", [(4, "url")]),
        ("button:\n- name: 一\n  type: view\n  url: https://a\n  key: b\n", [(5, "unknown_key")]),
        ("menu: 1\nbutton:\n- {name: 一, type: click, key: a}\n", [(1, "unknown_key")]),
        (
            "button:\n- name: 一\n  key: a\n  sub_button:\n  - {name: b, type: click, key: a}\n",
            [(3, "beside_sub_button")],
        ),
        ("button:\n- name: 一\n  sub_button:\n  - {name: b, sub_button: []}\n", [(4, "nested")]),
        ("button:\n" + "- {name: 一, type: click, key: a}\n" * 4, [(5, "too_many_buttons")]),
        ("button:\n- name: 一\n  sub_button:\n" + "  - {name: 一, type: click, key: a}\n" * 6, [(9, "too_many_sub")]),
        pytest.param("x" * 70_000, [(1, "file_too_long")], id="long"),
        pytest.param("[" * 5000, [(1, "yaml")], id="deep"),
    ],
)
def test_a_fault_has_its_line(source: str, expected: list[tuple[int, str]]) -> None:
    assert faults(source) == expected


@pytest.mark.parametrize(
    ("most", "source"),
    [
        (16, lambda text: f"button:\n- {{name: {text}, type: click, key: a}}\n"),
        (60, lambda text: f"button:\n- name: b\n  sub_button: [{{name: {text}, type: click, key: a}}]\n"),
        (128, lambda text: f"button:\n- {{name: b, type: click, key: {text}}}\n"),
        (1024, lambda text: f"button:\n- {{name: b, type: view, url: 'https://{text[8:]}'}}\n"),
    ],
)
def test_lengths_are_counted_in_bytes(most: int, source: Callable[[str], str]) -> None:
    fitting = "x" * 8 + "字" * ((most - 8) // 3)
    fitting += "x" * (most - len(fitting.encode()))
    assert parse_menu(source(fitting), "menu.yml")
    assert [code for _, code in faults(source(fitting + "x"))] == ["too_long"]


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "menu.yml").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "menu.yml", tmp_path / "nothing.yml", tmp_path):
        with pytest.raises(MenuFaults, match=str(path)):
            read_menu(path)


def test_the_demo_menu_is_one() -> None:
    menu = read_menu(DEMO)
    assert len(menu) == 3
    assert labels_of(menu)["person"] == "人工客服"
    assert without_meaning(menu, "demo.yml", lambda key: key != "person")[0].values == {"key": "person"}
