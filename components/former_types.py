"""Former type tokens of resources whose API version comes from a package of its own."""

import pulumi

from facts.tokens import type_key


def former_types(made: type[pulumi.CustomResource]) -> list[pulumi.Alias]:
    """The alias by which the engine knows a resource that the plain SDK made before its module was switched to a local
    package (docs/decisions/0004-key-vault-api-version.md); none as long as it was not.

    Local packages carry no such alias themselves (pulumi/pulumi-azure-native issue 4019).
    """
    token = getattr(made, "pulumi_type", "")
    key = type_key(token)
    return [] if key == token else [pulumi.Alias(type_=key)]
