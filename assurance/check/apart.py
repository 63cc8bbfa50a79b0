"""STACKS-APART: no two stacks are the same things in Azure, answer on the same host or stand in the same addresses."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from assurance.check.findings import Finding, Status
from assurance.check.stack_files import StackFile, may_share_subscription, not_at_hand, stack_files
from assurance.record import Record, shown_place
from policies.rule import RuleInfo

APART = RuleInfo(
    "STACKS-APART",
    "No two stacks have a name, a host or an address range in common",
    "critical",
    ("164.312(a)(1)",),
    "Give the stack names, hosts and ranges of its own: platform.code and platform.suffix, apps.*.hostNames and "
    "vaultName, network.addressSpace. Otherwise one stack's deployment overwrites the other's.",
    "the comment above each of these settings: one for each environment, none shared",
)


def apart_findings(record: Record, root: Path) -> Iterator[Finding]:
    """A failure for each thing that the record's stack has in common with another stack file; else one that passes.

    Ranges may overlap, and names of resource groups be the same, in subscriptions that both files name.
    """
    if reason := not_at_hand(record, root):
        yield Finding.of(APART, *reason, stack=record.stack)
        return
    own, others, unread = stack_files(record, root)
    assert own is not None  # its hash was read
    found = 0
    for other in others:
        for path, message in _shared(own, other):
            found += 1
            yield Finding.of(APART, "fail", message, stack=record.stack, name=path, origin=own.place(path))
    if not found:
        status: Status = "unchecked" if unread else "pass"
        message = f"cannot be read: {', '.join(unread)}" if unread else f"compared with {len(others)} other stack files"
        yield Finding.of(APART, status, message, stack=record.stack, name="names, hosts and ranges")


def _shared(own: StackFile, other: StackFile) -> Iterator[tuple[str, str]]:
    """(key, message) of each thing in common."""
    together = may_share_subscription(own, other)
    names = [(own.get(f"platform.{key}"), other.get(f"platform.{key}")) for key in ("short", "code", "suffix")]
    same = all(mine == theirs for mine, theirs in names[:2])
    if same and (together or (names[2][0] is not None and names[2][0] == names[2][1])):
        where = other.place("platform.code")
        yield (
            "platform.code",
            f"{shown_place(where)} has the same names for everything: short {names[0][0]}, code {names[1][0]}",
        )
    for leaf in ("hostNames", "vaultName"):
        theirs = {str(value).lower(): key for key, value in _app_values(other, leaf)}
        for key, value in _app_values(own, leaf):
            if str(value).lower() in theirs:
                yield (
                    key,
                    f"{shown_place(other.place(theirs[str(value).lower()]))} has {value} too, which is there once",
                )
    mine, theirs_range = own.get("network.addressSpace"), other.get("network.addressSpace")
    if together and _overlap(mine, theirs_range):
        where = other.place("network.addressSpace")
        yield "network.addressSpace", f"{shown_place(where)} is {theirs_range}, which overlaps {mine}"


def _app_values(file: StackFile, leaf: str) -> Iterator[tuple[str, Any]]:
    for section, content in file.config.items():
        apps = content if section == "medspasync:apps" else None
        for name, app in apps.items() if isinstance(apps, Mapping) else ():
            values = app.get(leaf) if isinstance(app, Mapping) else None
            for value in values if isinstance(values, list) else [values] if values else ():
                yield f"apps.{name}.{leaf}", value


def _overlap(one: Any, other: Any) -> bool:
    try:
        return ip_network(one, strict=False).overlaps(ip_network(other, strict=False))
    except (TypeError, ValueError):
        return False  # the settings refuse what is no range
