"""How what runs is told to run: with guards, without debuggers."""

import re
from collections.abc import Iterator

from policies.kept import kept
from policies.resource import Resource
from policies.rule import rule
from policies.rules.verified import OFF, ON
from policies.variables import run_texts, variables

_GUARD = r"(AUTH|AUTHN|AUTHZ|AUTHENTICATION|AUTHORI[SZ]ATION|LOGIN|SIGN_?IN|MFA|TWO_FACTOR|CSRF|RBAC|RLS|AUDIT)"
UNGUARDED = re.compile(
    rf"(^|_)(DISABLE|SKIP|BYPASS|NO|WITHOUT)_{_GUARD}(_\w+)?$|(^|_){_GUARD}_(DISABLED|SKIPPED|BYPASS)$"
)
GUARDED = re.compile(rf"(^|_){_GUARD}(_LOG|_TRAIL|_CHECKS?)?(_(ENABLED?|REQUIRED?|ON|ENFORCED?))?$")
"""Variables that take a guard away when they are on, and when they are off."""
_ALGORITHM = re.compile(r"(JWT|JWS|TOKEN|OIDC)_(\w+_)?ALG(ORITHMS?)?$")
_ORIGINS = re.compile(r"(^|_)(CORS|ALLOWED_ORIGINS?|CORS_\w*ORIGINS?|ALLOW_ORIGINS?)$")
_EVERYBODY = re.compile(r"(^|[,;\s\"'\[])(\*|null|https?://\*)($|[,;\s\"'\]])")


@rule(
    "RUN-GUARDED",
    "Nothing that runs is told to let in whoever asks",
    on="*",
    severity="high",
    controls=["164.312(a)(1)", "164.312(d)"],
    remediation="Leave the variable out, or set it so that sign-in, audit and named origins hold.",
    source="164.312(d): whoever asks is who it says; rfc-editor.org/rfc/rfc8725 3.2: the algorithm none signs nothing",
    where=lambda resource: bool(resource.free_texts),
)
def guarded(resource: Resource) -> Iterator[str]:
    for name, value in variables(resource):
        if _takes_guard(name, value):
            yield f"{name} is {value}"


@kept
def _takes_guard(name: str, value: str) -> bool:
    said = value.strip().lower()
    return (
        (said in ON and UNGUARDED.search(name) is not None)
        or (said in OFF and GUARDED.search(name) is not None)
        or (_ALGORITHM.search(name) is not None and "none" in re.split(r"[\W_]+", said))
        or (_ORIGINS.search(name) is not None and _EVERYBODY.search(said) is not None)
    )


DEBUGGER = re.compile(
    r"(?<![\w-])--inspect(-brk|-port|-wait)?\b|-agentlib:jdwp|-Xrunjdwp|\bdebugpy\b|--remote-debug", re.I
)
_MODE = re.compile(r"^(NODE|FLASK|RAILS|RACK|DJANGO|ASPNETCORE|DOTNET)_ENV(IRONMENT)?$")
_DEBUG = re.compile(r"(^|_)DEBUG(_MODE)?$")


@rule(
    "RUN-NO-DEBUGGER",
    "Nothing that runs opens a debugger, or shows its inside to whoever makes an error",
    on="*",
    severity="high",
    controls=["164.312(a)(1)"],
    remediation="Leave the debugger out, and run in production mode: pages of errors show values, and a debugger all.",
    source="nodejs.org/en/learn/getting-started/debugging (security implications); docs.djangoproject.com DEBUG",
    where=lambda resource: bool(resource.free_texts),
)
def no_debugger(resource: Resource) -> Iterator[str]:
    for path, text in run_texts(resource):
        if DEBUGGER.search(text):
            yield f"{path} opens a debugger: {text[:60]}"
    for name, value in variables(resource):
        said = value.strip().lower()
        if (_MODE.search(name) and said == "development") or (_DEBUG.search(name) and (said in ON or "*" in said)):
            yield f"{name} is {value}"
