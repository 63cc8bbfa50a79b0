"""Plain environment values of apps: what may stand in a stack file, and what belongs in a vault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from documents.problems import Problem

RESERVED = frozenset(
    {
        "AZURE_CLIENT_ID",
        "KEY_VAULT_NAME",
        "CORRELATION_ID_HEADER",
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        "OTEL_SERVICE_NAME",
        "OTEL_PROPAGATORS",
        "SCM_DO_BUILD_DURING_DEPLOYMENT",
        "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
        "PORT",
    }
)
"""Names that the platform sets itself (a test holds this set against what it sets)."""
RESERVED_PREFIXES = ("WEBSITE_", "WEBSITES_", "DOCKER_")

_SECRET_WORDS = {"SECRET", "PASSWORD", "PASSWD", "PASS", "PWD", "TOKEN", "CREDENTIAL", "CREDENTIALS", "KEY", "DSN"}
_PUBLIC_WORDS = {"PUBLIC", "PUBLISHABLE"}
_SECRET_VALUES = (
    re.compile(r"^(sk|rk)_(test|live)_|^whsec_"),  # Stripe
    re.compile(r"-----BEGIN"),
    re.compile(r"://[^/\s:@]*:[^/\s@]+@"),  # user:password@host
    re.compile(r"(?i)(account|sharedaccess|accesskey)key=|sharedaccesssignature|[?&]sig=|password=|pwd="),
    re.compile(r"^eyJ[\w-]+\.[\w-]+\."),  # a JSON web token
    re.compile(r"^(ghp|gho|github_pat|xox[abp]|AKIA|AIza|SG\.)"),
    re.compile(r"(?i)secret|passw(or)?d"),
    re.compile(r"^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9+/_]{32,}={0,2}$"),  # long and opaque
)


def environment_problems(key: str, values: Mapping[str, str]) -> Iterator[Problem]:
    """Mistakes in plain environment values. ``key``: where they stand. A suspicious value is never shown."""
    for name, value in values.items():
        place = f"{key}.{name}"
        if name in RESERVED or name.startswith(RESERVED_PREFIXES):
            yield Problem(place, "…", "a name that the platform does not set itself")
        words = set(name.split("_"))
        if words & _SECRET_WORDS and not words & _PUBLIC_WORDS:
            yield Problem(
                place, f"({len(value)} characters)", "no secret: put it into the catalogue and name it in `secrets`"
            )
        elif any(pattern.search(value) for pattern in _SECRET_VALUES):
            yield Problem(place, f"({len(value)} characters)", "a plain value; this one looks like a secret")
