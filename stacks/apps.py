"""Apps: plans, sites and slots, connected to their identity, vault, network and telemetry."""

from collections.abc import Mapping

import pulumi

from components.app_service import AppService
from components.app_service_auth import SignIn
from components.app_service_plan import AppServicePlan, AppServicePlanArgs, Instances, WorkingHours
from components.app_service_site import (
    AppServiceArgs,
    ContainerImage,
    NodeVersion,
    PrivateLinkIngress,
    ServiceTagIngress,
    Telemetry,
)
from documents.problems import Problem
from stacks.entries import name_entry, stack_entry, stack_file
from stacks.outputs import Apps, Common, Data, Foundation, Site
from stacks.registry import registry_id
from stacks.settings.apps import SITE, SLOT, AppSettings, SignInSettings
from stacks.settings.plans import InstanceSettings, PlanSettings
from stacks.settings.reading.parse import SettingsError
from stacks.settings.registry import RegistrySettings

CORRELATION_ID_HEADER = "X-Azure-Ref"
"""Front Door gives every request this id and logs it as TrackingReference: apps log it and pass it on, so that one id
joins the edge's log with theirs."""


def build_apps(
    plans: Mapping[str, PlanSettings],
    apps: Mapping[str, AppSettings],
    registry: RegistrySettings | None,
    foundation: Foundation,
    data: Data,
) -> Apps:
    """Every plan and every app of the stack. A further app is one more block in the stack file."""
    built_plans = {}
    for name, plan in plans.items():
        with name_entry(stack_entry(f"plans.{name}")):
            built_plans[name] = _plan(name, plan, foundation).outputs.id
    sites = {}
    for name, app in apps.items():
        with name_entry(stack_entry(f"apps.{name}")):
            built = _app(
                name,
                app,
                built_plans[app.plan],
                plans[app.plan].tier.encrypted,
                registry,
                foundation,
                data,
            )
            sites[name] = Site(id=built.outputs.id, host=built.outputs.host)
    return Apps(sites=sites, plans=built_plans)


def _plan(name: str, plan: PlanSettings, foundation: Foundation) -> AppServicePlan:
    common = foundation.common
    schedule = plan.schedule
    return AppServicePlan(
        f"plan-{name}",
        AppServicePlanArgs(
            **common.place("platform"),
            plan_name=common.names.regional("plan", name),
            subnet_id=foundation.network.subnets["apps"],
            sku=plan.sku,
            tier=plan.tier.name,
            zone_redundant=plan.zone_redundant,
            instances=_instances(plan.instances),
            working_hours=WorkingHours(
                time_zone=schedule.time_zone,
                days=schedule.days,
                start=schedule.start,
                end=schedule.end,
                quiet=_instances(schedule.quiet),
            )
            if schedule
            else None,
            logs=common.logs,
        ),
    )


def _instances(settings: InstanceSettings) -> Instances:
    return Instances(minimum=settings.minimum, maximum=settings.maximum, default=settings.default)


def _app(
    name: str,
    app: AppSettings,
    plan_id: pulumi.Output[str],
    encrypted: bool,
    registry: RegistrySettings | None,
    foundation: Foundation,
    data: Data,
) -> AppService:
    common = foundation.common
    return AppService(
        f"app-{name}",
        AppServiceArgs(
            **common.place("platform"),
            app_name=common.names.global_name(SITE, name),
            plan_id=plan_id,
            service_name=name,
            identity=foundation.identities.apps[name],
            runtime=_runtime(app, registry, common),
            ingress=_ingress(app, foundation),
            subnet_id=_subnet(app, foundation.network.subnets),
            health_check_path=app.health_check_path,
            telemetry=Telemetry(
                connection_string=foundation.monitoring.connection_string,
                component_id=foundation.monitoring.app_insights_id,
            ),
            logs=common.logs,
            settings=_environment(name, app, data),
            secrets={reference.environment: reference.uri for reference in data.secrets.get(name, [])},
            slot=SLOT if app.slot else None,
            slot_settings=app.slot_settings,
            cors_origins=app.cors.origins,
            cors_credentials=app.cors.credentials,
            sign_in=_sign_in(app.sign_in, common) if app.sign_in else None,
            min_tls_version=app.min_tls_version,
            end_to_end_encryption=encrypted,
        ),
    )


def _subnet(app: AppSettings, subnets: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str]:
    return subnets["apps"] if app.outbound == "internet" else subnets.get("frontends", subnets["apps"])


def _runtime(app: AppSettings, registry: RegistrySettings | None, common: Common) -> ContainerImage | NodeVersion:
    if app.runtime.node:
        return NodeVersion(version=app.runtime.node)
    image = app.runtime.image
    assert image is not None, "RuntimeSettings wants an image or a Node version"
    assert registry is not None, "cross_problems wants a registry for an image"
    return ContainerImage(
        reference=f"{registry.login_server}/{image.repository}@{image.digest}",
        repository=image.repository,
        port=image.port,
        registry_id=registry_id(registry, common),
    )


def _ingress(app: AppSettings, foundation: Foundation) -> PrivateLinkIngress | ServiceTagIngress:
    if app.ingress == "privateLink":
        return PrivateLinkIngress(access=foundation.network.private_access("sites"))
    return ServiceTagIngress(front_door_id=foundation.edge.front_door_id)


def _sign_in(settings: SignInSettings, common: Common) -> SignIn:
    return SignIn(
        client_id=settings.client_id,
        tenant_id=common.tenant_id,
        allowed_groups=settings.allowed_groups,
        excluded_paths=settings.excluded_paths,
        unauthenticated=settings.unauthenticated,
        session_hours=settings.session_hours,
    )


def _environment(name: str, app: AppSettings, data: Data) -> dict[str, pulumi.Input[str]]:
    """Plain environment: the stack file's, what comes from resources, and what every app is told.

    Raises SettingsError when the stack file gives a value that comes from a resource.
    """
    given = data.settings.get(name, {})
    twice = sorted(app.settings.keys() & given.keys())
    if twice:
        raise SettingsError(
            [
                Problem(
                    f"medspasync:apps.{name}.settings.{key}",
                    "…",
                    "not given here: it comes from a resource",
                    stack_file(),
                )
                for key in twice
            ]
        )
    return {
        **app.settings,
        **given,
        "KEY_VAULT_NAME": data.vault_names[name],
        "CORRELATION_ID_HEADER": CORRELATION_ID_HEADER,
    }
