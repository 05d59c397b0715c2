"""What travels through a browser at a log-in cannot be read, changed, made or kept for long."""

import time

import pytest

from bot.web.wechat.passes import Passes, PassRefused

SECRET = "a secret that only this test knows"


def test_a_pass_holds_what_it_was_given_and_shows_none_of_it() -> None:
    passes = Passes(SECRET)
    token = passes.make("proven", 60, openid="o-li", channel="shop")
    found = passes.read("proven", token)
    assert found.values == {"openid": "o-li", "channel": "shop"}
    assert found.number != passes.read("proven", passes.make("proven", 60, openid="o-li")).number
    assert token.replace("-", "").replace("_", "").isalnum()
    assert "o-li" not in token


def test_another_process_of_the_house_reads_it_and_nobody_else_does() -> None:
    token = Passes(SECRET).make("begun", 60, channel="shop")
    assert Passes(SECRET).read("begun", token).values == {"channel": "shop"}
    for passes, kind in ((Passes(SECRET + "!"), "begun"), (Passes(SECRET), "proven")):
        with pytest.raises(PassRefused, match="invalid"):
            passes.read(kind, token)


def test_one_that_was_touched_is_none() -> None:
    passes = Passes(SECRET)
    token = passes.make("begun", 60, channel="shop")
    other = "A" if token[20] != "A" else "B"
    for wrong in (token[:20] + other + token[21:], token[:-8], "", "x", "ä", "\x00" * 40, "A" * 5000):
        with pytest.raises(PassRefused, match="invalid"):
            passes.read("begun", wrong)


def test_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    passes, now = Passes(SECRET), time.time()
    token = passes.make("begun", 60, channel="shop")
    monkeypatch.setattr(time, "time", lambda: now + 59)
    passes.read("begun", token)
    monkeypatch.setattr(time, "time", lambda: now + 62)
    with pytest.raises(PassRefused, match="expired"):
        passes.read("begun", token)


def test_a_signature_fits_wechat_s_state_and_one_text() -> None:
    passes = Passes(SECRET)
    signature = passes.sign("a cookie")
    assert len(signature) <= 128
    assert signature.isalnum()
    assert passes.is_signed("a cookie", signature)
    for text, wrong in (("another", signature), ("a cookie", signature[:-1]), ("a cookie", ""), ("a cookie", "ä")):
        assert not passes.is_signed(text, wrong)
