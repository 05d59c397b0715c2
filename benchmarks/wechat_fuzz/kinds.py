"""What can be wrong with a request around its document: cipher, envelope, signature, time, query, HTTP itself."""

import gzip
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from random import Random

from benchmarks.wechat_fuzz.documents import MAKERS, as_it_is
from benchmarks.wechat_fuzz.sealing import Account, Case, Form, encrypt, envelope, padded, plaintext, signed

SAFE = Account("safe", "safe", "wx00000000000000f1")
COMPATIBLE = Account("compatible", "compatible", "wx00000000000000f2")
PLAIN = Account("plain", "plain", "wx00000000000000f3")
ACCOUNTS = (SAFE, COMPATIBLE, PLAIN)
REFUSED = frozenset((400, 403))
PERHAPS = REFUSED | {200}
MALFORMED, FORBIDDEN = frozenset((400,)), frozenset((403,))
_BOMB = gzip.compress(b"<xml>" + b" " * 10**7)
_OTHER_KEY = "Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0Kk1Ll2Mm3Nn4E"
_TYPES = (
    "text/xml", "application/xml", "application/json", "text/plain", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "multipart/form-data", "text/xml; charset=utf-16", "text/xml; charset=none",
    "text/xml; charset=\"", "application/octet-stream", "x", "*/*", ";", "text/xml, text/xml", "a" * 4000,
)  # fmt: skip


def _sealed(
    kind: str, random: Random, now: int, account: Account, document: bytes, allowed: frozenset[int] = PERHAPS
) -> Case:
    """A document as the account's pushes come: all signatures are right."""
    stamp, nonce = str(now).encode(), str(random.randrange(10**9)).encode()
    if account.mode == "plain":
        return Case(kind, account.name, (*signed(account, stamp, nonce, None).items(),), document, allowed)
    encrypted = encrypt(padded(plaintext(document, account, random.randbytes(16))), account.aes_key)
    form: Form = random.choice(("xml", "json"))
    beside = document[5:-6] if account.mode == "compatible" and document.startswith(b"<xml>") else b""
    query = signed(account, stamp, nonce, encrypted)
    return Case(kind, account.name, (*query.items(),), envelope(encrypted, form, beside), allowed)


def _document(name: str) -> Callable[[Random, int], Case]:
    def make(random: Random, now: int) -> Case:
        allowed = frozenset((200,)) if name == "as_it_is" else PERHAPS
        if name == "entities":
            allowed = MALFORMED
        return _sealed(f"document {name}", random, now, random.choice(ACCOUNTS), MAKERS[name](random, now), allowed)

    return make


def _around(random: Random, now: int, kind: str, encrypted: bytes, allowed: frozenset[int]) -> Case:
    """A ciphertext of any kind in a right envelope, signed."""
    stamp, nonce = str(now).encode(), str(random.randrange(10**9)).encode()
    query = signed(SAFE, stamp, nonce, encrypted)
    body = envelope(encrypted, random.choice(("xml", "json")))
    return Case(kind, SAFE.name, (*query.items(),), body, allowed)


def cipher_text(random: Random, now: int) -> Case:
    """Base64 that is none, is cut, or has other bytes in it."""
    whole = encrypt(padded(plaintext(as_it_is(random, now), SAFE, random.randbytes(16))), SAFE.aes_key)
    place = random.randrange(1, len(whole) - 30)
    raw = bytearray(b64decode(whole))
    raw[random.randrange(32, len(raw))] ^= 1 << random.randrange(8)
    bad = random.choice(
        (
            whole[:place], whole[place:], whole[:place] + b"*" + whole[place + 1 :], b"", b"=", b"A", b"AAAA",
            whole * 2, b64encode(bytes(raw)), b64encode(random.randbytes(32 * random.randint(0, 5))), whole[::-1], b" ",
            b"\n", whole[:place] + "长".encode() + whole[place:], whole.rstrip(b"=") + b"===", b64encode(b"\x00" * 64),
        )
    )  # fmt: skip
    return _around(random, now, "cipher text", bad, PERHAPS)


def cipher_padding(random: Random, now: int) -> Case:
    """The padding says what it is not."""
    plain = plaintext(as_it_is(random, now), SAFE, random.randbytes(16))
    size = 32 - len(plain) % 32
    wrong = random.choice(
        (bytes(size), bytes([33]) * size, bytes([255]) * size, random.randbytes(size), b"\x01" * size)
    )
    return _around(random, now, "cipher padding", encrypt(plain + wrong, SAFE.aes_key), PERHAPS)


