"""What a secret looks like: the detectors of detect-secrets and our own, behind one adapter.

Most texts hold none of the marks that a detector needs (``AKIA``, ``eyJ``, ``password``), so that few are searched.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from policies.kept import kept
from policies.marks import any_of

MASK = "[secret]"
"""What a record shows in place of a secret."""
REFERENCE = "@Microsoft.KeyVault("

OWN: Mapping[str, tuple[tuple[str, ...], str]] = {
    "an address with a signature (SAS)": (
        ("sig=",),
        r"[?&;]sig=[0-9A-Za-z%+/=_-]{16,}|SharedAccessSignature\s*=?\s*s[rv]",
    ),
    "a connection string with a password": (
        ("password", "passwd", "pwd"),
        r"(?i)\b\w*(?:password|passwd|pwd)=[\"']?[^\s\"'=;@{$\[<]{3,}"
        r"|;\s*(?:password|pwd)\s*=\s*[^\s;@{$\[<]{3,}"
        r"|[\"']\w*(?:password|pwd)[\"']\s*:\s*[\"'][^\"'{$\[<]{6,}[\"']"
        r"|--?(?:password|passwd|pwd)[= ][^\s{$\[<-][^\s]{2,}",
    ),
    "a Slack address or token": (
        ("hooks.slack.com", "xox"),
        r"hooks\.slack\.com/services/T\w+|\bxox[abpr]-[0-9A-Za-z-]{10,}",
    ),
    "a Teams or Discord address": (
        ("webhook",),
        r"\.webhook\.office\.com/webhookb2/[0-9a-f-]{8,}|discord(?:app)?\.com/api/webhooks/\d+/",
    ),
    "a Google key": (("aiza",), r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a SendGrid key": (("sg.",), r"\bSG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}"),
    "a Stripe key": (("k_live_", "k_test_"), r"\b[sr]k_(?:live|test)_[0-9a-zA-Z]{8,}"),
    "a webhook secret": (("whsec_",), r"\bwhsec_[0-9A-Za-z]{8,}"),
    "a private key": (("private key",), r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a storage or Service Bus key": (
        ("accountkey", "sharedaccesskey", "accesskey"),
        r"(?i)(?:AccountKey|SharedAccessKey|AccessKey)\s*[=:]\s*[0-9A-Za-z+/]{20,}",
    ),
    "a signed token": (("eyj",), r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\."),
    "an address with a password": (("://",), r"\b[a-z][a-z0-9+]*://[^/\s:@]*:[^/\s:@]{3,}@"),
    "an AWS key": (("akia", "asia"), r"\bA[KS]IA[0-9A-Z]{16}\b"),
    "a GitHub token": (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"\bgh[pousr]_[0-9A-Za-z]{30,}|\bgithub_pat_[0-9A-Za-z_]{20,}",
    ),
    "an Entra client secret": (("8q~",), r"\b[0-9A-Za-z_~.-]{3}8Q~[0-9A-Za-z_~.-]{31,34}"),
    "an OpenAI or Anthropic key": (("sk-",), r"\bsk-(?:ant-|proj-)?[0-9A-Za-z_-]{20,}"),
    "a bearer token": (
        ("bearer ", "basic "),
        r"(?i)\bauthorization[\"']?\s*[:=]\s*[\"']?(bearer|basic)\s+[\w+/=.-]{12,}",
    ),
    "an npm token": (("npm_",), r"\bnpm_[0-9A-Za-z]{36}\b"),
    "a password in SQL": (("password '",), r"(?i)\bpassword\s+'[^'\s<{$%:]{4,}'"),
    "a password in a script": (
        ("convertto-securestring", "curl", "wget"),
        r"(?i)ConvertTo-SecureString\s+(?:-String\s+)?[\"'][^\"'$]{4,}[\"']"
        r"|\b(?:curl|wget)\b.*\s(?:-u|--user)[ =][\"']?[^\s:$\"'<{]+:[^\s$\"'<{]{4,}",
    ),
    "a password on a command line": (
        ("sshpass", "mysql"),
        r"\bsshpass\s+-p\s*[^\s$]{3,}|\bmysql\w*\b[^|;&]*\s-p[^\s$-][^\s]{3,}",
    ),
    "a development secret": (("dev_jwt_secret",), r"\bdev_jwt_secret\b"),
}
"""Kinds of secret: marks of which a text has one, without regard to case, and what it then looks like. The Stripe,
webhook and development ones are those that the old system had in its code."""

MARKS: Mapping[str, tuple[str, ...]] = {
    "ArtifactoryDetector": ("akc",),
    "AWSKeyDetector": ("a3t", "abia", "acca", "akia", "asia", "aws"),
    "AzureStorageKeyDetector": ("accountkey=",),
    "BasicAuthDetector": ("://",),
    "CloudantDetector": ("cloudant",),
    "DiscordBotTokenDetector": ("discord",),
    "GitHubTokenDetector": ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    "GitLabTokenDetector": (
        *("glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "gr1348941"),
        *("glcbt-", "glimt-", "glptt-", "glagent-", "gloas-"),
    ),
    "IbmCloudIamDetector": ("ibm",),
    "IbmCosHmacDetector": ("ibm",),
    "IPPublicDetector": (),
    "JwtTokenDetector": ("eyj",),
    "MailchimpDetector": ("-us",),
    "NpmDetector": (":_authtoken=",),
    "OpenAIDetector": ("t3blbkfj",),
    "PrivateKeyDetector": ("private key", "putty-user-key"),
    "PypiTokenDetector": ("pypi-",),
    "SendGridDetector": ("sg.",),
    "SlackDetector": ("xox", "hooks.slack.com"),
    "SoftlayerDetector": ("softlayer",),
    "SquareOAuthDetector": ("sq0csp-",),
    "StripeDetector": ("k_live_",),
    "TelegramBotTokenDetector": (":aa",),
    "TwilioKeyDetector": (),
}
"""Marks of detect-secrets' detectors, by class; one without is left out: an address is no secret, and two letters
with 32 digits are nobody's token. A test holds the list against the package."""


