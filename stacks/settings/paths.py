"""A key that `pulumi config set` wrote beside its section instead of into it, because ``--path`` was forgotten."""

from __future__ import annotations

import re
from collections.abc import Collection

from documents.problems import Bare, Problem
from stacks.catalogues.secrets import catalogue


def forgotten_path(key: str, sections: Collection[str], namespace: str, secrets: str) -> Problem | None:
    """What is told of a key below no section, without the namespace: ``database.backupDays``, ``STRIPE-SECRET-KEY``.

    sections: keys of sections; secrets: the key under which supplied secrets stand. None for a key of another kind.
    """
    section, separator, inner = re.fullmatch(r"([^.\[]+)([.\[]?)(.*)", key, re.S).groups()  # type: ignore[union-attr]
    if separator and section == secrets:
        return Problem(key, Bare("(not shown)"), _told(namespace, key, inner, "--secret --path"))
    if separator and section in sections:
        return Problem(key, Bare("…"), _told(namespace, key, inner, "--path"))
    if key in catalogue():
        return Problem(key, Bare("(not shown)"), _told(namespace, f"{secrets}.{key}", key, "--secret --path"))
    return None


def _told(namespace: str, key: str, inner: str, options: str) -> str:
    section = re.split(r"[.\[]", key)[0]
    command = f"pulumi config set {options} '{namespace}:{key}'"
    return f"{inner} inside {namespace}:{section}; remove this key and use `{command}`"
