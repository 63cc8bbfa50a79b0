"""The access matrix for other programs: JSON and CSV."""

import csv
import io
from typing import Any

from assurance.access.grants import Grant
from assurance.access.matrix import Matrix
from assurance.access.secrets import Readable
from assurance.check.formats import stated_json

BASIS = "declared configuration, seen offline; nothing was asked of Azure"
COLUMNS = ("stack", "principal", "kind", "used by", "resource", "type", "scope", "right", "via", "file", "line")
RESTS_ON = ("mode", "commit", "dirty", "stackFile", "version")
"""Of the basis, in each row: a table has no head to say it in."""


def to_json(found: Matrix) -> str:
    """Principals, grants, secrets with their readers, and findings."""
    return stated_json(
        found.report,
        BASIS,
        principals=[
            {"name": each.name, "kind": each.kind, "urn": each.urn, "usedBy": found.users[each.name]}
            for each in found.principals
        ],
        grants=[_grant(grant, found) for grant in found.grants],
        secrets=[_secret(item) for item in found.secrets],
    )


def _grant(grant: Grant, found: Matrix) -> dict[str, Any]:
    return {
        "principal": grant.principal.name,
        "kind": grant.principal.kind,
        "usedBy": found.users.get(grant.principal.name, []),
        "resource": grant.target.name,
        "type": grant.target.type,
        "urn": grant.target.urn,
        "scope": grant.target.scope,
        "rights": list(grant.rights),
        "via": grant.via,
        "why": grant.why,
        "source": grant.by.source,
        "origin": grant.by.origin,
    }


def _secret(item: Readable) -> dict[str, Any]:
    return {
        "vault": item.vault.name,
        "secret": item.name,
        "readers": [reader.name for reader in item.readers],
        "wantedBy": sorted(item.wanted_by),
        "source": item.secret.source,
        "origin": item.secret.origin,
    }


def to_csv(found: Matrix) -> str:
    """A row for each principal, resource and right."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, *RESTS_ON])
    basis = {**found.report.basis, "mode": found.report.mode}
    rests_on = ["" if basis.get(name) is None else basis[name] for name in RESTS_ON]
    for grant in found.grants:
        place = grant.by.origin or grant.by.source or {}
        users = "; ".join(found.users.get(grant.principal.name, []))
        for right in grant.rights:
            writer.writerow(
                [
                    found.report.stack,
                    grant.principal.name,
                    grant.principal.kind,
                    users,
                    grant.target.name,
                    grant.target.type,
                    grant.target.scope,
                    right,
                    grant.via,
                    place.get("file", ""),
                    place.get("line", ""),
                    *rests_on,
                ]
            )
    return text.getvalue()
