"""Whether what runs checks whom it talks to: switches of runtimes, libraries and commands, by name and by text."""

import re
from collections.abc import Iterator, Mapping

from policies.compare import version
from policies.kept import kept
from policies.marks import any_of
from policies.resource import Resource
from policies.rule import rule

UNVERIFIED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "a connection that takes any certificate, or none": (
        ("sslmode", "ssl mode", "ssl-mode", "ssl_mode"),
        r"(?i)ssl[ _-]?mode['\"]?\s*[=:\s]\s*['\"]?(disabled?|allow|preferr?e?d?|required?|verify[-_]?ca|no-verify)\b",
    ),
    "a server's certificate that is not checked": (
        (
            "rejectunauthorized",
            "accept_invalid_certs",
            "trustservercertificate",
            "trust server certificate",
            "verifyservercertificate",
            "tlsinsecure",
            "allowinvalid",
            "cert_reqs",
            "cert_none",
            "verify_none",
            "_create_unverified_context",
            "insecureskipverify",
            "disablehostnameverification",
            "disableendpointidentification",
            "verify=false",
            "trust_all",
        ),
        r"(?i)rejectUnauthorized['\"]?\s*[=:]\s*['\"]?(false|0)|sslaccept=accept_invalid_certs"
        r"|Trust ?Server ?Certificate\s*=\s*(true|yes|1)|verifyServerCertificate\s*=\s*(false|0)"
        r"|tls(Insecure|AllowInvalid\w+)=true|ssl_?cert_reqs['\"]?\s*=\s*['\"]?none"
        r"|\b(CERT_NONE|VERIFY_NONE|_create_unverified_context)\b|InsecureSkipVerify['\"]?\s*[=:]\s*true"
        r"|disable(HostnameVerification|EndpointIdentification)\s*=\s*true|\bverify\s*=\s*false\b"
        r"|trust_?all(_?certs?)?\s*=\s*true",
    ),
    "a connection in plain text": (
        ("ssl=", "encrypt=", "usessl=", "redis://", "amqp://", "ftp://", "ldap://"),
        r"(?i)\b(ssl|usessl)\s*=\s*(false|no|0|disabled?)\b|\bencrypt\s*=\s*(false|no|0|disabled?|optional)\b"
        r"|\b(redis|amqp|ftp|ldap)://(?!localhost|127\.)",
    ),
    "a command that checks no certificate": (
        (
            "curl",
            "wget",
            "--insecure",
            "http.sslverify",
            "strict-ssl",
            "trusted-host",
            "stricthostkeychecking",
            "tls-verify",
        ),
        r"(?i)\bcurl\b[^|;&]*\s(-[a-zA-Z]*k[a-zA-Z]*|--insecure)\b|--no-check-certificate|(?<!\S)--insecure\b"
        r"|http\.sslVerify[= ](false|0)|strict-ssl[= ]false|--trusted-host\b|StrictHostKeyChecking=no"
        r"|--tls-verify=false",
    ),
    "a version of TLS that is broken": (
        ("tls-min-v1", "tls10", "x509ignorecn", "x509sha1"),
        r"(?i)--tls-min-v1\.[01]\b|\btls10(server|default)=1|\bx509(ignoreCN=0|sha1=1)",
    ),
}
"""What switches the check of a certificate off: marks of which a text has one, in lower case, and how it is written
(postgresql.org libpq-ssl: only verify-full checks the name; nodejs.org tls; go.dev/doc/godebug; npgsql.org and
learn.microsoft.com SqlConnection; dev.mysql.com connector; prisma.io; curl, wget, git, npm, pip)."""

