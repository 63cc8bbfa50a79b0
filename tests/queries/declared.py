"""Log rows as production writes them: what its record does not collect is not there, what it scrubs reads ****."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from assurance.record import Resource
from facts.log_scrubbing import HIDDEN, Scrubbing, log_scrubbing
from policies.resource import lookup
from tests.harness import shared_record

STACK = "prod"
Row = dict[str, Any]


def as_declared(table: str, row: Row) -> Row | None:
    """The row as production's diagnostic settings and scrubbing rules leave it; None where it is not collected.

    Only AzureDiagnostics names its log in a column of the row, Category.
    """
    if table != "AzureDiagnostics" or "Category" not in row:
        return row
    if row["Category"].lower() not in collected():
        return None
    shown = dict(row)
    for scrubbing, variables in scrubbed():
        if scrubbing.category.lower() != row["Category"].lower():
            continue
        for variable in variables:
            for column in scrubbing.hides.get(variable, ()):
                if column in shown:
                    shown[column] = HIDDEN
            for column in scrubbing.hides_arguments.get(variable, ()):
                if column in shown:
                    shown[column] = shown[column].partition("?")[0]
    return shown


@cache
def scrubbed() -> tuple[tuple[Scrubbing, frozenset[str]], ...]:
    """What every scrubbing resource of production hides: the match variables of its rules that are on.

    Where several resources write one log (three firewall policies), what only one of them hides counts as hidden: a
    query has to find its attack in each of them.
    """
    record = shared_record(STACK)
    return tuple(
        (scrubbing, _variables(resource, scrubbing))
        for type_, scrubbing in log_scrubbing().items()
        for resource in record.of_type(type_)
    )


@cache
def collected() -> frozenset[str]:
    """Categories of AzureDiagnostics that production's settings send to its workspace, in lower case.

    A setting of the group allLogs sends every category of its resource; the profile is the one resource here that
    writes to AzureDiagnostics (facts: its two logs and that of the probes).
    """
    every = {"frontdooraccesslog", "frontdoorwebapplicationfirewalllog", "frontdoorhealthprobelog"}
    record = shared_record(STACK)
    (profile,) = record.of_type("cdn:Profile")
    chosen: set[str] = set()
    for setting in record.of_type("monitor:DiagnosticSetting"):
        if setting.inputs["resourceUri"] != profile.id or "workspaceId" not in setting.inputs:
            continue
        for log in setting.inputs.get("logs", ()):
            if log.get("enabled"):
                chosen |= every if log.get("categoryGroup") == "allLogs" else {str(log.get("category")).lower()}
    return frozenset(chosen)


def _variables(resource: Resource, scrubbing: Scrubbing) -> frozenset[str]:
    if lookup(resource.inputs, scrubbing.state) != "Enabled":
        return frozenset()
    rules: list[Mapping[str, Any]] = lookup(resource.inputs, scrubbing.rules) or []
    return frozenset(rule["matchVariable"] for rule in rules if rule.get("state") == "Enabled")
