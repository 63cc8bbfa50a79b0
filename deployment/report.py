"""Results as people read them, on standard error, and as JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from deployment.errors import UsageError
from deployment.step import Result, Status


def errors() -> Console:
    """Standard error, with long lines whole."""
    return Console(stderr=True, soft_wrap=True, highlight=False)


def say(status: str, step: str, text: str) -> None:
    """One line of a running command."""
    style = {"failed": "red", "missing": "red"}.get(status)
    errors().print(f"{status:>8}  {step}  {text}", style=style, markup=False)


def tell(outcomes: Iterable[tuple[str, Result]], head: Mapping[str, Any], target: str | None) -> set[Status]:
    """Show the results of steps one by one, write them where ``target`` says, and give the statuses among them.

    The report: ``head``, every result with the name of its step, and totals by status.
    """
    told = []
    for step, result in outcomes:
        say(result.status, step, f"{result.target}: {result.detail}")
        told.append((step, result))
    totals = Counter(result.status for _, result in told)
    if target:
        results = [{"step": step, **vars(result)} for step, result in told]
        write_json(target, {**head, "results": results, "totals": dict(totals)})
    return set(totals)


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
