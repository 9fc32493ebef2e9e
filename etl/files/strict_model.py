"""Models that refuse unknown keys, and the line and sentence for what in a file does not fit
one."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from etl.errors import nearest, quoted
from etl.files.strict_yaml import Path_, line_of


class FrozenModel(BaseModel):
    """Frozen, and strict about the names of its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StrictModel(FrozenModel):
    """Strict about types too, and about numbers that are not finite."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


def first_fault(
    document: Any, error: ValidationError, model: type[BaseModel], unnamed: str
) -> tuple[int, str]:
    """The line and the sentence of the first thing to fix. `unnamed` is the top key that all
    entries share, which is left out of the sentence."""
    # A misspelt key also makes its right name missing: the misspelling is what to mend.
    first = min(
        error.errors(include_url=False, include_context=False),
        key=lambda e: (e["type"] != "extra_forbidden", line_of(document, _steps(e["loc"]))),
    )
    return _told(document, first, model, unnamed)


def faults(
    document: Any, error: ValidationError, model: type[BaseModel], unnamed: str
) -> list[tuple[Path_, int, str]]:
    """The place, the line and the sentence of everything to fix, from top to bottom. The right name
    of a misspelt key is not also told as missing."""
    found = error.errors(include_url=False, include_context=False)
    meant = {
        (*steps[:-1], close[0])
        for e in found
        if e["type"] == "extra_forbidden"
        for steps in [_steps(e["loc"])]
        for close in [get_close_matches(str(steps[-1]), _fields_at(model, steps[:-1]), 1, 0.6)]
        if close
    }
    told = [
        (_steps(e["loc"]), *_told(document, e, model, unnamed))
        for e in found
        if e["type"] != "missing" or _steps(e["loc"]) not in meant
    ]
    return sorted(told, key=lambda one: one[1])


def _told(
    document: Any, fault: ErrorDetails, model: type[BaseModel], unnamed: str
) -> tuple[int, str]:
    """The line and the sentence of one fault."""
    steps = _steps(fault["loc"])
    line = line_of(document, steps)
    name = ".".join(str(step) for step in steps if step != unnamed)
    if fault["type"] == "extra_forbidden":
        hint = nearest(str(steps[-1]), _fields_at(model, steps[:-1]))
        return line, f"unknown key '{steps[-1]}' ({name}). {hint}"
    if fault["type"] == "missing":
        return line, f"'{name}' is missing; every entry needs it."
    given = quoted(fault.get("input"))
    return line, f"{name}: {fault['msg'][0].lower()}{fault['msg'][1:]} (found: {given})."


def _steps(loc: tuple[str | int, ...]) -> Path_:
    return tuple(step for step in loc if step != "[key]")


def _fields_at(model: type[BaseModel], steps: Path_) -> list[str]:
    """The keys that the model knows at `steps`."""
    kind: Any = model
    for step in steps:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(step))
            kind = field.annotation if field else None
        else:
            kind = next((a for a in get_args(kind) if _holds_model(a)), None)
        kind = _unwrapped(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [name for name in kind.model_fields if name != "id"]
    return []


def _holds_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _unwrapped(kind: Any) -> Any:
    args = get_args(kind)
    if type(None) in args:
        return next((a for a in args if _holds_model(a)), kind)
    return kind
