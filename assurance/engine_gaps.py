"""Writes what the engine cannot judge at a first preview into docs/policy-pack.md: `python -m assurance.engine_gaps`.

It is worked out from the rules and from what they leave unchecked in the previews of this project's own stacks.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from assurance.check.audit import audit
from assurance.record import Record
from assurance.stacks import project_root, records_for
from documents.arguments import read_arguments
from documents.generated import write_part
from policies.exceptions import Register
from policies.rules import RULES

PAGE = Path("docs/policy-pack.md")
BEGIN, END = "<!-- from the rules: begin (python -m assurance.engine_gaps) -->", "<!-- from the rules: end -->"
_DAY = date(2026, 11, 29)
"""What cannot be judged depends on no day."""
_INPUT = re.compile(r"value at \.(\S+) can't")


def gaps(previews: Iterable[Record]) -> Iterator[str]:
    """A row for each rule that cannot run in the engine, or that cannot judge something at a first preview."""
    yield "| rule | what it cannot judge |"
    yield "|---|---|"
    for rule in RULES:
        if rule.offline:
            yield f"| {rule.id} | anything: {rule.offline} |"
    unknown: dict[str, dict[str, set[str]]] = {}
    for record in previews:
        for finding in audit(record, Register(), _DAY, RULES).findings:
            if finding.status == "unchecked":
                match = _INPUT.search(finding.message)
                path = re.sub(r"\.\d+", "[]", match[1]) if match else finding.message.split(": ", 1)[-1]
                of_type = unknown.setdefault(finding.rule, {}).setdefault(finding.type, set())
                of_type.add("properties.*" if path.startswith("properties.") else path)
    for rule in RULES:
        for type_, paths in sorted(unknown.get(rule.id, {}).items() if not rule.offline else ()):
            message = ", ".join(f"`{path}`" for path in sorted(paths))
            yield f"| {rule.id} | `{type_.removeprefix('azure-native:')}` while {message} is not known |"


def main() -> None:
    """Write the list."""
    write_part(project_root() / PAGE, BEGIN, END, "\n".join(gaps(records_for([], "preview"))))


if __name__ == "__main__":
    read_arguments("assurance.engine_gaps", __doc__)
    main()