@dataclass(frozen=True)
class Detector:
    """One kind of secret."""

    kind: str
    marks: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]


@cache
def detectors() -> tuple[Detector, ...]:
    """Our own and detect-secrets', in this order."""
    # Here, for the import takes a quarter of a second, which commands without rules need not wait for.
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.plugins.base import RegexBasedDetector

    own = [Detector(kind, frozenset(marks), (re.compile(pattern),)) for kind, (marks, pattern) in OWN.items()]
    theirs = [
        Detector(f"a secret ({name})", frozenset(MARKS[class_.__name__]), tuple(class_.denylist))
        for name, class_ in get_mapping_from_secret_type_to_class().items()
        if issubclass(class_, RegexBasedDetector) and MARKS.get(class_.__name__)
    ]
    return (*own, *theirs)


@cache
def _marks() -> tuple[str, ...]:
    """All marks, each once."""
    return tuple({mark: None for each in detectors() for mark in each.marks})


@cache
def _any_mark() -> re.Pattern[str]:
    return any_of(_marks())


def worth_a_look(text: str) -> list[Detector]:
    """The detectors of which a text, or many texts in one, holds a mark."""
    low = text.lower()
    if _any_mark().search(low) is None:
        return []
    marks = [mark for mark in _marks() if mark in low]
    return [each for each in detectors() if not each.marks.isdisjoint(marks)]


def shapes(text: str, among: list[Detector] | None = None) -> Iterator[str]:
    """The kinds of secret that a text looks like. among: the detectors to ask, where others were ruled out before."""
    low = text.lower()
    for each in detectors() if among is None else among:
        if any(mark in low for mark in each.marks) and any(pattern.search(text) for pattern in each.patterns):
            yield each.kind


@kept
def first_shape(text: str) -> str:
    """The first kind of secret that a text looks like; empty where it looks like none."""
    return next(shapes(text, worth_a_look(text)), "")


OPAQUE = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
SEVERAL = re.compile(r"[A-Za-z0-9+/_=.:-]{24,}")
KNOWN_FORMS = re.compile(
    r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{40}|(sha256:)?[0-9a-f]{64}|sha(256|384|512)-[A-Za-z0-9+/=]+|[a-z]+([-_/][a-z0-9]+)+|[\d-]+"
)
"""Identifiers, digests of commits and images, words with hyphens: long, and no secret."""
ENOUGH, ENOUGH_OF_DIGITS = 4.0, 3.0
"""Bits a character from which detect-secrets' measure counts as random, of letters and of hexadecimal digits (its own
limits for whole files are 4.5 and 3)."""


HEX_KEY = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)
"""As digests are written, and keys of 160 and 256 bits too."""


@kept
def is_hex_key(text: str) -> bool:
    """Whether a text is a digest or a key in hexadecimal digits: its name must say which."""
    return HEX_KEY.fullmatch(text) is not None and _entropy(text) >= ENOUGH_OF_DIGITS


@kept
def is_random(text: str) -> bool:
    """Whether a whole text is an opaque word that only a generator writes, or several with ``:`` or ``.`` between."""
    if KNOWN_FORMS.fullmatch(text) or not SEVERAL.fullmatch(text):
        return False
    return any(_is_opaque(word) for word in re.split("[:.]", text))


def _is_opaque(text: str) -> bool:
    if OPAQUE.fullmatch(text) is None or KNOWN_FORMS.fullmatch(text):
        return False
    if not (re.search(r"\d", text) and re.search(r"[A-Za-z]", text)):
        return False
    return _entropy(text) >= (ENOUGH_OF_DIGITS if re.fullmatch(r"(?i)[0-9a-f]+", text) else ENOUGH)


def _entropy(text: str) -> float:
    """Bits a character."""
    from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString

    return float(Base64HighEntropyString().calculate_shannon_entropy(text))
