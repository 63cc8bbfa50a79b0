"""Customer-managed keys, as services that encrypt with one take them."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class CustomerManagedKey:
    """A key of ours in a Key Vault, and the identity that wraps and unwraps with it.

    uri: without version (``https://<vault>.vault.azure.net/keys/<key>``), where a service follows rotations.
    versioned_uri: with the version, where it cannot.
    identity_id: ARM id of the user-assigned identity; it must be allowed to get, list, wrap and unwrap.
    """

    uri: pulumi.Input[str]
    versioned_uri: pulumi.Input[str]
    identity_id: pulumi.Input[str]
