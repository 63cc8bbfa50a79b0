"""API Management between Front Door and the apps' APIs, where a stack has it."""

from collections.abc import Mapping

import pulumi

from components.api_management import ApiManagement, ApiManagementArgs, GatewayTelemetry
from components.api_policy import BrowserAccess, CallLimit, TokenCheck
from components.gateway_api import GatewayApi, GatewayApiArgs, OpenPath
from components.gateway_product import GatewayProduct, GatewayProductArgs
from stacks.catalogues.security_headers import security_headers
from stacks.entries import Part, leave_out, list_parts, name_entry, name_parts, stack_entry
from stacks.outputs import Apps, Foundation, Gateway
from stacks.settings.apps import AppSettings
from stacks.settings.edge import FrontDoorSettings
from stacks.settings.gateway import ApiManagementSettings, GatewayApiSettings, path_label

HEALTH_LIMIT = CallLimit(counter="address", calls=600, seconds=60)
"""Every edge location and every availability test asks for an app's health, each from an address of its own."""


def build_gateway(
    gateway: ApiManagementSettings,
    front_door: FrontDoorSettings,
    app_settings: Mapping[str, AppSettings],
    foundation: Foundation,
    apps: Apps,
) -> Gateway | None:
    """The gateway with its APIs and products; None where the stack has none."""
    if not gateway.on:
        leave_out("tier none: this stack has no gateway", stack_entry("apiManagement"))
        return None
    assert gateway.publisher_name is not None, "ApiManagementSettings wants one with a gateway"
    assert gateway.publisher_email is not None, "ApiManagementSettings wants one with a gateway"
    common, group = foundation.common, foundation.common.groups["platform"]
    with name_entry(stack_entry("apiManagement")):
        service = ApiManagement(
            "gateway",
            ApiManagementArgs(
                **common.place("platform"),
                service_name=common.names.global_name("apim"),
                units=gateway.units,
                publisher_name=gateway.publisher_name,
                publisher_email=gateway.publisher_email,
                identity=foundation.identities.duties["gateway"],
                subnet_id=foundation.network.subnets["gateway"],
                private_access=foundation.network.private_access("gateway"),
                public=gateway.open_for_creation,
                front_door_id=foundation.edge.front_door_id,
                remove_headers=security_headers().remove,
                timeout_seconds=front_door.origin_response_timeout_seconds,
                telemetry=GatewayTelemetry(
                    component_id=foundation.monitoring.app_insights_id,
                    connection_string=foundation.monitoring.connection_string,
                ),
                logs=common.logs,
                protect=common.protection.protect,
            ),
        ).outputs
    made = {}
    for name, api in gateway.apis.items():
        key = f"apiManagement.apis.{name}"
        with name_entry(stack_entry(key)), name_parts(*_api_parts(key, name, api)):
            made[name] = GatewayApi(
                f"gateway-{name}",
                _api(name, api, app_settings[name], apps.sites[name].host, group, service.name),
            ).outputs.name
    for name, product in gateway.products.items():
        key = f"apiManagement.products.{name}"
        parts = [
            *(Part(stack_entry(f"{key}.apis[{at}]"), "apiId", api, text=True) for at, api in enumerate(product.apis)),
            *list_parts(f"{key}.subscriptions", "sid", product.subscriptions),
        ]
        with name_entry(stack_entry(key)), name_parts(*parts):
            GatewayProduct(
                f"gateway-{name}",
                GatewayProductArgs(
                    resource_group_name=group,
                    service_name=service.name,
                    product=name,
                    description=product.description,
                    apis={api: made[api] for api in product.apis},
                    subscriptions=product.subscriptions,
                ),
            )
    return Gateway(id=service.id, host=service.host, apis=tuple(gateway.apis))


def _api_parts(key: str, name: str, api: GatewayApiSettings) -> list[Part]:
    """What each limit becomes in a policy's text, and each open path among the APIs."""
    limits = [
        Part(
            stack_entry(f"{key}.limits[{at}]"),
            "value",
            f'calls="{limit.calls}" renewal-period="{limit.seconds}" counter-key="@(&quot;{name}:{limit.counter}:',
            text=True,
        )
        for at, limit in enumerate(api.limits)
    ]
    return [
        *limits,
        *(Part(stack_entry(f"{key}.openPaths.{path}"), "path", f"{name}{path}") for path in api.open_paths),
    ]


def _api(
    name: str,
    api: GatewayApiSettings,
    app: AppSettings,
    host: pulumi.Input[str],
    group: pulumi.Input[str],
    service_name: pulumi.Input[str],
) -> GatewayApiArgs:
    health = OpenPath(label=path_label(app.health_check_path), methods=("GET", "HEAD"), limit=HEALTH_LIMIT, below=False)
    opened = {
        path: OpenPath(
            label=path_label(path),
            methods=entry.methods,
            limit=CallLimit(counter="address", calls=entry.calls, seconds=entry.seconds),
            below=entry.below,
        )
        for path, entry in api.open_paths.items()
    }
    token = api.token
    return GatewayApiArgs(
        resource_group_name=group,
        service_name=service_name,
        api=name,
        backend_host=host,
        subscription_required=api.subscription_required,
        token=TokenCheck(
            open_id_configuration=token.open_id_configuration, issuers=token.issuers, audiences=token.audiences
        )
        if token
        else None,
        limits=[CallLimit(counter=limit.counter, calls=limit.calls, seconds=limit.seconds) for limit in api.limits],
        browsers=BrowserAccess(origins=app.cors.origins, credentials=app.cors.credentials)
        if app.cors.origins
        else None,
        open_paths={app.health_check_path: health, **opened},
    )
