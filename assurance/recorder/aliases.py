"""Leaves out aliases that mean nothing offline.

Every azure-native resource carries about twenty aliases for the tokens of older API versions. Resolving them is
nearly all the time of a mocks run, and no record shows them: an alias matters only to a state file that exists.
"""

from __future__ import annotations

import re

import pulumi

_VERSION_TOKEN = re.compile(r"^azure-native:[^:]+/v\d{8}[a-z]*:")
_SEPARATE_MODULE = re.compile(r"^azure-native:[^:]+:")


def without_version_aliases(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """``opts`` without the aliases that azure-native adds itself; an alias written in the project stays.

    An alias of the SDK's own sets the type only; one with a name, parent, stack or project is the project's.
    """
    aliases = opts.aliases
    if not aliases:
        return opts
    kept = [alias for alias in aliases if not _is_version_alias(alias)]
    if len(kept) == len(aliases):
        return opts
    slim = pulumi.ResourceOptions.merge(opts, None)
    slim.aliases = kept
    return slim


def _is_version_alias(alias: object) -> bool:
    if not isinstance(alias, pulumi.Alias) or not isinstance(alias.type_, str):
        return False
    if any(value is not ... for value in (alias.name, alias.parent, alias.stack, alias.project)):
        return False
    return bool(_VERSION_TOKEN.match(alias.type_) or _SEPARATE_MODULE.match(alias.type_))
