"""The parameters of PostgreSQL servers, by policies/data/postgres_parameters.yaml."""

from collections.abc import Iterator
from typing import Any

from policies.compare import same
from policies.data import table
from policies.resource import Resource
from policies.rule import rule
from policies.rules.postgres import SERVER, is_primary
from policies.view import Stack

CONFIGURATION = "dbforpostgresql:Configuration"

OVERRIDE = "user-override"
AUDIT_CLASSES = {"read", "write", "function", "role", "ddl", "misc", "misc_set"}
"""What ``all`` stands for (github.com/pgaudit/pgaudit, README, pgaudit.log; read 2026-11-29)."""


def audited(value: str) -> set[str]:
    """The classes that a value of pgaudit.log logs: read from left to right, ``-`` takes one away."""
    classes: set[str] = set()
    for word in (each.strip().lower() for each in value.split(",")):
        named = AUDIT_CLASSES if word.lstrip("-") == "all" else {word.lstrip("-")}
        classes = classes - named if word.startswith("-") else classes | named
    return classes


def parameters(server: Resource, stack: Stack) -> dict[str, list[str]]:
    """The declared values of a server's parameters, by name: whichever of several Azure takes last, holds.

    One that is not known yet is noted.
    """
    declared: dict[str, list[str]] = {}
    for item in stack.parts(server, "serverName", CONFIGURATION):
        with server.noting():
            # With another source Azure keeps its own value.
            if same(item.get("source", OVERRIDE), OVERRIDE):
                values = declared.setdefault(str(item.get("configurationName")).lower(), [])
                values.append(str(item.get("value", "")))
    return declared


def wrong_parameters(server: Resource, stack: Stack, group: str) -> Iterator[str]:
    """A violation for each parameter of ``group`` whose value, declared or the platform's default, is not allowed."""
    declared = parameters(server, stack)
    for name, row in table("postgres_parameters")[group].items():
        for value in declared.get(name.lower(), [row.get("default")]):
            wanted = None if value is None else _wanted(name, value, row)
            if wanted:
                origin = "" if name.lower() in declared else " (the platform's default)"
                yield f"parameter {name} is {value or 'empty'}{origin}, must {wanted}"


def _wanted(name: str, value: str, row: Any) -> str:
    """What a value must be or do and does not; empty where it is right."""
    words = audited(value) if name == "pgaudit.log" else {word.strip().lower() for word in value.split(",")} - {""}
    if "allowed" in row and not same(value, *row["allowed"]):
        return f"be {' or '.join(sorted(row['allowed']))}"
    if missing := {item.lower() for item in row.get("includes", ())} - words:
        return f"include {', '.join(sorted(missing))}"
    if "only" in row and words - {item.lower() for item in row["only"]}:
        return f"hold only {', '.join(sorted(row['only']))}"
    if missing := {text for text in row.get("contains", ()) if text not in value}:
        return f"contain {', '.join(sorted(missing))}"
    least, most = row.get("least"), row.get("most")
    number = int(value) if value.strip().lstrip("-").isdigit() else None
    if (least is not None and (number is None or number < least)) or (most is not None and (number or 0) > most):
        return " and ".join(
            filter(None, [f"be {least} or more" if least else "", f"be {most} or less" if most else ""])
        )
    return ""


@rule(
    "PG-AUDIT-READS",
    "pgaudit records who reads patients' data",
    on=SERVER,
    severity="high",
    controls=["164.312(b)", "164.308(a)(1)(ii)(D)"],
    remediation="Name the role whose tables' reads are recorded in pgaudit.role, or add read to pgaudit.log.",
    source="github.com/pgaudit/pgaudit, README: object audit logging; 45 CFR 164.312(b): recording of activity",
    where=is_primary,
)
def reads_audited(server: Resource, stack: Stack) -> Iterator[str]:
    declared = parameters(server, stack)
    roles = declared.get("pgaudit.role", [""])
    if not all(roles) and not all("read" in audited(value) for value in declared.get("pgaudit.log", ["none"])):
        yield "neither pgaudit.role names a role nor does pgaudit.log include read"


@rule(
    "PG-PARAMETERS",
    "Every parameter that is declared is known, and no weaker than it may be",
    on=SERVER,
    severity="high",
    controls=["164.312(a)(1)", "164.312(b)", "164.312(a)(2)(iii)"],
    remediation="Give the parameter the value that the message names. A new parameter needs a row in "
    "policies/data/postgres_parameters.yaml, with what may be set and why.",
    source="policies/data/postgres_parameters.yaml; lists fail closed: one that nobody decided may be the worst",
)
def known_parameters(server: Resource, stack: Stack) -> Iterator[str]:
    yield from wrong_parameters(server, stack, "known")
    known = {name.lower() for group in table("postgres_parameters").values() for name in group}
    for name in sorted(parameters(server, stack).keys() - known):
        if stack.ours:
            yield f"nobody decided what parameter {name} may be"
        else:
            server.unknown.append(f"nobody decided what parameter {name} may be")
