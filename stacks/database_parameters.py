"""PostgreSQL server parameters, shared with the database room: ``database/parameters.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from documents.reading import read_document
from stacks.settings.database import DatabaseSettings

PARAMETERS = "database/parameters.yaml"
_FILE = Path(__file__).parents[1] / "database" / "parameters.yaml"


class Parameter(BaseModel):
    """One server parameter. The file's head says what each field means."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    name: str
    value: str
    static: bool
    platform_default: str
    source: str
    reason: str
    controls: list[str]
    tier: Literal["non-burstable"] | None = None
    vcores: int = 0


@cache
def parameters(file: Path = _FILE) -> list[Parameter]:
    """Every parameter of the file, in its order. Raises SettingsError when the file is wrong."""
    found: list[Parameter] = read_document(file, list[Parameter])
    return found


def parameter_values(settings: DatabaseSettings, file: Path = _FILE) -> Mapping[str, str]:
    """Parameters to set on this stack's server, all that `reason_left_out` has no reason against.

    In the file's order: what a parameter needs stands before it. Each one is an operation on the server, one after
    another, so a parameter that Azure sets by itself is left out.
    """
    return {
        parameter.name: parameter.value for parameter in parameters(file) if not reason_left_out(parameter, settings)
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
