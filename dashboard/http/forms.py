"""The fields of a form that a browser sends with a file (RFC 7578)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from dashboard.http.problems import BodyError

MOST_FIELDS, MOST_HEAD = 20, 2_000


@dataclass(frozen=True, slots=True)
class FormField:
    """What was typed or chosen; `filename` is empty where it is no file."""

    content: bytes
    filename: str = ""

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace").strip()


def form_fields(content_type: str, body: bytes) -> Mapping[str, FormField]:
    """The fields by name; a BodyError where it is no such form."""
    head = Message()
    head["content-type"] = content_type
    boundary = head.get_param("boundary")
    if head.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise BodyError("A form is expected, sent as multipart/form-data.", 415)
    mark = b"\r\n--" + boundary.encode("latin-1", "replace")
    parts = (b"\r\n" + body).split(mark, MOST_FIELDS + 1)[1:]
    found: dict[str, FormField] = {}
    for part in parts[:MOST_FIELDS]:
        told, blank, content = part.partition(b"\r\n\r\n")
        if part.startswith(b"--") or not blank or len(told) > MOST_HEAD:
            break
        about = BytesHeaderParser().parsebytes(told.strip())
        name = about.get_param("name", header="content-disposition")
        found[str(name)] = FormField(content, about.get_filename() or "")
    return found
