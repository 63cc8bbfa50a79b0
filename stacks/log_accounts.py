"""Storage accounts that logs are written to: the archive's and that of the flow logs."""

from components.private_account import Expiry, PrivateAccountArgs
from stacks.outputs import Common, Network
from stacks.settings.archive import ArchiveSettings
from stacks.settings.network import FlowLogSettings
from stacks.vaults import EncryptionKey


def log_account(
    purpose: str,
    settings: ArchiveSettings | FlowLogSettings,
    common: Common,
    network: Network,
    key: EncryptionKey,
    *,
    expiry: Expiry,
) -> PrivateAccountArgs:
    """An account of the stack's data, reached by private endpoint. purpose: the part of its name that says what for."""
    return PrivateAccountArgs(
        **common.place("data"),
        account_name=common.names.storage(purpose),
        redundancy=settings.redundancy,
        key=key,
        expiry=expiry,
        soft_delete_days=settings.soft_delete_days,
        private_access=network.private_access("blob"),
        logs=common.logs,
        protection=common.protection,
        # Without the identity's access to the key, Azure refuses the account's encryption.
        depends_on=[key.granted],
    )
