"""Where sources are called: whatever one raises is a sentence about it, and ends no run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from etl.errors import SourceError, UnexpectedPayload, XinzhiError, quoted

#: Takes the secrets out of a sentence: `Settings.without_secrets`.
Hush = Callable[[str], str]


@contextmanager
def at_the_boundary(source: str, hush: Hush = str) -> Iterator[None]:
    """Nothing but errors of ours leaves the block, and those of sources without a secret.

    The block calls a source and does nothing else: what is wrong with our own stores and files is
    no fault of an upstream, and is heard of.
    """
    try:
        yield
    except SourceError as error:
        error.args = (hush(str(error)),)
        raise
    except XinzhiError:
        raise
    except Exception as error:  # of any kind: one source must not end the run of all
        said = f": {quoted(hush(str(error)))}" if str(error) else ""
        raise UnexpectedPayload(
            f"What {source} sent could not be read ({type(error).__name__}{said})."
        ) from None
