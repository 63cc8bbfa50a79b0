"""What every storage account here has in common: Entra alone opens it, encrypted in two layers."""

from typing import Any

from pulumi_azure_native import storage


def closed_account() -> dict[str, Any]:
    """Inputs of an account that takes no shared key, no anonymous reader, no local user and no old protocol.

    Who reaches it, and where copies may go, differs: `public_network_access`, `network_rule_set`,
    `allowed_copy_scope`.
    """
    return {
        "kind": storage.Kind.STORAGE_V2,
        "access_tier": storage.AccessTier.HOT,
        "allow_shared_key_access": False,
        "default_to_o_auth_authentication": True,
        "allow_blob_public_access": False,
        "allow_cross_tenant_replication": False,
        "is_local_user_enabled": False,
        "is_sftp_enabled": False,
        "enable_nfs_v3": False,
        "enable_https_traffic_only": True,
        "minimum_tls_version": storage.MinimumTlsVersion.TLS1_2,
    }


def two_layers() -> dict[str, Any]:
    """Inputs of an encryption with a second layer of Azure's own below the key that the caller names."""
    service = storage.EncryptionServiceArgs(enabled=True, key_type=storage.KeyType.ACCOUNT)
    return {
        "require_infrastructure_encryption": True,
        "services": storage.EncryptionServicesArgs(blob=service, file=service),
    }
