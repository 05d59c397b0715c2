"""A small folder of flow files with one of everything, for tests."""

from bot.flows.model import Definitions
from bot.flows.reading import FlowFaults, read_definitions

EVERYTHING = """\
version: "3.1"
flows:
  book_visit:
    name: 预约上门
    translation: {zh-Hant: 預約到府, en: Book a visit}
    description: A visit at home.
    if: slots.blocked is null
    nlu_trigger:
      - intent: book
      - intent: {name: visit, confidence_threshold: 0.8}
    persisted_slots: [visit_day]
    yingda:
      moves:
        deadbeef: {old_step: ask_day}
    steps:
      - id: ask_day
        collect: visit_day
        description: The day.
        ask_before_filling: true
        reset_after_flow_ends: false
        rejections:
          - if: slots.visit_day matches "^no"
            utter: utter_no
      - collect: size
        next:
          - if: slots.size = "big"
            then:
              - action: action_measure
                next:
                  - if: slots.blocked
                    then: END
                  - else: ask_day
          - if: slots.size is null
            then: END
          - else:
              - set_slots:
                  - blocked: true
                  - size: null
                  - note: 12
              - call: sub
                next: END
  sub:
    name: 子流程
    translation: {zh-Hant: {name: 子流程}, en: {name: Sub}}
    yingda: {offered: false, parks: false}
    steps:
      - noop: true
        next:
          - if: slots.blocked
            then: END
          - else:
              - link: book_visit
  pattern_search:
    steps:
      - action: utter_no
slots:
  visit_day: {type: text, yingda: {kind: date, past: true}}
  blocked: {type: bool}
  stars: {type: float, yingda: {kind: rating, scale: [0, 10]}}
  note: {type: text, persisted: true, initial_value: 7}
  size:
    type: categorical
    values: [big, No]
    yingda:
      labels:
        big: {zh-Hans: [大, 很大], zh-Hant: 大, en: big}
        No: {zh-Hans: 不, zh-Hant: 不, en: no}
responses:
  utter_no:
    - text: 不行 {visit_day}
      translation: {zh-Hant: 不行 {visit_day}, en: "No, {visit_day}"}
      channel: wechat
      condition: slots.blocked
    - text: 不行，{note}
      translation: {zh-Hant: "不行，{note}", en: "No, {note}"}
      metadata: {rephrase: false}
      condition:
        - {type: slot, name: size, value: big}
        - {type: slot, name: blocked, value: true}
    - text: No
      translation: {zh-Hant: No, en: No}
  utter_ask_visit_day:
    - text: 哪天？
      translation: {zh-Hant: 哪天？, en: Which day?}
  utter_ask_size:
    - text: 多大？
      translation: {zh-Hant: 多大？, en: What size?}
      buttons:
        - title: 大
          translation: {zh-Hant: 大, en: {title: Big}}
          payload: /SetSlots(size=big)
        - title: 人工
          translation: {zh-Hant: 真人, en: A person}
          payload: /person
        - title: 网站
          translation: {zh-Hant: 網站, en: Site}
          url: https://example.com/
nlu:
  - intent: book
    examples: |
      - 预约上门
      - 我要预约
    translation:
      en: [book a visit]
  - intent: visit
    examples: [有人来吗]
    yingda: {translation: {zh-Hant: [有人來嗎], en: "- a visit\\n- come to me"}}
"""
EVERYTHING = EVERYTHING.replace("{zh-Hant: 不行 {visit_day}, en", '{zh-Hant: "不行 {visit_day}", en')

WHOLE = """\
flows:
  order:
    name: 下单
    translation: {zh-Hant: 下單, en: Order}
    steps:
      - collect: colour
slots:
  colour: {type: text}
responses:
  utter_ask_colour:
    - text: 什么颜色？
      translation: {zh-Hant: 什麼顏色？, en: What colour?}
"""
"""The smallest folder that can be used; tests spoil it."""


def read(*texts: str) -> Definitions:
    """Reads texts as sources with a file ``a.yml``, ``b.yml``, … each."""
    return read_definitions(*({f"{letter}.yml": text} for letter, text in zip("abcdef", texts, strict=False)))


def faults_in(*texts: str) -> list[tuple[str, int, str, str]]:
    """File, line, name and code of every fault."""
    try:
        read(*texts)
    except FlowFaults as faults:
        for fault in faults.faults:
            assert all(fault.text(locale) for locale in ("zh-Hans", "zh-Hant", "en"))
        return [(fault.file, fault.line, fault.name, fault.code) for fault in faults.faults]
    return []
