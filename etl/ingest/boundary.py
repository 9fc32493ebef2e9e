"""Where sources are called: whatever one raises becomes a sentence about it, and ends no run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from etl.errors import SourceError, UnexpectedPayload, XinzhiError, quoted

#: Removes the secrets from a sentence: `Settings.without_secrets`.
Hush = Callable[[str], str]


@contextmanager
def at_the_boundary(source: str, hush: Hush = str) -> Iterator[None]:
    """Only errors of ours leave the block, without secrets.

    The block calls a source and does nothing else: a fault in our own stores and files is not the
    source's, and is reported as such.
    """
    try:
        yield
    except SourceError as error:
        error.args = (hush(str(error)),)
        raise
    except XinzhiError:
        raise
    except Exception as error:  # of any kind: one source must not end the whole run
        said = f": {quoted(hush(str(error)))}" if str(error) else ""
        raise UnexpectedPayload(
            f"What {source} sent could not be read ({type(error).__name__}{said})."
        ) from None
