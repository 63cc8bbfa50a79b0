"""The access matrix of one record."""

from dataclasses import dataclass

from assurance.access.grants import Grant, grants
from assurance.access.judge import Judge
from assurance.access.principals import Principal, Principals
from assurance.access.secrets import Readable, readable
from assurance.check.findings import Report
from assurance.record import Record
from assurance.unread import known_entries


@dataclass(frozen=True)
class Matrix:
    """Who may do what to what in one stack, and what is wrong with it.

    users: what acts as each principal, by its name.
    """

    principals: list[Principal]
    users: dict[str, list[str]]
    grants: list[Grant]
    secrets: list[Readable]
    report: Report

    def rights(self) -> set[tuple[str, str, str]]:
        """Every principal, target and right: what two ways to grant the same must agree on."""
        return {(grant.principal.name, grant.target.name, right) for grant in self.grants for right in grant.rights}


def matrix(record: Record) -> Matrix:
    """Work out the access matrix of a record, from the entries that are known."""
    record = known_entries(record)
    principals = Principals(record)
    found = grants(record, principals)
    secrets = readable(record, found)
    findings = list(Judge(record.stack, principals).findings(found, secrets))
    return Matrix(
        principals=principals.all,
        users={principal.name: list(principals.user_names(principal)) for principal in principals.all},
        grants=found,
        secrets=secrets,
        report=Report(record.stack, record.mode, findings, len(found), record.basis),
    )
