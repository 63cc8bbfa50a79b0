"""What a person gets to read of a report: one warning for what several resources share, and the key to edit."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from assurance.check.findings import Finding, Report
from documents.counting import counted, first_of
from documents.lines import file_lines

SHARED = ("LIFECYCLE", "TYPE-UNKNOWN")
"""Rules that warn of what several resources share, a type or an API version, and not of each of them."""
NAMED = 3
"""Resources that a warning names of all whom it concerns."""
_PATH = re.compile(r"[A-Za-z][\w.\[\]]*")
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def presented(report: Report, root: Path) -> Report:
    """The report with shared warnings told once, and with origins that name the key below their section.

    root: folder of the stack files and catalogues.
    """
    lines = cache(lambda file: file_lines(root / file))
    folded = _folded(report.findings)
    return replace(report, findings=[_pointed(finding, lines) for finding in folded])


def _folded(findings: list[Finding]) -> list[Finding]:
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        shared = finding.rule in SHARED and finding.status == "warn"
        groups.setdefault((finding.rule, finding.message) if shared else id(finding), []).append(finding)
    return [_together(group) for group in groups.values()]


def _together(findings: list[Finding]) -> Finding:
    """One finding for all of them: about the first, with the others' URNs."""
    first, *others = findings
    if not others:
        return first
    names = first_of([finding.name for finding in findings], NAMED)
    message = f"{first.message} ({counted(len(findings), 'resource')}: {names})"
    return replace(first, message=message, also=tuple(finding.urn for finding in others))


def _pointed(finding: Finding, lines: Any) -> Finding:
    """The finding with the key of its section that became the input it names, where one is clear."""
    origin = finding.origin
    path = _PATH.match(finding.message)
    if finding.status not in ("fail", "warn", "excepted") or not origin or path is None or "." not in finding.message:
        return finding
    known = lines(origin["file"])
    section = next((s for s in (f"config.{origin.get('key')}", str(origin.get("key"))) if s in known), None)
    if section is None:
        return finding
    wanted = _words(path[0])
    below = {key: _words(re.split(r"[.\]]", key)[-1]) for key in known if key.startswith(f"{section}.")}
    fitting = {key: words for key, words in below.items() if words and words <= wanted}
    most = max(map(len, fitting.values()), default=0)
    best = [key for key, words in fitting.items() if len(words) == most]
    if len(best) != 1:
        return finding
    return replace(finding, origin={**origin, "line": known[best[0]], "key": best[0].removeprefix("config.")})


def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORDS.findall(name))
