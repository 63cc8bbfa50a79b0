"""That at most one stack of a subscription owns what the subscription has once, by all stack files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from assurance.check.findings import Finding, Status
from assurance.record import Record
from documents.lines import file_lines, line_of
from documents.yaml_text import load_yaml
from policies.rule import RuleInfo

OWNER = RuleInfo(
    "STACKS-OWNER",
    "At most one stack of a subscription owns what it has once",
    "high",
    ("164.308(a)(1)(ii)(D)",),
    "Set medspasync:subscription.owner to true in one stack only: each deployment would undo the other's.",
    "a subscription has one activity log export, one security contact and one price for each Defender plan",
)
SECTION, SUBSCRIPTION = "medspasync:subscription", "azure-native:subscriptionId"


def owner_findings(record: Record, root: Path) -> Iterator[Finding]:
    """One finding where the record's stack owns its subscription; none where it does not.

    Stacks that name different subscriptions (``azure-native:subscriptionId``) may own one each. A stack that names none
    may be deployed to any.
    """
    own = root / f"Pulumi.{record.stack}.yaml"
    config = _config(own)
    if config is None or not _owns(config):
        return
    named = config.get(SUBSCRIPTION)
    problems, unread = [], []
    for path in sorted(root.glob("Pulumi.*.yaml")):
        other = config if path == own else _config(path)
        if other is None:
            unread.append(f"whether {path.name} owns it too: the file cannot be read")
        elif path != own and _owns(other) and (named is None or other.get(SUBSCRIPTION, named) == named):
            problems.append(f"{path.name} owns it too, or names no subscription of its own ({SUBSCRIPTION})")
    status: Status = "fail" if problems else "unchecked" if unread else "pass"
    key = f"{SECTION}.owner"
    origin = {"file": own.name, "line": line_of(file_lines(own), f"config.{key}"), "key": key}
    message = "; ".join(problems or unread) or "no other stack file owns it"
    yield Finding.of(OWNER, status, message, stack=record.stack, name="owner of the subscription", origin=origin)


def _config(path: Path) -> dict[str, Any] | None:
    """The config of a stack file; None where it cannot be read."""
    try:
        document = load_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    config = document.get("config") if isinstance(document, dict) else None
    return config if isinstance(config, dict) else {}


def _owns(config: dict[str, Any]) -> bool:
    section = config.get(SECTION)
    return isinstance(section, dict) and section.get("owner") is True
