"""Whether what stands beside a telling name is a secret: no placeholder, no reference, no name of something else."""

import re

from facts.secret_inputs import says_secret
from policies.secrets import is_random

SHORTEST = 4
"""Characters from which a value may be a secret: ``dev`` and ``x`` are not worth a word."""
NAME = r"[A-Za-z_][\w.-]{1,60}"
"""What may be called something."""
_NO_VALUE = re.compile(
    r"(?i)^(?:[<\[{(%$@].*|.*[<{(]\w.*[>})].*|null|none|undefined|true|false|yes|no|\d+|x+|\*+|\.{2,}|required|optional|string|str|text|"
    r"process\.env.*|os\.environ.*|secure|redacted|\[secret\].*|[a-z_][\w.]*\(.*|pk_(?:live|test)_.*|.*([x*.])\1{7}.*|"
    r"[a-z][a-z0-9+.-]*://(?:[^:@/\s]*@)?[^@\s]*|\d{4}-\d\d-\d\d(?:[T ].*)?|\.{0,2}/[\w./-]+|"
    r"(?:[a-z]+-)?(?:sha|md|aes|hs|rs|es|ps)-?\d{1,3}(?:-[a-z]+)?|"
    r"(?:your|my|the|example|sample|dummy|placeholder|change|replace|insert|todo)[-_ ].*)$"
)
"""A placeholder, a reference, another name, an address without a password, a day, a path, an algorithm, what is public
by its kind: no value."""
_CONSTANT = re.compile(r"[A-Z]+|[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)+")
"""What a variable or a secret is called, and not what it holds."""
_WORDS_ONLY = re.compile(r"[A-Za-z]+(?:[-_.:/ ][A-Za-z]+)*")
"""What a name of something else looks like: no digit, no sign."""
_PASSWORD = re.compile(r"(?i)password|passwd|pwd|passphrase")
"""Names whose values people choose: there one word without a digit is a secret too."""
_SWITCH = re.compile(r"(?i)enabled|disabled|on|off|required|optional|all|any|default|microsoft\..*")


def is_secret_of(name: str, value: str, *, fallback: bool = False) -> bool:
    """Whether ``value`` is the secret that ``name`` announces. fallback: it stands in for one, however plain it is."""
    return says_secret(name) and is_value(value) and (fallback or _is_telling(name, value))


def is_value(value: str) -> bool:
    """Whether a text may be a secret: no placeholder, no reference, no sentence."""
    value = value.strip()
    if len(value) < SHORTEST or _NO_VALUE.match(value) or _CONSTANT.fullmatch(value):
        return False
    # Words with spaces are a sentence about a secret; one word, or what only a generator writes, is a secret.
    return " " not in value or is_random(value)


def _is_telling(name: str, value: str) -> bool:
    """Whether a value is more than the name of something: a key or token without a digit is one, a password not."""
    if _SWITCH.fullmatch(value):
        return False
    return _WORDS_ONLY.fullmatch(value) is None or (_PASSWORD.search(name) is not None and value.isalpha())
