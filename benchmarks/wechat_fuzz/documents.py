"""Pushes of every type with fields that no push has: as values before they are written, and as bytes afterwards."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from benchmarks.wechat_fuzz.sealing import Form
from tests.unit.channels.wechat.samples import SAMPLES, element

Fields = dict[str, Any]
USERS = 200
_NAMES = (
    "ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "EventKey", "MsgId", "Content", "MediaId", "Format",
    "Location_X", "Scale", "Label", "Url", "Ticket", "Latitude", "ScanCodeInfo", "SubscribeMsgPopupEvent", "List",
    "MsgID", "Status", "Fee", "Recognition", "bizmsgmenuid", "Encrypt", "xml", "DeviceID",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    "", " ", "0", "-1", "9" * 400, 10**400, -(2**63), 2**64, 1e308, -0.0, True, None, [], {}, [[[]]], [None, {}],
    "\x00", "a\x00b", "\x07\x1b[2J", "\ufffe\uffff", "\ud83d", "\U0010ffff", "e\u0301" * 300, "\u202e", "]]>",
    "<b>&amp;", "&a;", "'; DROP TABLE bot.messages; --", "%s%n%d", "{0.__class__}", "../../etc/passwd", "event", "text",
    "image", "subscribe", "SCAN", "unsubscribe", "qrscene_", "last_trade_no_", "c-", "c-" + "A" * 99, "NaN", "Infinity",
    "１２３", "start(menu)", "SetSlots(rating=5)", "/menu", "人工", {"List": []}, {"List": "x"}, {"item": [1, 2]},
    "长" * 3000,
)  # fmt: skip
_PIECES = (
    b"]]>", b"<![CDATA[", b"<!DOCTYPE xml>", b"<!DOCTYPE xml [<!ENTITY a 'b'>]>", b"&a;", b"&#0;", b"&#xD800;", b"<",
    b">", b"\x00", b"\xff", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"{", b"}", b"[", b"]", b'"', b",", b":",
    b"\\u0000", b"\\ud83d", b"\\ud83d\\ude00", b"null", b"-1", b"9" * 5000, b"1e999", b"NaN", b"</xml>", b"<xml>",
    b"<?xml version='1.1'?>", b"<?pi?>", b"<!-- -->", b"<Event>", b"<List/>", b"<a b='c'/>", b"<x:y/>", b" " * 5000,
)  # fmt: skip


def fields_of(random: Random, now: int) -> tuple[Fields, Form]:
    """A whole push of some type, of now and with an id of its own; in the shape that its form has."""
    forms: tuple[Form, ...] = ("xml", "json")
    sample, form = random.choice(SAMPLES), random.choice(forms)
    told = sample.json_fields if form == "json" and sample.json_fields else sample.fields
    head = {"ToUserName": "gh_f1", "FromUserName": f"o-fuzz{random.randrange(USERS)}", "CreateTime": now}
    number = {"MsgId": random.randrange(10**16, 10**17)} if "MsgId" in told else {}
    return {**head, **told, **number}, form


def write(fields: Fields, form: Form) -> bytes:
    """The document, whatever stands in it."""
    if form == "json":
        return json.dumps(fields, ensure_ascii=False).encode(errors="surrogatepass")
    lines = "".join(_written(name, value) for name, value in fields.items())
    return f"<xml>{lines}</xml>".encode(errors="surrogatepass")


def _written(name: str, value: Any) -> str:
    return f"<{name}/>" if value is None else element(name, value)


def as_it_is(random: Random, now: int) -> bytes:
    """A push that is right."""
    return write(*fields_of(random, now))


def odd_values(random: Random, now: int) -> bytes:
    """Some fields have a value that none has."""
    fields, form = fields_of(random, now)
    for name in random.choices((*fields, *_NAMES), k=random.randint(1, 3)):
        fields[name] = random.choice(_VALUES)
    return write(fields, form)


def missing(random: Random, now: int) -> bytes:
    """Some fields are not there."""
    fields, form = fields_of(random, now)
    for name in random.sample(sorted(fields), k=random.randint(1, len(fields))):
        del fields[name]
    return write(fields, form)


def twice(random: Random, now: int) -> bytes:
    """A field stands there several times, with several values."""
    fields, form = fields_of(random, now)
    name, value, count = random.choice(sorted(fields)), random.choice(_VALUES), random.choice((1, 2, 50))
    if form == "json":
        member = f"{json.dumps(name)}:{json.dumps(value)},".encode() * count
        return b"{" + member + write(fields, form)[1:]
    return write(fields, form)[: -len("</xml>")] + _written(name, value).encode(errors="replace") * count + b"</xml>"


def another_type(random: Random, now: int) -> bytes:
    """The fields of one push under the name of another."""
    fields, form = fields_of(random, now)
    other, _ = fields_of(random, now)
    for name in ("MsgType", "Event"):
        fields.pop(name, None)
        fields |= {name: other[name]} if name in other else {}
    return write(fields, form)


def deep(random: Random, now: int) -> bytes:
    """Something within something within something."""
    fields, form = fields_of(random, now)
    depth = random.choice((2, 6, 7, 8, 9, 20, 900, 9000))
    if form == "json":
        opening, closing = random.choice(((b"[", b"]"), (b'{"a":', b"}")))
        nested = opening * depth + b"1" + closing * depth
        return b'{"Deep":' + nested + b"," + write(fields, form)[1:]
    return b"<xml>" + b"<a>" * depth + b"</a>" * depth + write(fields, form)[len("<xml>") :]


def pieces(random: Random, now: int) -> bytes:
    """Bytes put in or over others."""
    document = as_it_is(random, now)
    for _ in range(random.randint(1, 5)):
        place = random.randrange(len(document) + 1)
        piece = random.choice((*_PIECES, random.randbytes(random.randint(1, 8))))
        document = document[:place] + piece + document[place + random.choice((0, 0, 1, len(piece), 40)) :]
    return document


def flipped(random: Random, now: int) -> bytes:
    """Single bits turned over."""
    document = bytearray(as_it_is(random, now))
    for _ in range(random.randint(1, 8)):
        document[random.randrange(len(document))] ^= 1 << random.randrange(8)
    return bytes(document)


def cut(random: Random, now: int) -> bytes:
    """It ends too early, or begins too late."""
    document = as_it_is(random, now)
    place = random.randrange(len(document))
    return document[:place] if random.random() < 0.7 else document[place:]


def entities(random: Random, now: int) -> bytes:
    """XML's entities: bombs, files, other documents."""
    bomb = b"".join(b'<!ENTITY l%d "%s">' % (n + 1, b"&l%d;" % n * 10) for n in range(12))
    types = (
        b'<!DOCTYPE xml [<!ENTITY l0 "lol">' + bomb + b"]>",
        b'<!DOCTYPE xml [<!ENTITY l12 "' + b"a" * 30_000 + b'">]>',
        b'<!DOCTYPE xml [<!ENTITY l12 SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE xml SYSTEM "http://127.0.0.1:9/x.dtd">',
        b'<!DOCTYPE xml [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p">%p;]>',
        b"<!DOCTYPE xml [<!ATTLIST xml a CDATA 'x'>]>",
        b"<!DOCTYPE xml []>",
    )
    body = write({**fields_of(random, now)[0], "Label": ""}, "xml")
    used = body.replace(b"<Label><![CDATA[]]></Label>", b"<Label>" + b"&l12;" * random.choice((1, 200)) + b"</Label>")
    return random.choice((b"", b'<?xml version="1.0"?>')) + random.choice(types) + used


