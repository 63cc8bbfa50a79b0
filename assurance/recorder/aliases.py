"""Former names of resources: those that the project writes, and those of the SDK's own.

Every azure-native resource carries about twenty aliases for the tokens of other API versions. Resolving them is nearly
all the time of a mocks run, so they are taken off, and kept once for each type.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import pulumi

_VERSION_TOKEN = re.compile(r"^azure-native:[^:]+/v\d{8}[a-z]*:")
_SEPARATE_MODULE = re.compile(r"^azure-native:[^:]+:")


def without_version_aliases(opts: pulumi.ResourceOptions) -> tuple[pulumi.ResourceOptions, list[str]]:
    """(``opts`` without the aliases that azure-native adds itself, the type tokens of those).

    An alias of the SDK's own sets the type only; one with a name, parent, stack or project is the project's and stays.
    """
    aliases = opts.aliases
    if not aliases:
        return opts, []
    tokens = [token for alias in aliases if (token := _version_alias(alias))]
    if not tokens:
        return opts, []
    slim = pulumi.ResourceOptions.merge(opts, None)
    slim.aliases = [alias for alias in aliases if not _version_alias(alias)]
    return slim, tokens


def alias_urns(
    request: Any, make_urn: Callable[[str, str, str], str], parent: str, inherited: Iterable[str]
) -> list[str]:
    """Every URN that the engine would take for the resource's own, sorted: its aliases, and those of its parent.

    request: a registration. make_urn: the URN of (parent URN, type, name). parent: the parent's name; inherited: the
    parent's own aliases.
    """
    parents = [(request.parent, ""), *((urn, urn.rsplit("::", 1)[-1]) for urn in inherited)]
    found = set()
    for urn, former in parents:
        name = request.name
        if former and parent and name.startswith(parent):
            name = former + name.removeprefix(parent)
        found.add(make_urn(urn, request.type, name))
        for alias in getattr(request, "aliases", ()):
            if alias.urn:
                found.add(alias.urn)
                continue
            spec = alias.spec
            if _names_version(spec.type) and not (spec.name or spec.stack or spec.project or spec.parentUrn):
                continue  # the SDK's own, kept by type
            above = "" if spec.noParent else spec.parentUrn or urn
            former_urn = make_urn(above, spec.type or request.type, spec.name or name)
            head, project, rest = former_urn.split("::", 2)
            stack = f"urn:pulumi:{spec.stack}" if spec.stack else head
            found.add("::".join((stack, spec.project or project, rest)))
    return sorted(found - {make_urn(request.parent, request.type, request.name)})


def _version_alias(alias: object) -> str | None:
    """The type token of an alias of the SDK's own; None for one that the project writes."""
    if not isinstance(alias, pulumi.Alias) or not isinstance(alias.type_, str):
        return None
    if any(value is not ... for value in (alias.name, alias.parent, alias.stack, alias.project)):
        return None
    return alias.type_ if _names_version(alias.type_) else None


def _names_version(token: str) -> bool:
    return bool(_VERSION_TOKEN.match(token) or _SEPARATE_MODULE.match(token))
