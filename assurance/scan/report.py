"""A scan, complete, and as JSON and SARIF. No report holds a secret: of each line it tells where, and what kind."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assurance.json_text import json_text
from assurance.sarif import sarif_location, sarif_log
from assurance.scan.baseline import Baseline, fingerprint
from assurance.scan.files import chosen_files, text_of
from assurance.scan.lines import Hit
from assurance.scan.stack_files import is_stack_file, stack_file_hits
from assurance.scan.texts import hits, manner_of

RULE = "SCAN-SECRET"


@dataclass(frozen=True)
class Found:
    """One secret in plain text: where, what kind, and the fingerprint by which a baseline names it."""

    file: str
    line: int
    kind: str
    fingerprint: str


@dataclass(frozen=True)
class Scan:
    """found: what nobody accepted; accepted: how many the baseline covers; read, unread: how many files."""

    found: list[Found]
    accepted: int
    read: int
    unread: list[str]


def scan(paths: Sequence[Path], baseline: Baseline, root: Path) -> Scan:
    """Read the files that the paths stand for. root: what the names of files are told from, and the baseline's."""
    texts: dict[Path, str] = {}
    unread = []
    for file in chosen_files(paths):
        text = text_of(file)
        if text is None:
            unread.append(_name(file, root))
        else:
            texts[file] = text
    all_hits: dict[tuple[Path, int], Hit] = {}
    for file, text in texts.items():
        manner = manner_of(file)
        for hit in hits(text, replace(manner, bare=False) if is_stack_file(file) else manner):
            all_hits.setdefault((file, hit.line), hit)
    for file, hit in stack_file_hits(texts):
        all_hits[file, hit.line] = hit  # it says more than the line alone
    found, accepted = [], 0
    for (file, line), hit in sorted(all_hits.items(), key=lambda each: (str(each[0][0]), each[0][1])):
        name = _name(file, root)
        if baseline.covers(name, hit.text):
            accepted += 1
        else:
            found.append(Found(name, line, hit.kind, fingerprint(hit.text)))
    return Scan(found, accepted, len(texts), unread)


def _name(file: Path, root: Path) -> str:
    try:
        return file.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return file.as_posix()


def to_json(result: Scan) -> str:
    """The scan as data."""
    content = {
        "findings": [{**vars(each), "rule": RULE, "severity": "critical", "status": "fail"} for each in result.found],
        "totals": {"fail": len(result.found), "accepted": result.accepted, "read": result.read},
        "unread": result.unread,
    }
    return json_text(content)


def to_sarif(result: Scan) -> str:
    """The scan as SARIF 2.1.0."""
    rule: dict[str, Any] = {
        "id": RULE,
        "shortDescription": {"text": "No secret stands in plain text"},
        "help": {"text": REMEDY},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["security", "HIPAA 164.308(a)(5)(ii)(D)"], "security-severity": "9.5"},
    }
    results = [
        {
            "ruleId": RULE,
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": f"{each.kind} in plain text"},
            "locations": [sarif_location({"file": each.file, "line": each.line})],
            "partialFingerprints": {"line/v1": each.fingerprint},
        }
        for each in result.found
    ]
    return sarif_log("medspasync-assurance-scan", [rule], results)


REMEDY = (
    "Take it out, and change it where it is real: whoever read the file has it. A supplied secret of a stack goes to "
    "its config (`pulumi config set --secret`), one of an app into its vault; what is none goes into the baseline, "
    "with the reason."
)
