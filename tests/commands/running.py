"""How the tests call a command: its exit code, and what it wrote."""

from __future__ import annotations

import io

from django.core.management import CommandError, call_command


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), err.getvalue() + str(error)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def output(*arguments: str, code: int = 0) -> str:
    """What a command writes to stdout, when it ends with this exit code."""
    ended, out, _ = run(*arguments)
    assert ended == code
    return out