def cipher_length(random: Random, now: int) -> Case:
    """The length field says what it is not."""
    document = as_it_is(random, now)
    length = len(document) + random.choice((-len(document), -1, 1, 7, 2**16, 2**31, 2**32 - 1 - len(document)))
    plain = plaintext(document, SAFE, random.randbytes(16), length=length)
    return _around(random, now, "cipher length", encrypt(padded(plain), SAFE.aes_key), MALFORMED)


def cipher_owner(random: Random, now: int) -> Case:
    """Another app's, with our key; or ours, with another key."""
    document, head = as_it_is(random, now), random.randbytes(16)
    others = (COMPATIBLE.appid, SAFE.appid + "0", SAFE.appid[:-1], SAFE.appid.upper(), "\x00", "长")
    if random.random() < 0.5:
        encrypted = encrypt(padded(plaintext(document, SAFE, head, appid=random.choice(others))), SAFE.aes_key)
    else:
        encrypted = encrypt(padded(plaintext(document, SAFE, head)), _OTHER_KEY)
    return _around(random, now, "cipher owner", encrypted, MALFORMED)


def cipher_content(random: Random, now: int) -> Case:
    """What decrypts to something much too short, or to nothing."""
    plain = random.choice((b"", random.randbytes(15), random.randbytes(16), random.randbytes(19), random.randbytes(20)))
    return _around(random, now, "cipher content", encrypt(padded(plain), SAFE.aes_key), MALFORMED)


def envelope_shape(random: Random, now: int) -> Case:
    """The ciphertext is right and signed; what stands around it is not."""
    account = random.choice((SAFE, COMPATIBLE))
    encrypted = encrypt(padded(plaintext(as_it_is(random, now), account, random.randbytes(16))), account.aes_key)
    stamp, nonce = str(now).encode(), str(random.randrange(10**9)).encode()
    inside, text = b"<Encrypt>" + encrypted + b"</Encrypt>", b'"' + encrypted + b'"'
    body = random.choice(
        (
            b"<xml>" + inside * 2 + b"</xml>", b"<xml><a>" + inside + b"</a></xml>", b"<xml><Encrypt/></xml>", inside,
            b"<xml>" + inside, b"<xml><encrypt>" + encrypted + b"</encrypt></xml>", b'{"Encrypt":[' + text + b"]}",
            b'{"Encrypt":{"Encrypt":' + text + b"}}", b'{"Encrypt":1}', b'{"Encrypt":null}', b'{"Encrypt":""}',
            encrypted, b'{"Encrypt":"x","Encrypt":' + text + b"}", b"<xml><Encrypt>" + inside + b"</Encrypt></xml>",
            text, b"<xml><Encrypt a='b'><!-- -->" + encrypted + b"</Encrypt></xml>", b"[" + text + b"]",
        )
    )  # fmt: skip
    query = signed(account, stamp, nonce, encrypted)
    return Case("envelope", account.name, (*query.items(),), body, PERHAPS)


def signature(random: Random, now: int) -> Case:
    """Not what the request is signed with."""
    case = _sealed("signature", random, now, random.choice(ACCOUNTS), as_it_is(random, now), FORBIDDEN)
    query = dict(case.query)
    names = ("signature", "msg_signature") if case.account == "safe" else ("signature",)
    name = random.choice(names)
    right, place = query[name], random.randrange(40)
    wrong = (
        b"", b"0" * 40, right[:-1], right + b"0", right.upper() + b" ", b" " + right, right[::-1] + b"x", b"\xff" * 40,
        right[:place] + (b"0" if right[place : place + 1] != b"0" else b"1") + right[place + 1 :], "０".encode() * 40,
        right + b"\n", b"'" * 40, b"0" * 4000,
    )  # fmt: skip
    query[name] = random.choice(wrong)
    return replace(case, query=(*query.items(),))


def time_stamp(random: Random, now: int) -> Case:
    """Signed, but not of now, or of no time at all."""
    stamps = (
        str(now - 301 - random.randrange(10**6)), str(now + 302 + random.randrange(10**6)), "0", "1", "-1",
        str(now * 1000), "9" * 11, "9" * 12, "9" * 400, "", " ", f"{now}.0", f"+{now}", f" {now}", f"{now}\n", "1e9",
        "0x1", "NaN",
        "".join(chr(ord(figure) + 0xFEE0) for figure in str(now)),
    )  # fmt: skip
    stamp, account = random.choice(stamps).encode(), random.choice(ACCOUNTS)
    document = as_it_is(random, now)
    if account.mode == "plain":
        encrypted, body = None, document
    else:
        encrypted = encrypt(padded(plaintext(document, account, random.randbytes(16))), account.aes_key)
        body = envelope(encrypted, "xml")
    query = signed(account, stamp, b"1", encrypted)
    return Case("time stamp", account.name, (*query.items(),), body, FORBIDDEN)


