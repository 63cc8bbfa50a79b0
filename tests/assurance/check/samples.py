"""A record of two vaults, one right and one wrong, and a register for it."""

from __future__ import annotations

from datetime import date
from typing import Any

from assurance.check.audit import audit
from assurance.check.findings import Report
from assurance.record import UNKNOWN, Record, Resource
from policies.exceptions import Register
from policies.rules import RULES as ALL_RULES

TODAY = date(2026, 11, 22)
RULES = tuple(rule for rule in ALL_RULES if rule.id in ("KV-PURGE-PROTECTION", "ID-PRINCIPAL-TYPE", "PG-ADMINISTRATOR"))
"""A rule that fails, one that warns, and a join."""


def vault(name: str, **properties: Any) -> Resource:
    return resource("keyvault:Vault", name, {"vaultName": name, "properties": properties})


def resource(type_: str, name: str, inputs: dict[str, Any]) -> Resource:
    token = f"azure-native:{type_}"
    return Resource(
        urn=f"urn:pulumi:dev::medspasync::{token}::{name}",
        id=f"/subscriptions/s/{name}",
        type=token,
        name=name,
        parent="",
        inputs=inputs,
        outputs={},
        source={"file": "components/key_vault.py", "line": 98},
        origin={"file": "Pulumi.dev.yaml", "line": 20, "key": "medspasync:vaults"},
    )


def record(**changes: Any) -> Record:
    resources = [
        vault("vault-right", enablePurgeProtection=True),
        vault("vault-wrong"),
        vault("vault-later", enablePurgeProtection=UNKNOWN),
        resource("authorization:RoleAssignment", "role", {}),
    ]
    return Record(**{"stack": "dev", "mode": "deployed", "resources": resources, **changes})


def register(**changes: str) -> Register:
    entry = {
        "rules": "[KV-PURGE-PROTECTION]",
        "stacks": "[dev]",
        "resource": "vault-wrong",
        "reason": "Because of something.",
        "compensatingControl": "Something else protects it.",
        "owner": "security lead",
        "expires": "2027-01-31",
        **changes,
    }
    return Register.parse("EXC-DEV-THING:\n" + "".join(f"  {key}: {value}\n" for key, value in entry.items()))


def report(exceptions: Register | None = None, **changes: Any) -> Report:
    return audit(record(**changes), exceptions or Register(), TODAY, RULES)
