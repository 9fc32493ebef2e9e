"""E-mail through one server, encrypted if the server offers it, with the chart if there is one."""

from __future__ import annotations

import re
import smtplib
from dataclasses import dataclass
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
class Mail:
    """E-mail through one server, with the chart attached if available."""

    server: SplitResult
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
        host = self.server.hostname
        try:
            within(self.settings.timeout_s * 2, lambda: self._deliver(mail))
        except smtplib.SMTPResponseException as error:
            words = told(error.smtp_error, self._secrets())
            raise UnexpectedPayload(
                f"{host} refused the e-mail ({error.smtp_code}: {words})."
            ) from None
        except smtplib.SMTPRecipientsRefused as error:
            names = ", ".join(error.recipients)
            raise UnexpectedPayload(f"{host} refused every recipient ({names}).") from None
        except (OSError, smtplib.SMTPException, ValueError) as error:
            reason = told(str(error) or type(error).__name__, self._secrets())
            raise UnexpectedPayload(f"{host} did not take the e-mail ({reason}).") from None
        return notice

    def _secrets(self) -> list[str]:
        password = self.server.password or ""
        return [password, unquote(password)]

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
        is_tls = self.server.scheme == "smtps"
        host, port = self.server.hostname or "", self.server.port or (465 if is_tls else 587)
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
            if self.server.username:
                if not is_tls:
                    raise smtplib.SMTPException("it offers no encryption for the password")
                server.login(unquote(self.server.username), unquote(self.server.password or ""))
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
    example = "smtp://USER:PASSWORD@HOST:587"
    parts = split(settings.alert_smtp, "XINZHI_ALERT_SMTP", ("smtp", "smtps"), example)
    user = unquote(parts.username or "")
    own = (user, settings.contact or "", settings.alert_to[0])
    sender = next(address for address in own if _ADDRESS.fullmatch(address))
    return Mail(parts, sender, settings.alert_to, settings)
