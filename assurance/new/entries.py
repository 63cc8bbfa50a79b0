"""Entries of the registers for a new stack: what its audit needs, and nothing else."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Any

import yaml

from assurance.check.findings import Finding
from documents.reading import data_reader, parse_document
from documents.sections import Section
from policies.attestations import attestation_kinds

OWNER = "platform-engineering lead"


class PreparedException(Section):
    """A relaxation that a small stack with test data may need."""

    rules: list[str]
    resource: str
    reason: str
    compensating_control: str


class PreparedTrust(Section):
    """A stranger that any stack may need: a resource or a host."""

    resource: str | None = None
    host: str | None = None
    reason: str
    owner: str


class PreparedAttestations(Section):
    """What stands in an entry that nobody has signed yet."""

    days: int
    """By when it must be signed, from the day on which the stack is written."""
    owner: str
    kept: str


class Prepared(Section):
    """The whole of `entries.yaml`."""

    attested: PreparedAttestations

    exceptions: dict[str, PreparedException]
    trusted: dict[str, PreparedTrust]


prepared = data_reader(__file__, "entries.yaml", Prepared)
"""What may be needed."""


def needed_exceptions(stack: str, failures: Collection[Finding], expires: date) -> dict[str, dict[str, Any]]:
    """Prepared exceptions that cover something that fails, with the rules that do."""
    entries = {}
    for name, each in prepared().exceptions.items():
        broken = {finding.rule for finding in failures if fnmatchcase(finding.name, each.resource)}
        if rules := [rule for rule in each.rules if rule in broken]:
            entries[f"EXC-{stack.upper()}-{name}"] = {
                "rules": rules,
                "stacks": [stack],
                "resource": each.resource,
                "reason": each.reason,
                "compensatingControl": each.compensating_control,
                "owner": OWNER,
                "expires": expires,
            }
    return entries


def needed_trust(
    stack: str, failures: Collection[Finding], expires: date, names: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Prepared strangers that something of the stack names and nobody trusts yet. names: fills the braces."""
    messages = "\n".join(finding.message.lower() for finding in failures)
    entries = {}
    for name, each in prepared().trusted.items():
        kind, value = ("resource", each.resource) if each.resource else ("host", str(each.host))
        stranger = str(value).format(**names)
        if stranger.removeprefix("*.").lower() in messages:
            entries[f"TRU-{stack.upper()}-{name}"] = {
                "stacks": [stack],
                kind: stranger,
                "reason": each.reason,
                "owner": each.owner,
                "expires": expires,
            }
    return entries


def needed_attestations(stack: str, failures: Collection[Finding], today: date) -> dict[str, dict[str, Any]]:
    """An entry that nobody has signed yet for each required kind that nobody attests."""
    said = prepared().attested
    return {
        f"ATT-{stack.upper()}-{finding.name.upper()}": {
            "kind": finding.name,
            "stacks": [stack],
            "statement": f"Not signed yet: {attestation_kinds()[finding.name].title}.",
            "owner": said.owner,
            "expires": today + timedelta(days=said.days),
            "kept": said.kept,
        }
        for finding in failures
        if finding.rule == "ATTEST-REQUIRED"
    }


class _Dumper(yaml.SafeDumper):
    """As people write a register: short lists on one line, and each day written out, without anchors."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _on_one_line(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)


_Dumper.add_representer(list, _on_one_line)


def with_entries(text: str, entries: Mapping[str, Any]) -> str:
    """A register's text with entries at its end."""
    if not entries:
        return text
    written = yaml.dump(dict(entries), Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
    return text.rstrip("\n") + "\n" + written


def without_stack(text: str, stack: str, file: str) -> str:
    """A register's text without entries that are of this stack alone, as an earlier `assurance new` wrote them.

    Comments that begin a line stay. file: named where the text is wrong. Raises DocumentError.
    """
    prefixes = tuple(f"{kind}-{stack.upper()}-" for kind in ("EXC", "TRU"))
    data = parse_document(text, dict[str, Any] | None, file) or {}
    ours = {id_ for id_, entry in data.items() if id_.startswith(prefixes) and entry.get("stacks") == [stack]}
    kept: list[str] = []
    inside = False
    for line in text.splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            inside = line.partition(":")[0] in ours
        if not inside or line.startswith("#"):
            kept.append(line)
    return "\n".join(kept) + "\n"