def nonce(random: Random, now: int) -> Case:
    """Signed with a nonce of any kind."""
    bad = random.choice(
        (b"", b" ", b"a b", b"\x00", b"\xff", b"a" * 129, b"a" * 128, "长".encode(), b"%00", b"&", b"=")
    )
    query = signed(PLAIN, str(now).encode(), bad, None)
    return Case("nonce", PLAIN.name, (*query.items(),), as_it_is(random, now), PERHAPS)


def query(random: Random, now: int) -> Case:
    """Parameters that are missing, stand there twice, or are called otherwise."""
    case = _sealed("query", random, now, random.choice(ACCOUNTS), as_it_is(random, now))
    names = [name for name, _ in case.query]
    chosen = random.choice(names)
    left = tuple(one for one in case.query if one[0] != chosen)
    right = dict(case.query)[chosen]
    shapes = (
        left, (), (*case.query, (chosen, b"x")), ((chosen, b"x"), *case.query), (*left, (chosen.upper(), right)),
        (*left, (chosen + "[]", right)), (*case.query, *((f"n{n}", b"x" * 20) for n in range(200))), case.query * 3,
        (*left, ("encrypt_type", random.choice((b"raw", b"AES", b"", b"aes ", b"none")))),
        (*left, (chosen, b"\xff\xfe")),
    )  # fmt: skip
    return replace(case, query=random.choice(shapes))


def verification(random: Random, now: int) -> Case:
    """The GET of the console, right and wrong."""
    echo = random.choice((b"12345", b"", b"\x00", b"\xff", b"<script>", "长".encode(), b"x" * 5000, b"\r\nX: y"))
    asked = signed(SAFE, str(now - random.choice((0, 0, 900))).encode(), b"1", None) | {"echostr": echo}
    if random.random() < 0.5:
        asked[random.choice(sorted(asked))] = random.randbytes(5)
    return Case("verification", SAFE.name, (*asked.items(),), b"", PERHAPS, "GET", {})


def content_type(random: Random, now: int) -> Case:
    """The type says something else than the body is."""
    case = _sealed("content type", random, now, random.choice(ACCOUNTS), as_it_is(random, now))
    headers = random.choice(({}, {"Content-Type": random.choice(_TYPES)}))
    return replace(case, headers=headers, chunked=random.random() < 0.3)


def compression(random: Random, now: int) -> Case:
    """Compressed, said to be compressed, a bomb."""
    case = _sealed("compression", random, now, random.choice(ACCOUNTS), as_it_is(random, now))
    whole = gzip.compress(case.body)
    encoding, body = random.choice(
        (
            ("gzip", whole), ("gzip", case.body), ("gzip", whole[:-9]), ("gzip", whole + b"x"), ("deflate", whole),
            ("deflate", zlib.compress(case.body)), ("gzip", _BOMB), ("br", case.body),
            ("zstd", case.body), ("identity", case.body), ("gzip, gzip", gzip.compress(whole)), ("x" * 200, case.body),
            ("gzip", b""),
        )
    )  # fmt: skip
    return replace(
        case, body=body, headers={**case.headers, "Content-Encoding": encoding}, chunked=random.random() < 0.5
    )


def method(random: Random, now: int) -> Case:
    """No POST."""
    case = _sealed("method", random, now, random.choice(ACCOUNTS), as_it_is(random, now))
    name = random.choice(("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "X" * 60))
    return replace(case, method=name, allowed=REFUSED if name in ("GET", "HEAD") else REFUSED | {405})


AROUND = (
    cipher_text, cipher_padding, cipher_length, cipher_owner, cipher_content, envelope_shape, signature, time_stamp,
    nonce, query, verification, content_type, compression, method,
)  # fmt: skip
DOCUMENTS = tuple(_document(name) for name in MAKERS)


def case(seed: int, number: int, now: int) -> Case:
    """The same for the same seed and number, but for the time in it. Two in three have a document that is wrong."""
    random = Random(f"{seed}:{number}")
    makers = DOCUMENTS if random.random() < 0.66 else AROUND
    return random.choice(makers)(random, now)
