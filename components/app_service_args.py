"""What an App Service app is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from components.app_service_auth import SignIn
from components.diagnostics import LogDestination
from components.identity import IdentityOutputs
from components.private_endpoint import PrivateAccess


@dataclass(frozen=True, kw_only=True)
class ContainerImage:
    """Run a container image, pulled by the app's identity.

    reference: ``<registry>/<repository>@sha256:<digest>``; port: where the container listens.
    repository: the part of it, ``backend``. registry_id: ARM id of the Azure container registry, of which the identity
    may pull this repository and nothing else.
    """

    reference: str
    repository: str
    port: int
    registry_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class NodeVersion:
    """Run code on a built-in Node.js runtime. version: for example ``22-lts``."""

    version: str


@dataclass(frozen=True, kw_only=True)
class PrivateLinkIngress:
    """Only private endpoints reach the app: Front Door's own, and this one, which serves site and SCM in the VNet.

    Traffic through a private endpoint bypasses access restrictions, so a header check would protect nothing here.
    """

    access: PrivateAccess


@dataclass(frozen=True, kw_only=True)
class ServiceTagIngress:
    """Only one Front Door reaches the app, over its public address; nothing reaches SCM.

    front_door_id: the profile's GUID, which Front Door sends as X-Azure-FDID. The service tag alone admits every
    customer's Front Door.
    """

    front_door_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class Telemetry:
    """Where the app sends traces. connection_string: Application Insights', kept secret; component_id: its ARM id, on
    which the app's identity may publish metrics and nothing else."""

    connection_string: pulumi.Input[str]
    component_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class AppServiceArgs:
    """Arguments of `AppService`.

    app_name: globally unique, 2 to 60 characters; plan_id: ARM id of a Linux plan.
    service_name: what the app is called in traces; its slot is ``<service_name>-<slot>``.
    identity: the app's; its slot uses the same.
    health_check_path: answers 200 without sign-in while the instance can serve.
    settings: plain environment; secrets: environment variable to versionless Key Vault secret URI.
    slot: name of the deployment slot, or None; slot_settings: values that differ there, which a swap leaves behind.
    subnet_id: delegated to Microsoft.Web/serverfarms; all outbound traffic goes through it.
    cors_origins: origins that browsers may call from, ``https://host``; cors_credentials: with cookies.
    min_tls_version: ``1.2`` or ``1.3``; Front Door speaks both to an origin (learn.microsoft.com/azure/frontdoor/
    tls-policy).
    end_to_end_encryption: TLS from App Service's front end to the worker; needs the Standard tier.
    """

    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    app_name: pulumi.Input[str]
    plan_id: pulumi.Input[str]
    service_name: str
    identity: IdentityOutputs
    runtime: ContainerImage | NodeVersion
    ingress: PrivateLinkIngress | ServiceTagIngress
    subnet_id: pulumi.Input[str]
    health_check_path: str
    telemetry: Telemetry
    logs: LogDestination
    settings: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    slot: str | None = None
    slot_settings: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    cors_origins: Sequence[str] = ()
    cors_credentials: bool = False
    sign_in: SignIn | None = None
    min_tls_version: Literal["1.2", "1.3"] = "1.3"
    end_to_end_encryption: bool = True
    tags: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class AppServiceOutputs:
    """id: ARM id; name: the site's name; host: its default host name, the origin of Front Door."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    host: pulumi.Output[str]