_CHECKED = r"(TLS|SSL|HTTPS?|CERTS?|CERTIFICATES?|PEER|HOSTNAME|HOST_KEY|SERVER|REQUESTS)"
_CHECK = r"(VERIFY|VERIFICATION|VALIDATE|VALIDATION|CHECK|CHECKING|ERRORS)"
SWITCHED_ON = re.compile(
    rf"(?<!UPGRADE_)INSECURE(?!_REQUESTS)|(SKIP|DISABLE|IGNORE|NO|WITHOUT)_(\w+_)?{_CHECKED}_{_CHECK}"
    rf"|(SKIP|DISABLE|IGNORE|NO|WITHOUT)_{_CHECK}(_{_CHECKED})?$|{_CHECKED}_(SKIP|NO|DISABLE|IGNORE)_{_CHECK}"
    r"|(DISABLE|NO|WITHOUT)_(TLS|SSL)$|DISABLE_CONNECTION_VERIFICATION"
    r"|TRUST_(ALL|ANY|SERVER)_?\w*CERT|(ALLOW|ACCEPT)_(\w+_)?(SELF_SIGNED|INVALID|ANY|ALL|UNTRUSTED)_?(CERT\w*)?$"
)
"""Variables that switch it off when they are on."""
SWITCHED_OFF = re.compile(
    r"REJECT_?UNAUTHORIZED|(TLS|SSL|HTTPS?|CERTS?|CERTIFICATES?|PEER|HOSTNAME|REQUESTS|PYTHONHTTPS)_?VERIFY"
    r"|(VERIFY|VALIDATE|CHECK)_(TLS|SSL|HTTPS|PEER|HOSTNAME|CERTS?|CERTIFICATES?|SERVER_\w+)|STRICT_SSL"
    r"|(USE|REQUIRE|ENABLE)_(TLS|SSL)|(^|_)(TLS|SSL)(_ENABLED|_REQUIRED)?$|SECURE_TRANSPORT"
)
"""Variables that switch it off when they are off."""
VALUES: tuple[tuple[str, str], ...] = (
    (r"SSL_?MODE$", r"(?!(verify[-_]?full|verify[-_]?identity|strict)$).*"),
    (r"^(REQUESTS|CURL|AWS)_CA_BUNDLE$", r"(/dev/null)?"),
    # What is not of the image can be changed while it runs.
    (r"^(NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|PGSSLROOTCERT|\w+_CA_BUNDLE)$", r"/(home|tmp|mnt)/.*"),
    (r"^DENO_TLS_CA_STORE$", r"none"),
    (r"SECURITY_PROTOCOL$", r".*PLAINTEXT.*"),
    (r"ENDPOINT_IDENTIFICATION_ALGORITHM$", r"(none)?"),
)
"""Variables by name, and the values that do it."""
ON, OFF = (
    ("1", "true", "yes", "on", "y", "enabled"),
    ("0", "false", "no", "off", "n", "disable", "disabled", "none", "never"),
)
_LEAST_VERSION = re.compile(r"MIN\w*_(TLS|SSL)|(TLS|SSL)_(\w+_)?MIN")
_PLAIN = re.compile(
    r"http://(?!localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|(www\.)?w3\.org/|schemas\.|purl\.org/)"
    r"[^/\s:]+\.[^/\s]+(/\S*)?",
    re.I,
)


@rule(
    "RUN-VERIFIES",
    "Nothing that runs is told to take any certificate, or none",
    on="*",
    severity="critical",
    controls=["164.312(e)(1)", "164.312(e)(2)(i)", "164.312(d)"],
    remediation="Leave the switch out: sslmode=verify-full with a root certificate, TLS with its checks as they are.",
    source="164.312(e)(1): whoever stands between reads and changes what passes; postgresql.org/docs/current/libpq-ssl",
    where=lambda resource: resource.custom,
)
def verifies(resource: Resource) -> Iterator[str]:
    for path, text in resource.texts:
        for kind in _unverified(text):
            yield f"{path} holds {kind}"
    if not resource.free_texts:
        return
    for path, line in resource.run_texts():
        yield from (f"{path} holds {kind}" for kind in _unverified(line) if path.endswith("command"))
        if _PLAIN.fullmatch(line.strip()):
            yield f"{path} holds an address without TLS"
    for name, value in resource.variables:
        if _unchecked(name, value):
            yield f"{name} is {value or 'empty'}: certificates are not checked"


@kept
def _unverified(text: str) -> tuple[str, ...]:
    """What a text says that switches the check of a certificate off."""
    marked = _marked_kinds(text)
    return tuple(kind for kind in UNVERIFIED if kind in marked and re.search(UNVERIFIED[kind][1], text))


def _marked_kinds(text: str) -> set[str]:
    """The kinds of `UNVERIFIED` of which a text holds a mark."""
    low = text.lower()
    return {kind for mark, kind in _MARKS if mark in low} if _ANY_MARK.search(low) else set()


_MARKS = tuple((mark, kind) for kind, (marks, _) in UNVERIFIED.items() for mark in marks)
_ANY_MARK = any_of(mark for mark, _ in _MARKS)


@kept
def _unchecked(name: str, value: str) -> bool:
    """Whether a variable of this value switches the check of certificates off, or takes broken versions of TLS."""
    said = value.strip().lower()
    if SWITCHED_ON.search(name):
        return said in ON or (name == "GIT_SSL_NO_VERIFY" and said not in ("", *OFF))
    if said in OFF and SWITCHED_OFF.search(name):
        return True
    if _LEAST_VERSION.search(name) and re.fullmatch(r"(tls|ssl)?_?v?1([._]?[01])?|ssl_?v?[23]", said):
        return version(value) < (1, 2)
    return any(re.search(names, name) and re.fullmatch(values, said, re.I) for names, values in VALUES)
