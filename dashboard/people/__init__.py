"""Who may see and change what: people, their roles, and how they sign in. Nothing of it is needed
to read what is public."""

from dashboard.people.door import PeopleDoor
from dashboard.people.people import People
from dashboard.people.roles import (
    DoorError,
    Person,
    Role,
    SignInNeeded,
    csrf_token,
    has_word,
    person_of,
)

__all__ = [
    "DoorError", "People", "PeopleDoor", "Person", "Role", "SignInNeeded", "csrf_token",
    "has_word", "person_of",
]  # fmt: skip
