"""How what runs is told to run: with guards and without debuggers, how much it logs, how it mails, how much telemetry
it keeps, and the guards of policies/data/plain_settings.yaml."""

import re
from collections.abc import Iterator

from policies.data import table
from policies.kept import kept
from policies.resource import Resource
from policies.rule import rule
from policies.rules.floor import is_test_data
from policies.rules.verified import OFF, ON
from policies.view import Stack

_GUARD = r"(AUTH|AUTHN|AUTHZ|AUTHENTICATION|AUTHORI[SZ]ATION|LOGIN|SIGN_?IN|MFA|TWO_FACTOR|CSRF|RBAC|RLS|AUDIT)"
UNGUARDED = re.compile(
    rf"(^|_)(DISABLE|SKIP|BYPASS|NO|WITHOUT)_{_GUARD}(_\w+)?$|(^|_){_GUARD}_(DISABLED|SKIPPED|BYPASS)$"
)
GUARDED = re.compile(rf"(^|_){_GUARD}(_LOG|_TRAIL|_CHECKS?)?(_(ENABLED?|REQUIRED?|ON|ENFORCED?))?$")
"""Variables that take a guard away when they are on, and when they are off."""
_ALGORITHM = re.compile(r"(JWT|JWS|TOKEN|OIDC)_(\w+_)?ALG(ORITHMS?)?$")
_ORIGINS = re.compile(r"(^|_)(CORS|ALLOWED_ORIGINS?|CORS_\w*ORIGINS?|ALLOW_ORIGINS?)$")
_EVERYBODY = re.compile(r"(^|[,;\s\"'\[])(\*|null|https?://\*)($|[,;\s\"'\]])")


def has_free_texts(resource: Resource) -> bool:
    """Whether somebody may write into it what they like: variables, commands, tags."""
    return bool(resource.free_texts)


@rule(
    "RUN-GUARDED",
    "Nothing that runs is told to let in whoever asks",
    on="*",
    severity="high",
    controls=["164.312(a)(1)", "164.312(d)"],
    remediation="Leave the variable out, or set it so that sign-in, audit and named origins hold.",
    source="164.312(d): whoever asks is who it says; rfc-editor.org/rfc/rfc8725 3.2: the algorithm none signs nothing",
    where=has_free_texts,
)
def guarded(resource: Resource) -> Iterator[str]:
    for name, value in resource.variables:
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
    where=has_free_texts,
)
def no_debugger(resource: Resource) -> Iterator[str]:
    for path, text in resource.run_texts():
        if DEBUGGER.search(text):
            yield f"{path} opens a debugger: {text[:60]}"
    for name, value in resource.variables:
        said = value.strip().lower()
        if (_MODE.search(name) and said == "development") or (_DEBUG.search(name) and (said in ON or "*" in said)):
            yield f"{name} is {value}"


_LEVEL = re.compile(r"(^|_)LOG(GING|GER)?_?LEVEL($|_)|^LOG_VERBOSITY$|^RUST_LOG$")
_TALKATIVE = re.compile(r"(^|[=,\s])(debug|trace|verbose|silly|finest|all)\b", re.IGNORECASE)
_MAIL_TLS = re.compile(r"(^|_)(SMTP|MAIL|EMAIL|MAILER)_(\w+_)?(SECURE|TLS|STARTTLS|SSL|ENCRYPTION)$")
_MAIL_PLAIN = re.compile(r"(^|_)(SMTP|MAIL|EMAIL|MAILER)_(IGNORE|DISABLE|NO|SKIP)_(START)?(TLS|SSL)$")
_NONE = frozenset({"none", "null", "plain", "never"})
_PERCENT = re.compile(r"SAMPLING_PERCENTAGE$")
_SHARE = re.compile(r"^OTEL_TRACES_SAMPLER_ARG$|SAMPL(E|ING)_RA(TE|TIO)$")
_SAMPLER = re.compile(r"^OTEL_(TRACES|LOGS|METRICS)_(SAMPLER|EXPORTER)$")
LEAST_SHARE = 0.05
"""Of requests whose telemetry is kept (policy choice: of twenty requests one; at a hundredth an incident of few
requests leaves no trace)."""


