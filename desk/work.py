"""python -m desk.work NAME: one job of the desk, as a process of its own: `python -m etl` with the
arguments that were noted, when its turn has come. desk/jobs.py starts it."""

from __future__ import annotations

import shlex
import sys
import time
import traceback

from desk.jobs import Job, Jobs, last_words
from etl.__main__ import main as etl
from etl.errors import Locked, XinzhiError
from etl.records import now
from etl.settings import Settings, load_settings
from etl.storage.audit import AuditLine, audit_log
from etl.storage.warehouse import writing

#: How long a run of somebody else is waited for, and how often it is asked.
PATIENCE_S, EVERY_S = 1800.0, 1.0
#: How a process ends that Ctrl-C ended, and one that met an error nobody foresaw.
STOPPED, UNFORESEEN = 130, 70


def main(name: str) -> int:
    """Do the work of a job; the exit status of its command."""
    settings = load_settings()
    jobs = Jobs(settings)
    job = jobs.find(name)
    if job is None:
        print(f"error: there is no job {name}", file=sys.stderr)
        return 2
    log = audit_log(settings)
    try:
        log.require()
        with jobs.turn():
            status = _work(settings, job)
    except KeyboardInterrupt:
        print("stopped before its turn", flush=True)
        status = STOPPED
    except XinzhiError as error:  # no line of the audit log can be kept: nothing is changed
        print(f"error: {error}", flush=True)
        jobs.ended(name, 2)
        return 2
    said = jobs.find(name)
    words = last_words(said.log if said else "")
    line = AuditLine(
        now(), job.facts.who, job.command, settings.without_secrets(words), job.facts.about,
        failed=status > 1,
    )  # fmt: skip
    try:
        log.add(line)
    finally:
        jobs.ended(name, status)
    return status


def _work(settings: Settings, job: Job) -> int:
    print(f"$ python -m etl {shlex.join(job.facts.arguments)}", flush=True)
    _wait_for_others(settings)
    try:
        return etl(job.facts.arguments)
    except SystemExit as stop:  # argparse has said why
        return int(str(stop.code or 0))
    except Exception:
        traceback.print_exc()
        return UNFORESEEN


def _wait_for_others(settings: Settings) -> None:
    """Until no run that was started elsewhere writes; after half an hour the command itself says
    that it cannot."""
    until, said = time.monotonic() + PATIENCE_S, ""
    while time.monotonic() < until:
        try:
            with writing(settings):
                return
        except Locked as error:
            if str(error) != said:
                said = str(error)
                print(f"waits: {said}", flush=True)
            time.sleep(EVERY_S)
        except XinzhiError:  # the command says it
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
