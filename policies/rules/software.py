"""What runs, and whether it checks whom it talks to: images, commands and settings of programs."""

import re
from collections.abc import Iterator, Mapping

from policies.kept import kept
from policies.own import own
from policies.rule import rule
from policies.rules.trust import unregistered
from policies.view import Resource, Stack

IMAGES = frozenset({"image", "imageName", "containerImageName", "DOCKER_CUSTOM_IMAGE_NAME"})
STACKS = frozenset({"linuxFxVersion", "windowsFxVersion"})
"""Inputs that name an image; those that name a stack name one behind DOCKER|."""
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$", re.IGNORECASE)

UNVERIFIED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "a connection that takes any certificate, or none": (
        ("sslmode", "pgsslmode"),
        r"(?i)sslmode['\"]?\s*[=:]\s*['\"]?(disable|allow|prefer|require|verify-ca|no-verify)\b",
    ),
    "a server's certificate that is not checked": (
        (
            "rejectunauthorized",
            "accept_invalid_certs",
            "trustservercertificate",
            "tlsinsecure",
            "allowinvalid",
            "cert_reqs",
        ),
        r"(?i)rejectUnauthorized['\"]?\s*[=:]\s*['\"]?(false|0)|sslaccept=accept_invalid_certs"
        r"|TrustServerCertificate\s*=\s*(true|yes)|tls(Insecure|AllowInvalid\w+)=true|ssl_?cert_reqs['\"]?\s*=\s*['\"]?none",
    ),
    "a connection in plain text": (
        ("ssl=", "encrypt=", "usessl=", "redis://", "amqp://", "ftp://", "ldap://"),
        r"(?i)\b(ssl|usessl|encrypt)=(false|no|0|disabled?)\b|\b(redis|amqp|ftp|ldap)://(?!localhost|127\.)",
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
        r"|http\.sslVerify=false|strict-ssl[= ]false|--trusted-host\b|StrictHostKeyChecking=no|--tls-verify=false",
    ),
}
"""What switches the check of a certificate off: marks of which a text has one, in lower case, and how it is written
(postgresql.org libpq-ssl: only verify-full checks the name; nodejs.org tls; prisma.io; curl, wget, git, npm, pip)."""

SWITCHES: Mapping[str, str] = {
    "NODE_TLS_REJECT_UNAUTHORIZED": r"(?i)0|false",
    "PGSSLMODE": r"(?i)(?!verify-full$).*",
    "PYTHONHTTPSVERIFY": r"(?i)0|false",
    "GIT_SSL_NO_VERIFY": r"(?i)(?!(0|false|)$).*",
    "REQUESTS_CA_BUNDLE": r"",
    "CURL_CA_BUNDLE": r"",
    "NPM_CONFIG_STRICT_SSL": r"(?i)false|0",
    "DENO_TLS_CA_STORE": r"(?i)none",
    "SSL_VERIFY": r"(?i)0|false|no|off",
    "TLS_VERIFY": r"(?i)0|false|no|off",
    "VERIFY_SSL": r"(?i)0|false|no|off",
    "VERIFY_TLS": r"(?i)0|false|no|off",
    "DB_SSL": r"(?i)0|false|no|off|disabled?",
    "DATABASE_SSL": r"(?i)0|false|no|off|disabled?",
    "REDIS_TLS": r"(?i)0|false|no|off|disabled?",
}
"""Variables that switch it off, and the values that do."""

DUMP = re.compile(
    r"(?i)\b(pg_dump(all)?|pg_basebackup|pg_receivewal|mongodump|mysqldump|azcopy|rclone|rsync|scp|sftp|netcat|ncat)\b"
    r"|\bto\s+program\b|/dev/tcp/"
)