@rule(
    "RUN-LOGS-NO-CONTENT",
    "Nothing that runs beside patients' data logs as for debugging",
    on="*",
    severity="high",
    controls=["164.312(a)(1)"],
    remediation="Set the level to info or above; a stack without patients' data says data-classification: test-data.",
    source="cheatsheetseries.owasp.org Logging Cheat Sheet (data to exclude): debug logs hold requests and queries",
    where=lambda resource, stack: has_free_texts(resource) and not is_test_data(stack),
)
def logs_no_content(resource: Resource, _stack: Stack) -> Iterator[str]:
    for name, value in resource.variables:
        if _LEVEL.search(name) and _TALKATIVE.search(value):
            yield f"{name} is {value}"


@rule(
    "RUN-MAIL-ENCRYPTED",
    "Nothing that runs hands mail over in plain text",
    on="*",
    severity="high",
    controls=["164.312(e)(1)", "164.312(e)(2)(ii)"],
    remediation="Switch TLS on from the start (port 465), or require STARTTLS beside it (SMTP_REQUIRE_TLS=true).",
    source="nodemailer.com/smtp: secure false upgrades only where the server offers it; docs.djangoproject.com "
    "EMAIL_USE_TLS; rfc-editor.org/rfc/rfc8314 3: in the clear is obsolete",
    where=has_free_texts,
)
def mail_encrypted(resource: Resource) -> Iterator[str]:
    given = {name: value.strip().lower() for name, value in resource.variables}
    unwanted = [name for name in given if _MAIL_PLAIN.search(name)]
    mail = [name for name in given if _MAIL_TLS.search(name) and name not in unwanted]
    plain = [name for name in mail if given[name] in OFF or given[name] in _NONE]
    if plain == mail:  # nothing beside it requires TLS
        yield from (f"{name} is {given[name]}" for name in plain)
    yield from (f"{name} is {given[name]}" for name in unwanted if given[name] in ON)


@rule(
    "RUN-TELEMETRY-KEPT",
    "Enough telemetry is kept to follow what happened",
    on="*",
    severity="medium",
    controls=["164.308(a)(1)(ii)(D)", "164.312(b)"],
    remediation="Keep five of a hundred requests or more, and export what is kept.",
    source="opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables (samplers); policy choice: 5 %",
    where=has_free_texts,
)
def telemetry_kept(resource: Resource) -> Iterator[str]:
    for name, value in resource.variables:
        said = value.strip().lower()
        if _SAMPLER.search(name) and said in ("always_off", "parentbased_always_off", "none"):
            yield f"{name} is {value}"
        for pattern, whole in ((_PERCENT, 100), (_SHARE, 1)):
            if pattern.search(name) and re.fullmatch(r"\d*\.?\d+", said) and float(said) / whole < LEAST_SHARE:
                yield f"{name} is {value}, must be {LEAST_SHARE * whole:g} or more"


@rule(
    "RUN-SETTING-SAFE",
    "A plain setting that is a guard has a value that guards",
    on="*",
    severity="high",
    controls=["164.312(a)(2)(iii)"],
    remediation="Give the setting a value that the message names.",
    source="policies/data/plain_settings.yaml, each with its own source",
    where=has_free_texts,
)
def setting_safe(resource: Resource) -> Iterator[str]:
    known = table("plain_settings")
    for name, value in resource.variables:
        row = known.get(name)
        if row is not None and not (_is_number(value) and row["least"] <= float(value) <= row["most"]):
            yield f"{name} is {value}, must be {row['least']} to {row['most']}: {row['why']}"


def _is_number(value: str) -> bool:
    return re.fullmatch(r"\d{1,9}(\.\d{1,3})?", value.strip()) is not None
