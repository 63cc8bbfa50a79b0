"""Which server parameters a stack's PostgreSQL server is given."""

from collections.abc import Mapping, Sequence

from stacks.catalogues.database_parameters import Parameter, parameters
from stacks.settings.database import DatabaseSettings


def parameter_values(settings: DatabaseSettings, rows: Sequence[Parameter] | None = None) -> Mapping[str, str]:
    """Parameters to set on this stack's server, all that `reason_left_out` has no reason against.

    In the file's order: what a parameter needs stands before it. Each one is an operation on the server, one after
    another, so a parameter that Azure sets by itself is left out.
    """
    return {
        parameter.name: parameter.value
        for parameter in rows or parameters()
        if not reason_left_out(parameter, settings)
    }


def reason_left_out(parameter: Parameter, settings: DatabaseSettings) -> str:
    """Why a parameter is not set on this stack's server, empty where it is."""
    if parameter.value == parameter.platform_default:
        return "Azure sets it by itself"
    if parameter.tier is not None and settings.tier == "Burstable":
        return "a burstable server does not have it"
    if parameter.vcores > settings.vcores:
        return f"only a server of {parameter.vcores} vCores or more has it"
    if settings.pooler is None and "pgbouncer" in parameter.name:
        return "database.pooler is off"
    return ""


def pooler_values(settings: DatabaseSettings) -> Mapping[str, str]:
    """PgBouncer's parameters that depend on the server's size; empty where it is off."""
    if settings.pooler is None:
        return {}
    return {
        "pgbouncer.default_pool_size": str(settings.pooler.default_pool_size),
        "pgbouncer.max_client_conn": str(settings.pooler.max_client_connections),
    }