@rule(
    "RUN-IMAGE",
    "An image is named by its digest, and comes from a registry that is ours or registered",
    on="*",
    severity="high",
    controls=["164.312(c)(1)", "164.308(a)(1)(ii)(B)"],
    remediation="Name the image as registry/name@sha256:..., from a registry of the stack or an entry `host` of "
    "policies/trusted.yaml.",
    source="docs.docker.com/reference/cli/docker/image/pull: a tag can be moved to another image, a digest cannot",
    where=lambda resource: any(True for _ in _images(resource)),
)
def images(resource: Resource, stack: Stack) -> Iterator[str]:
    for path, image in _images(resource):
        if not DIGEST.search(image):
            yield f"{path} names {image}, which can be another image tomorrow"
        first = image.split("/")[0].lower()
        host = first if "/" in image and ("." in first or ":" in first) else "docker.io"
        if not own(stack).has_host(host) and not stack.trust.host(host):
            yield from unregistered(stack, f"{path} comes from {host}")


def _images(resource: Resource) -> Iterator[tuple[str, str]]:
    for path, text in resource.texts():
        last = _last(path)
        if last in IMAGES or last in STACKS:
            kind, _, image = text.partition("|")
            if image and kind.upper() in ("DOCKER", "COMPOSE", "KUBE"):
                yield path, image
            elif text and last in IMAGES:
                yield path, text


@kept
def _last(path: str) -> str:
    return path.rpartition(".")[2]


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
    if _marked_kinds(resource.one_text):
        for path, text in resource.texts():
            yield from (f"{path} holds {kind}" for kind in _unverified(text))
    names = resource.variables
    for path, text in resource.free_texts:
        last = _last(path)
        name = names.get(path.removesuffix(".value"), "") if last == "value" else last
        switched = SWITCHES.get(name.upper())
        if switched is not None and re.fullmatch(switched, text.strip()):
            yield f"{name} is {text or 'empty'}: certificates are not checked"


@kept
def _unverified(text: str) -> tuple[str, ...]:
    """What a text says that switches the check of a certificate off."""
    marked = _marked_kinds(text)
    return tuple(kind for kind in UNVERIFIED if kind in marked and re.search(UNVERIFIED[kind][1], text))


def _marked_kinds(text: str) -> set[str]:
    """The kinds of `UNVERIFIED` of which a text holds a mark."""
    low = text.lower()
    return {kind for mark, kind in _MARKS if mark in low}


_MARKS = tuple((mark, kind) for kind, (marks, _) in UNVERIFIED.items() for mark in marks)


@rule(
    "RUN-NO-DUMP",
    "No command copies a database or a disk elsewhere",
    on="*",
    severity="high",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Leave copies to Azure's own backups and the platform's archive: encrypted, kept and watched.",
    source="policy choice: a dump is all patients in one file, past row-level security and audit",
    where=lambda resource: resource.custom,
)
def no_dump(resource: Resource) -> Iterator[str]:
    for path, text in resource.free_texts:
        if _dumps(text):
            yield f"{path} copies data out: {text[:60]}"


@kept
def _dumps(text: str) -> bool:
    return DUMP.search(text) is not None


@rule(
    "RUN-CODE-FIXED",
    "Code is not fetched by a name that can be moved",
    on="*",
    severity="high",
    controls=["164.312(c)(1)", "164.308(a)(1)(ii)(B)"],
    remediation="Deploy what the pipeline built, by its digest; leave repositories and package addresses out.",
    source="learn.microsoft.com/azure/app-service/deploy-run-package: an address gives what is there at the time",
    where=lambda resource: resource.custom,
)
def code_fixed(resource: Resource) -> Iterator[str]:
    for path in REPOSITORIES & set(resource.inputs):
        yield f"{path} is set: what is there at the time is deployed"
    for path, text in resource.free_texts:
        if path.endswith("WEBSITE_RUN_FROM_PACKAGE") and "://" in text:
            yield f"{path} fetches code from an address"
        elif _fetches(text):
            yield f"{path} fetches code that can change: {text[:60]}"


@kept
def _fetches(text: str) -> bool:
    return FETCHED.search(text) is not None


REPOSITORIES = frozenset({"repoUrl", "repositoryUrl", "gitRepository"})
FETCHED = re.compile(
    r"(?i)git\+https?://(?![^\s@]*@[0-9a-f]{40}\b)|\bgit\s+(clone|pull)\b|(curl|wget)\b[^|;]*\|\s*(sudo\s+)?(ba|z)?sh\b"
    r"|\bnpx\s+-y\b|\bpip3?\s+install\s+(?!.*(--require-hashes|-r\s))"
)
