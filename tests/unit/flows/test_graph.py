"""Flows as pictures: every step and way, and no text that becomes syntax."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.flows.graph import graph_of, mermaid
from tests.unit.flows.files import EVERYTHING, WHOLE, read


def test_the_picture_has_every_step_and_every_way() -> None:
    flow = read(EVERYTHING).flows["book_visit"]
    graph = graph_of(flow, "en")
    assert [(node.id, node.kind, node.words) for node in graph.nodes] == [
        ("ask_day", "collect", "Which day?"),
        ("1_collect_size", "collect", "What size?"),
        ("2_action_measure", "action", ""),
        ("3_set_slots", "set_slots", ""),
        ("4_call_sub", "call", ""),
        ("END", "end", ""),
    ]
    assert [(edge.begin, edge.to, edge.label) for edge in graph.edges] == [
        ("ask_day", "1_collect_size", ""),
        ("1_collect_size", "2_action_measure", 'slots.size = "big"'),
        ("1_collect_size", "END", "slots.size is null"),
        ("1_collect_size", "3_set_slots", "else"),
        ("2_action_measure", "END", "slots.blocked"),
        ("2_action_measure", "ask_day", "else"),
        ("3_set_slots", "4_call_sub", ""),
        ("4_call_sub", "END", ""),
    ]


def test_the_flowchart_is_what_mermaid_reads() -> None:
    assert mermaid(read(EVERYTHING).flows["sub"], "zh-Hans") == (
        "flowchart TD\n"
        '    s0{"0_noop"}\n'
        '    s1(["→ book_visit"])\n'
        '    s2(("END"))\n'
        '    s0 -->|"slots.blocked"| s2\n'
        '    s0 -->|"否则"| s1\n'
    )


@given(st.text(alphabet=st.sampled_from(list("a\"'<>{}[]()|;#&`-%\\/*中\n")), min_size=1, max_size=30))
def test_no_text_becomes_syntax(said: str) -> None:
    written = "".join(f"\\u{ord(each):04x}" for each in f"x{said}")
    chart = mermaid(read(WHOLE.replace("What colour?", f'"{written}"')).flows["order"], "en")
    line = chart.splitlines()[1]
    assert re.fullmatch(r'    s0\[/"colour \?<br/>[^"<>{}\[\]()|`&]*"/\]', line)
