"""Mail by SMTP, step by step: only a connection that breaks once the text is on its way leaves a doubt."""

import asyncio
import re
from contextlib import closing, suppress
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.policy import SMTPUTF8 as WIRE_UTF8
from email.utils import format_datetime

import aiosmtplib
from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from bot.outgoing.result import Begin, Letter, Result
from bot.settings import Mail

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_TEMPORARY = range(400, 500)


def normalise_address(text: str) -> str | None:
    """The e-mail address in one form; ``None`` for what is none."""
    try:
        return validate_email(text, check_deliverability=False, globally_deliverable=False).normalized
    except EmailNotValidError:
        return None


async def send_mail(settings: Mail, sender_name: str, letter: Letter, begin: Begin) -> Result:
    """Hands the mail to the server of the settings; every step ends within ``timeout_s``."""
    try:
        recipient = validate_email(letter.recipient, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return Result("failed", "bad_address")
    client = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port_in_use,
        local_hostname=sender_of(settings).domain,
        username=settings.user,
        password=settings.password.get_secret_value() if settings.password else None,
        timeout=settings.timeout_s,
        use_tls=settings.tls == "implicit",
        start_tls=settings.tls == "starttls",
    )
    with closing(client):
        return await _send(client, settings, sender_name, recipient, letter, begin)


async def _send(
    client: aiosmtplib.SMTP, settings: Mail, sender_name: str, recipient: ValidatedEmail, letter: Letter, begin: Begin
) -> Result:
    try:
        # The client's own timeout is for each answer; a server that drips would still hold us for ever.
        async with asyncio.timeout(4 * settings.timeout_s):
            await client.connect()
            early = await _introduce(client, settings, recipient)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as fault:
        return _before_text(fault)
    if early is not None:
        return early
    message = compose(settings, sender_name, recipient, letter)
    wire = message.as_bytes(policy=WIRE if recipient.ascii_email else WIRE_UTF8)
    await begin()
    try:
        async with asyncio.timeout(2 * settings.timeout_s):
            await client.data(wire)
    except aiosmtplib.SMTPDataError as refused:
        return _refused(refused.code)
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        return Result("unknown", "no_answer")
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):  # it is sent, whatever becomes of the farewell
        await client.quit(timeout=2)
    return Result("sent")


def compose(settings: Mail, sender_name: str, recipient: ValidatedEmail, letter: Letter) -> EmailMessage:
    """The mail; whatever stands in names and subjects, it has the headers written here and no others."""
    message = EmailMessage(policy=WIRE if recipient.ascii_email else WIRE_UTF8)
    sender = sender_of(settings)
    message["From"] = Address(_line(sender_name), sender.username, sender.domain)
    message["To"] = recipient.ascii_email or recipient.normalized
    message["Subject"] = _line(letter.written.subject)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{letter.id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.written.text)
    return message


def sender_of(settings: Mail) -> Address:
    """The sender's address as it goes over the wire: an international domain in its ASCII form."""
    user, _, domain = (settings.sender or "").rpartition("@")
    return Address(username=user, domain=domain.encode("idna").decode())


async def _introduce(client: aiosmtplib.SMTP, settings: Mail, recipient: ValidatedEmail) -> Result | None:
    """Sender and recipient; ``None`` when the text may follow."""
    sender = sender_of(settings).addr_spec
    if recipient.ascii_email is None:
        await client.ehlo()
        if not client.supports_extension("smtputf8"):
            return Result("failed", "address_not_supported")
        await client.mail(sender, options=["SMTPUTF8", "BODY=8BITMIME"], encoding="utf-8")
        await client.rcpt(recipient.normalized, encoding="utf-8")
        return None
    await client.mail(sender)
    await client.rcpt(recipient.ascii_email)
    return None


def _before_text(fault: Exception) -> Result:
    if isinstance(fault, aiosmtplib.SMTPAuthenticationError):
        return Result("again", "sign_in_refused")
    if isinstance(fault, aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPRecipientRefused):
        return _refused(fault.code)
    if isinstance(fault, TimeoutError):
        return Result("again", "timeout")
    return Result("again", "not_reached")


def _refused(code: int) -> Result:
    return Result("again", "refused_for_now") if code in _TEMPORARY else Result("failed", "refused")


def _line(text: str) -> str:
    return _CONTROLS.sub(" ", text).strip()[:200]
