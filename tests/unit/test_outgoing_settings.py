"""The settings of mail and text messages: what would leak or never arrive is refused at the start."""

import pytest
from pydantic import ValidationError

from bot.outgoing.result import Letter
from bot.outgoing.sms import TemplateFault, fill
from bot.outgoing.texts import Written, catalogue, write
from bot.settings import LOCALES, Mail, Sms

SENDER = {"sender": "service@example.com"}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"host": "mail.example"}, "sender is needed"),
        ({"host": "mail.example", "tls": "none", **SENDER}, "this machine only"),
        ({"host": "mail.example", "user": "a", **SENDER}, "go together"),
        ({"sender": "a@b.example\r\nBcc: c@d.example"}, "not an e-mail address"),
        ({"alerts": ["nobody"]}, "not an e-mail address"),
        ({"sender_name": {"en": "A"}}, "a name in each"),
    ],
)
def test_mail_that_cannot_be_right(values, told):
    with pytest.raises(ValidationError, match=told):
        Mail(**values)


def test_the_usual_ports():
    assert [Mail(tls=mode).port_in_use for mode in ("starttls", "implicit", "none")] == [587, 465, 25]
    assert Mail(host="::1", tls="none", **SENDER).configured
    assert not Mail().configured


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"url": "http://sms.example/{to}"}, "https"),
        ({"url": "https://sms.example/"}, "nowhere"),
        ({"url": "https://sms.example/{to}", "headers": {"X-Key": "{key}"}}, "key"),
        ({"url": "https://sms.example/{to}", "success_path": "code"}, "go together"),
        ({"url": "https://sms.example/{to}", "format": "form", "body": {"a": {"b": "c"}}}, "nested"),
    ],
)
def test_a_template_that_cannot_be_right(values, told):
    with pytest.raises(ValidationError, match=told):
        Sms(**values)


def test_values_are_encoded_for_their_place_and_never_read_again():
    settings = Sms(url="https://sms.example/{to}?t={text}", body={"n": 1, "t": ["{text}"]}, secrets={"key": "secret"})
    request = fill(settings, Letter("1", "+86 1/2", Written("", 'a&b={key}"\n'), "000000"))
    assert str(request["url"]) == "https://sms.example/%2B86%201%2F2?t=a%26b%3D%7Bkey%7D%22%0A"
    assert request["json"] == {"n": 1, "t": ['a&b={key}"\n']}


def test_a_header_cannot_be_broken_out_of():
    settings = Sms(url="https://sms.example/{to}", headers={"X-Text": "{text}"})
    with pytest.raises(TemplateFault):
        fill(settings, Letter("1", "1", Written("", "a\r\nX-Evil: 1"), ""))


def test_secrets_do_not_show():
    settings = Sms(url="https://sms.example/{to}", secrets={"key": "hush"}, headers={"Authorization": "hush"})
    assert "hush" not in repr(settings)


def test_every_text_is_there_in_every_language():
    for what, kinds in (("confirmation", ("mail", "sms")), ("invitation", ("mail",)), ("test", ("mail", "sms"))):
        assert set(catalogue()[what]) == set(LOCALES)
        for locale in LOCALES:
            for kind in kinds:
                values = dict.fromkeys(("code", "minutes", "sender", "name", "login", "days", "link"), "#")
                written = write(what, kind, locale, **values)
                assert "#" in written.text
                assert bool(written.subject) is (kind == "mail")
