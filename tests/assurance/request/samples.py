"""Hosts, conditions and firewalls that requests are tried on."""

from __future__ import annotations

from typing import Any

from assurance.record import Record
from tests.assurance.altered import named

API = "https://api.medspasyncpro.com"
WEB = "https://app.medspasyncpro.com"


def condition(variable: str, operator: str, *values: str, **more: Any) -> dict[str, Any]:
    return {"matchVariable": variable, "operator": operator, "matchValue": list(values), **more}


def rules_of(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """The rules of one's own of a firewall's inputs; what is appended holds."""
    rules: list[dict[str, Any]] = policy["customRules"]["rules"]
    return rules


def waf(record: Record, name: str = "waf-api") -> dict[str, Any]:
    return named(record, name, "frontdoor:Policy").inputs
