"""Rules that no component can hold by itself, each with the reason why."""

from __future__ import annotations

WHOLE_STACK: dict[str, list[str]] = {
    "it asks for another resource, which only the whole stack has": [
        "API-FRONT-DOOR-ONLY",
        "APP-REFERENCE-RESOLVES",
        "BAK-DATABASE",
        "ENC-KEY-ACCESS",
        "FD-ORIGIN-LOCKED",
        "FD-SECURITY-HEADERS",
        "MON-ALERT-COVERAGE",
        "MON-ALERT-RECEIVED",
        "MON-BACKUP-ALERTS",
        "NEED-EGRESS",
        "NEED-RUNNER",
        "NEED-TELEMETRY",
        "NET-DATABASE-NAME",
        "NET-ENDPOINT-NAME",
        "NET-FLOW-LOG",
        "WAF-ATTACHED",
    ],
    "it asks for the server's administrators and parameters, which the stack adds to it": [
        "PG-ADMINISTRATOR",
        "PG-AUDIT",
        "PG-AUDIT-READS",
        "PG-STATEMENTS",
    ],
    "the floor of a whole stack": [
        "FLOOR-ALERTS",
        "FLOOR-ARCHIVE",
        "FLOOR-AVAILABILITY",
        "FLOOR-FLOW-LOG",
        "FLOOR-JOBS",
        "FLOOR-RECEIVERS",
        "FLOOR-RETENTION",
        "FLOOR-SLOT",
    ],
    "it asks for a row of a table of the project's own stacks": [
        "LOCK-REVOCABLE",
        "NET-FLOWS",
        "RUN-IMAGE",
        "TRUST-HOST",
        "TRUST-MAIL",
        "TRUST-PRINCIPAL",
        "TRUST-RESOURCE",
    ],
    "it is about the facts that we have, not about what is declared": ["TYPE-UNKNOWN"],
}
"""Rules by reason."""

CALLER: dict[str, list[tuple[str, str]]] = {
    "nothing private is there yet when the bootstrap makes its vault": [
        ("KeyVault-defaults", "KV-PRIVATE"),
        ("KeyVault-defaults", "TYPE-CLOSED"),
    ],
    "people without a way into the network see dashboards by Entra sign-in only": [
        ("ManagedGrafana-defaults", "TYPE-CLOSED")
    ],
    "a bus of the premium tier that is given no private access is closed, and so of no use": [
        ("EventBus-defaults", "NET-SERVICE-ENDPOINT-PRIVATE")
    ],
    "somebody else's secret may have no end; the register of exceptions names each": [
        ("vault_secret-defaults", "KV-SECRET-EXPIRY")
    ],
    "a cache is encrypted with Azure's own key where its caller gives none of ours": [("Redis-defaults", "REDIS-CMK")],
    "test data needs no standby and no copy in another region": [
        ("PostgresServer-defaults", "PG-GEO-BACKUP"),
        ("PostgresServer-defaults", "PG-HIGH-AVAILABILITY"),
    ],
    "an application of before Entra sign-in keeps its password until it has moved": [
        ("PostgresServer-max", "PG-ENTRA-ONLY"),
    ],
    "a false alarm of the firewall is left out by name; the register of exceptions names each": [
        ("WafPolicy-max", "WAF-NO-EXCLUSIONS"),
        ("WafPolicy-max", "WAF-RATE-LIMIT-EVERYONE"),
    ],
}
"""Variants and rules by reason: a choice that has no default, so that the caller makes it and the rule tells."""
