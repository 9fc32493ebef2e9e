"""E-mail through one server, encrypted if the server offers it, with the chart if there is one."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from urllib.parse import SplitResult, unquote

from etl.alerts.notify.message import NAME, Message, address_of, split, told
from etl.errors import SettingError, SourceError, UnexpectedPayload, quoted
from etl.ingest.upstream import Upstream, trust, within
from etl.records import now
from etl.settings import Settings

_PNG = b"\x89PNG\r\n\x1a\n"
_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server that takes e-mail. Its user and password appear in no sentence."""

    place: SplitResult = field(repr=False)
    settings: Settings = field(repr=False)

    @contextmanager
    def opened(self) -> Iterator[smtplib.SMTP]:
        """A connection to it, signed in where it has a user."""
        is_tls = self.place.scheme == "smtps"
        host, port = self.place.hostname or "", self.place.port or (465 if is_tls else 587)
        limit, context = self.settings.timeout_s, trust(self.settings)
        server = (
            smtplib.SMTP_SSL(host, port, timeout=limit, context=context)
            if is_tls
            else smtplib.SMTP(host, port, timeout=limit)
        )
        with server:
            server.ehlo()
            if not is_tls and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
                is_tls = True
            if self.place.username:
                if not is_tls:
                    raise smtplib.SMTPException("it offers no encryption for the password")
                server.login(unquote(self.place.username), unquote(self.place.password or ""))
            yield server

    @contextmanager
    def in_words(self, *secrets: str) -> Iterator[None]:
        """What goes wrong in the block as an UnexpectedPayload, without a secret of ours or one of
        these."""
        host, password = self.place.hostname, self.place.password or ""
        hidden = [password, unquote(password), *secrets]
        try:
            yield
        except smtplib.SMTPResponseException as error:
            words = told(error.smtp_error, hidden)
            raise UnexpectedPayload(
                f"{host} refused the e-mail ({error.smtp_code}: {words})."
            ) from None
        except smtplib.SMTPRecipientsRefused as error:
            names = told(", ".join(error.recipients), hidden)
            raise UnexpectedPayload(f"{host} refused every recipient ({names}).") from None
        except (OSError, smtplib.SMTPException, ValueError) as error:
            reason = told(str(error) or type(error).__name__, hidden)
            raise UnexpectedPayload(f"{host} did not take the e-mail ({reason}).") from None


@dataclass(frozen=True, slots=True)
class Mail:
    """E-mail through one server, with the chart attached if available."""

    server: MailServer
    sender: str
    to: tuple[str, ...]
    settings: Settings
    name: str = "e-mail"

    @property
    def address(self) -> str:
        return address_of(self.name, *sorted(self.to))

    def send(self, message: Message, out: Upstream) -> str:
        """Send the message, with or without the picture."""
        picture, notice = _picture(message, out)
        mail = self._mail(message, picture)
        with self.server.in_words():
            within(self.settings.timeout_s * 2, lambda: self._deliver(mail))
        return notice

    def _mail(self, message: Message, picture: bytes | None) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = f"{NAME}：{message.title}"
        mail["From"], mail["To"] = self.sender, ", ".join(self.to)
        mail["Date"] = format_datetime(now())
        mail["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        mail.set_content(f"{message.title}\n\n{message.sentence}\n\n{message.link}\n")
        if picture is not None:
            name = f"{message.picture.rpartition('/')[2]}"
            mail.add_attachment(picture, maintype="image", subtype="png", filename=name)
        return mail

    def _deliver(self, mail: EmailMessage) -> None:
        with self.server.opened() as server:
            server.send_message(mail)


def _picture(message: Message, out: Upstream) -> tuple[bytes | None, str]:
    """The chart, or nothing and why: it never keeps the message from going out."""
    if not message.picture:
        return None, ""
    try:
        picture = out.get(message.picture)
    except SourceError as error:
        return None, f"sent without its picture: {error}"
    if not picture.startswith(_PNG):
        return None, f"sent without its picture: {message.picture} is no PNG."
    return picture, ""


def mail(settings: Settings) -> Mail:
    """The configured server and recipients; a SettingError if they are incomplete."""
    if not settings.alert_smtp or not settings.alert_to:
        missing = "ALERT_TO" if settings.alert_smtp else "ALERT_SMTP"
        raise SettingError(f"XINZHI_{missing}: is missing; e-mail needs a server and a recipient.")
    for address in settings.alert_to:
        if not _ADDRESS.fullmatch(address):
            raise SettingError(f"XINZHI_ALERT_TO: '{quoted(address)}' is no e-mail address.")
    server, sender = mail_server(settings, settings.alert_to[0])
    return Mail(server, sender, settings.alert_to, settings)


def mail_server(settings: Settings, otherwise: str = "") -> tuple[MailServer, str]:
    """The configured server, and whom e-mail comes from: its user, else the contact, else the
    address that is given; a SettingError where there is no server, or none of these is an
    address."""
    if not settings.alert_smtp:
        raise SettingError("XINZHI_ALERT_SMTP: is missing; e-mail needs a server.")
    example = "smtp://USER:PASSWORD@HOST:587"
    parts = split(settings.alert_smtp, "XINZHI_ALERT_SMTP", ("smtp", "smtps"), example)
    own = (unquote(parts.username or ""), settings.contact or "", otherwise)
    sender = next((address for address in own if _ADDRESS.fullmatch(address)), None)
    if sender is None:
        raise SettingError(
            "XINZHI_CONTACT: is missing; e-mail comes from this address where the user of "
            "XINZHI_ALERT_SMTP is none."
        )
    return MailServer(parts, settings), sender
