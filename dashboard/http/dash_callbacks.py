"""Whether a callback's body is one that a page of ours would send. It is judged before Dash sees
it, so that nothing forged reaches a callback."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_DEPTH, MAX_VALUES = 24, 20_000
#: What a body of Dash's renderer holds.
_FIELDS: Mapping[str, tuple[type, ...]] = {
    "output": (str,), "outputs": (dict, list), "inputs": (list,), "state": (list,),
    "changedPropIds": (list,), "parsedChangedPropsIds": (list,),
}  # fmt: skip
_REQUIRED = ("output", "outputs", "inputs")
#: What the properties that readers change hold, where Dash says so; null is always allowed.
_VALUES: Mapping[str, tuple[type, ...]] = {
    "pathname": (str,), "search": (str,), "hash": (str,), "href": (str,),
    "n_intervals": (int,), "n_clicks": (int,), "n_submit": (int,), "n_blur": (int,),
    "relayoutData": (dict,), "clickData": (dict,), "hoverData": (dict,), "selectedData": (dict,),
    "start_date": (str,), "end_date": (str,), "snapshot": (str,),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Callback:
    """What one callback is told: ids with the property that is read, in their order."""

    inputs: tuple[tuple[str, str], ...]
    state: tuple[tuple[str, str], ...]


def callbacks_of(dependencies: Iterable[Mapping[str, Any]]) -> Mapping[str, Callback]:
    """The callbacks of an app by their output, from what `/_dash-dependencies` answers. Ids are
    words: a ValueError for those that are patterns, of which nothing is known here."""

    def named(parts: Iterable[Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
        found = tuple((part["id"], part["property"]) for part in parts)
        patterns = [name for name, _ in found if name.startswith("{")]
        if patterns:
            raise ValueError(f"{patterns[0]}: callbacks with pattern-matching ids are not judged.")
        return found

    return {
        one["output"]: Callback(named(one["inputs"]), named(one["state"])) for one in dependencies
    }


def callback_problem(body: bytes, callbacks: Mapping[str, Callback]) -> str:
    """What is wrong with the body of a callback, as a sentence; empty if nothing is."""
    try:
        document = json.loads(
            body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number
        )
        _check_values(document)
        _check(document, callbacks)
    except RecursionError:
        return f"The body is nested more than {MAX_DEPTH} deep."
    except UnicodeDecodeError:
        return "The body is not UTF-8."
    except _ForgedError as error:
        return str(error)
    except ValueError:
        return "The body is not JSON."
    return ""


class _ForgedError(Exception):
    pass


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _ForgedError("A name stands twice in one object of the body.")
    return found


def _no_number(text: str) -> None:
    raise _ForgedError(f"{text} is not JSON.")


def _check_values(document: Any) -> None:
    """Bound depth and number of values, and refuse those that no browser can have."""
    level, count = [document], 0
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        count += len(level)
        if count > MAX_VALUES:
            raise _ForgedError(f"The body holds more than {MAX_VALUES:,} values.")
        for value in level:
            if isinstance(value, dict):
                below += value.values()
                _check_text("".join(value))
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str):
                _check_text(value)
            elif isinstance(value, float) and not math.isfinite(value):
                raise _ForgedError("A number of the body is too large.")
        level = below
        if not level:
            return
    raise _ForgedError(f"The body is nested more than {MAX_DEPTH} deep.")


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise _ForgedError("A text of the body holds half a character.") from None


def _check(document: Any, callbacks: Mapping[str, Callback]) -> None:
    if not isinstance(document, dict):
        raise _ForgedError("The body is not an object.")
    for name, value in document.items():
        if name not in _FIELDS:
            raise _ForgedError(f"{name[:40]}: no page of this site sends this field.")
        if not isinstance(value, _FIELDS[name]):
            raise _ForgedError(f"{name}: is of a wrong type.")
    for name in _REQUIRED:
        if name not in document:
            raise _ForgedError(f"{name}: is missing.")
    wanted = callbacks.get(document["output"])
    if wanted is None:
        raise _ForgedError("output: no page of this site has it.")
    if _joined(document["outputs"]) != document["output"]:
        raise _ForgedError("outputs: are not those of the output.")
    given = _check_given("inputs", document["inputs"], wanted.inputs)
    _check_given("state", document.get("state", []), wanted.state)
    for changed in document.get("changedPropIds", []):
        if changed not in given:
            raise _ForgedError("changedPropIds: names what is no input.")
    for changed in document.get("parsedChangedPropsIds", []):
        if not isinstance(changed, str | dict):
            raise _ForgedError("parsedChangedPropsIds: is of a wrong type.")


def _joined(outputs: Any) -> str:
    """Outputs as Dash writes them in one word: id.property, or ..a.p...b.q.. for several."""
    if isinstance(outputs, dict):
        return _prop_id(outputs)
    return f"..{'...'.join(_prop_id(one) for one in outputs)}.."


def _prop_id(part: Any) -> str:
    if not isinstance(part, dict) or not isinstance(part.get("id"), str):
        raise _ForgedError("outputs, inputs, state: each names an id and a property.")
    if not isinstance(part.get("property"), str):
        raise _ForgedError("outputs, inputs, state: each names an id and a property.")
    return f"{part['id']}.{part['property']}"


def _check_given(field: str, given: list[Any], wanted: Sequence[tuple[str, str]]) -> list[str]:
    """The names of what is given; it must be what the callback takes, with values of its types."""
    names = [_prop_id(part) for part in given]
    if names != [f"{id_}.{property_}" for id_, property_ in wanted]:
        raise _ForgedError(f"{field}: are not those that the callback takes.")
    for part, (_, property_) in zip(given, wanted, strict=True):
        value, types = part.get("value"), _VALUES.get(property_)
        is_wrong = types is not None and (isinstance(value, bool) or not isinstance(value, types))
        if value is not None and is_wrong:
            raise _ForgedError(f"{field}: {property_} is of a wrong type.")
    return names
