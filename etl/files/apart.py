"""The process in which `etl.files.bounded` has a file read: its limits, then the reader."""

from __future__ import annotations

import importlib
import json
import resource
import sys

from etl.files.bounded import Unreadable


def main(function: str, memory: str, answer: str, seconds: str) -> None:
    """Write what the function yields for the file on standard input, one line of JSON each."""
    for limit, most in (
        (resource.RLIMIT_AS, int(memory)),
        (resource.RLIMIT_FSIZE, int(answer)),
        (resource.RLIMIT_CPU, int(seconds)),  # should nobody be left to wait for the end
    ):
        resource.setrlimit(limit, (most, most))
    module, _, name = function.partition(":")
    try:
        for found in getattr(importlib.import_module(module), name)(sys.stdin.buffer):
            print(json.dumps(found))
    except Unreadable as problem:
        print(json.dumps({"problem": str(problem), "line": problem.line}))


if __name__ == "__main__":
    main(*sys.argv[1:])
