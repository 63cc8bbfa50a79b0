"""Results as people read them, on standard error, and as JSON."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from deployment.errors import UsageError
from deployment.step import Result


def errors() -> Console:
    """Standard error, with long lines whole."""
    return Console(stderr=True, soft_wrap=True, highlight=False)


def show(step: str, result: Result) -> None:
    """One line: what became of one resource."""
    say(result.status, step, f"{result.target}: {result.detail}")


def say(status: str, step: str, text: str) -> None:
    """One line of a running command."""
    style = {"failed": "red", "missing": "red"}.get(status)
    errors().print(f"{status:>8}  {step}  {text}", style=style, markup=False)


def results_report(head: Mapping[str, Any], outcomes: Sequence[tuple[str, Result]]) -> dict[str, Any]:
    """``head``, every result with the name of its step, and totals by status."""
    return {
        **head,
        "results": [{"step": step, **vars(result)} for step, result in outcomes],
        "totals": dict(Counter(result.status for _, result in outcomes)),
    }


def write_json(target: str, report: Mapping[str, Any]) -> None:
    """Write a report to a file, or to standard output (``-``). Raises UsageError where it cannot be written."""
    text = json.dumps(report, indent=2)
    if target == "-":
        print(text)
        return
    try:
        Path(target).write_text(text + "\n", encoding="utf-8")
    except OSError as unwritable:
        raise UsageError(f"--json {target}: {unwritable.strerror}") from unwritable
