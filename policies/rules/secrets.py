"""Secrets that are not treated as such."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from facts.secret_inputs import is_secret_input, says_secret, secret_inputs
from policies.kept import kept
from policies.resource import UNKNOWN, Resource
from policies.rule import at_least, rule
from policies.rules.app_settings import NO_SECRET, SETTINGS
from policies.secrets import MASK, REFERENCE, first_shape, is_hex_key, is_random
from policies.variables import set_in

PLAIN = frozenset({"MEDSPASYNC_CREDENTIALS"})
"""Variables that name secrets of a vault and hold none (database/, credentials)."""
FREE_OBJECTS = frozenset({"tags", "metadata", "labels", "annotations", "webhookproperties", "customproperties"})
"""Objects whose members a program names as it likes, and that are sent or shown as they are."""
TAKEN_ELSEWHERE = re.compile(
    r"^[\[({<$%@]|^(/|\.{1,2}/|file:)|^(true|false|yes|no|on|off|none|stdin|-|\d{1,4})$", re.IGNORECASE
)
"""Values of a command line that name where a secret is, or say whether there is one."""


PASSWORD, KEY = "random:index/randomPassword:RandomPassword", "random:index/randomBytes:RandomBytes"
LEAST_LENGTH = {PASSWORD: (15, "characters"), KEY: (16, "bytes")}
"""Of a password that alone lets somebody in (NIST SP 800-63B-4, 3.1.1.2), and of a key of 128 bits (NIST SP 800-57)."""

SWITCHES = ("Enabled", "Disabled")
"""Says whether a kind of secret is taken (Managed Grafana's ``apiKey``), and is none."""


@rule(
    "SEC-GENERATED-LONG",
    "A password or key that the program generates is long enough not to be guessed",
    on=list(LEAST_LENGTH),
    severity="high",
    controls=["164.308(a)(5)(ii)(D)", "164.312(d)"],
    remediation="Set length to 15 or more for a password, to 16 or more for the bytes of a key.",
    source="NIST SP 800-63B-4, 3.1.1.2; NIST SP 800-57 part 1",
)
def generated(secret: Resource) -> Iterator[str]:
    yield from at_least(secret, "length", *LEAST_LENGTH[secret.type])


@rule(
    "SEC-MARKED",
    "An input that carries a secret is marked as one, or is a reference",
    on="*",
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(D)"],
    remediation="Wrap the value in Output.secret, or the state file holds it in plain text.",
    source="requirement S05; facts/secret_inputs.yaml: inputs that Azure's definitions mark sensitive",
    where=lambda resource: resource.custom,
)
def marked(resource: Resource) -> Iterator[str]:
    if _typed(resource.type) is None and not any(map(is_secret_input, resource.names)):
        return
    for path, text in resource.texts:
        if _carries(resource.type, path) and text not in ("", MASK, *SWITCHES) and not text.startswith(REFERENCE):
            yield f"{path} is not marked as a secret"


@kept
def _carries(type_: str, path: str) -> bool:
    """Whether an input of a type carries a secret."""
    typed = _typed(type_)
    return is_secret_input(path.rpartition(".")[2]) or (typed is not None and typed.fullmatch(path) is not None)


@cache
def _typed(type_: str) -> re.Pattern[str] | None:
    """The inputs of a type that carry a secret under a name that says nothing."""
    paths = secret_inputs().types.get(type_)
    if not paths:
        return None
    patterns = (re.escape(path).replace(r"\[\]", r"\[\d+\]").replace(r"\*", r"[^.]+") for path in paths)
    return re.compile("|".join(patterns))


@rule(
    "SEC-SETTINGS-MARKED",
    "A setting that is a secret is marked as one, or is a Key Vault reference",
    on=SETTINGS,
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(D)"],
    remediation="Use a Key Vault reference; where a value must be there, wrap it in Output.secret.",
    source="requirement S05",
)
def settings_marked(settings: Resource) -> Iterator[str]:
    for name in settings.get("properties", {}):
        if not says_secret(name):
            continue
        value = next(iter(settings.leaves(f"properties.{name}")))
        if value is not UNKNOWN and value != MASK and not str(value).startswith(REFERENCE):
            kind = "an address" if name in NO_SECRET else "a secret"
            yield f"{name} holds {kind} in plain text"


@rule(
    "SEC-NO-LITERAL",
    "Nothing in plain text looks like a secret",
    on="*",
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(D)"],
    remediation="Take the value from config (`pulumi config set --secret`) or a vault, and change it: it was seen.",
    source="requirement S05; policies/secrets.py: detect-secrets' detectors and our own; the old system had sk_test_, "
    "whsec_ and dev_jwt_secret in its code",
)
def no_literal(resource: Resource) -> Iterator[str]:
    shaped = {path: kind for path, text in resource.texts if (kind := first_shape(text))}
    yield from (f"{path} looks like {kind}" for path, kind in shaped.items())
    for path, text in resource.free_texts:
        if path not in shaped and (is_random(text) or _is_bare_hex(path, text, resource.entry_names)):
            yield f"{path} looks like a secret: it is random"


DIGESTS = re.compile(
    r"digest|sha|checksum|hash|commit|revision|rev$|fingerprint|thumbprint|integrity|etag|version|build|git|image|release"
    r"|trace",
    re.IGNORECASE,
)
"""Words in the name of what is a digest, and no secret."""


def _is_bare_hex(path: str, text: str, variables: Mapping[str, str]) -> bool:
    """Whether a named text is as long as a digest, and its name says of nothing that has one."""
    holder, _, last = path.rpartition(".")
    name = variables.get(holder, "") if last == "value" else last
    return is_hex_key(text) and name[-1:] != "]" and not DIGESTS.search(name)


@rule(
    "SEC-NAMED",
    "A variable, option of a command or tag whose name says secret is marked as one, or is a reference",
    on="*",
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(D)"],
    remediation="Refer to a Key Vault secret; where a value must be there, wrap it in Output.secret.",
    source="requirement S05; facts/secret_inputs.yaml, names",
    where=lambda resource: resource.custom,
)
def named(resource: Resource) -> Iterator[str]:
    names = resource.entry_names
    for path, text in resource.texts:
        if not _is_named(path) or text in ("", MASK) or text.startswith(REFERENCE):
            continue
        holder, _, last = path.rpartition(".")
        if last == "value" and _is_secret(names.get(holder, "")):
            yield f"{names[holder]} is in plain text"
        elif last != "value" and _is_secret(last):
            yield f"{path} is a secret in a {holder.rpartition('.')[2].removesuffix('s')}"
    for path, line in resource.command_lines:
        for name, value in set_in(line):
            if _is_secret(name) and not TAKEN_ELSEWHERE.search(value) and not value.startswith(REFERENCE):
                yield f"{path} sets {name} in plain text"


@kept
def _is_named(path: str) -> bool:
    """Whether a path leads to what a name stands beside or above: a variable's value, or a tag."""
    holder, _, last = path.rpartition(".")
    return last == "value" or holder.rpartition(".")[2].lower() in FREE_OBJECTS


def _is_secret(name: str) -> bool:
    return name not in NO_SECRET | PLAIN and says_secret(name)