def encoded(random: Random, now: int) -> bytes:
    """In another encoding than UTF-8, or said to be in another."""
    document = as_it_is(random, now).decode()
    name = random.choice(("utf-16", "utf-16-le", "utf-32", "gbk", "big5", "latin-1", "utf-7", "utf-8-sig"))
    said = f'<?xml version="1.0" encoding="{random.choice((name, "gb18030", "utf-16", "none", ""))}"?>'
    whole = said + document if random.random() < 0.5 else document
    return whole.encode(random.choice((name, "utf-8")), errors="replace")


def no_push(random: Random, now: int) -> bytes:
    """Nothing, a single value, another document, noise."""
    return random.choice(
        (
            b"", b" ", b"\xef\xbb\xbf", b"null", b"[]", b"{}", b"1", b'"x"', b"<xml/>", b"<xml></xml>", b"<xml>x</xml>",
            b"<html></html>", b"<xml><xml/></xml>", b"<?xml version='1.0'?>", b"a=b&c=d", b"--x\r\n\r\n--x--",
            b"success", b"{" * 30_000, b"<" * 30_000, b"<xml>" * 9000, b"\x00" * 100, b"\x1f\x8b\x08\x00",
            random.randbytes(500),
        )
    )  # fmt: skip


def large(random: Random, now: int) -> bytes:
    """Around the limit of what is read, and far above it."""
    fields, form = fields_of(random, now)
    size = random.choice((30_000, 60_000, 64 * 1024 + 1, 100_000, 300_000))
    return write({**fields, random.choice(("Content", "Label", "Noise")): random.choice("a长<\\") * size}, form)


MAKERS: dict[str, Callable[[Random, int], bytes]] = {
    maker.__name__: maker
    for maker in (
        as_it_is, odd_values, missing, twice, another_type, deep, pieces, flipped, cut, entities, encoded, no_push,
        large,
    )
}  # fmt: skip
"""Documents by what is wrong with them."""
