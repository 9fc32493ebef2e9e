"""YAML that knows where each of its words stands, so that an error can name the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from etl.errors import CatalogError

Path_ = tuple[str | int, ...]


def load_yaml(path: Path) -> CommentedMap:
    """The mapping that `path` holds, with its line numbers; a CatalogError in words otherwise."""
    try:
        document = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CatalogError(f"{path}: no such file; XINZHI_CATALOG names the catalog.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path}: cannot be read as UTF-8 text ({error}).") from None
    except DuplicateKeyError as error:
        raise CatalogError(
            f"{path}, line {_line_of(error)}: the key {_quoted(error)} stands twice; keep one."
        ) from None
    except MarkedYAMLError as error:
        raise CatalogError(
            f"{path}, line {_line_of(error)}: not valid YAML ({error.problem}); "
            "check indentation and quotes there."
        ) from None
    except YAMLError as error:
        raise CatalogError(f"{path}: not valid YAML ({str(error).splitlines()[0]}).") from None
    if not isinstance(document, CommentedMap):
        raise CatalogError(f"{path}, line 1: a mapping of keys was expected, not a bare value.")
    return document


def line_of(document: Any, where: Path_) -> int:
    """The line, from 1, of the deepest part of `where` that the document really holds."""
    line, node = 1, document
    for step in where:
        if isinstance(node, CommentedMap) and step in node:
            line, node = node.lc.key(step)[0] + 1, node[step]
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line, node = node.lc.item(step)[0] + 1, node[step]
        else:
            break
    return line


def plain(node: Any) -> Any:
    """The same data in plain dicts, lists and scalars."""
    if isinstance(node, dict):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _line_of(error: MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return int(mark.line) + 1 if mark else 1


def _quoted(error: DuplicateKeyError) -> str:
    words = str(error.problem).split('"')
    return f"'{words[1]}'" if len(words) > 2 else "there"
