"""What must hold between API Management, Front Door, the network and the apps."""

from collections.abc import Iterator, Mapping

from documents.problems import Problem, did_you_mean
from stacks.settings.apps import AppSettings
from stacks.settings.edge import FrontDoorSettings
from stacks.settings.gateway import ApiManagementSettings, path_label
from stacks.settings.network import NetworkSettings


def gateway_problems(
    gateway: ApiManagementSettings,
    front_door: FrontDoorSettings,
    network: NetworkSettings,
    apps: Mapping[str, AppSettings],
) -> Iterator[Problem]:
    """Mistakes between the gateway and other sections. Keys are full paths without the namespace."""
    if gateway.on and network.subnets.gateway is None:
        yield Problem("network.subnets.gateway", None, "a range of /27 or larger: apiManagement calls apps through it")
    if not gateway.on and network.subnets.gateway is not None:
        yield Problem("network.subnets.gateway", network.subnets.gateway, "left out: there is no apiManagement")
    if gateway.on and front_door.sku != "premium":
        yield Problem(
            "apiManagement.tier",
            gateway.tier,
            "none: Front Door reaches a gateway by private link, with sku premium only",
        )
    for name, api in gateway.apis.items():
        key = f"apiManagement.apis.{name}"
        app = apps.get(name)
        if app is None:
            yield Problem(key, name, f"an app: {', '.join(apps)}{did_you_mean(name, apps)}")
            continue
        if app.exposure != "api":
            yield Problem(key, name, f"an app of exposure api: pages of {app.exposure} send no keys")
        if app.ingress != "privateLink":
            yield Problem(
                f"apps.{name}.ingress", app.ingress, "privateLink: the gateway calls the app's private endpoint"
            )
        labels = {path_label(app.health_check_path): app.health_check_path}
        for path in api.open_paths:
            other = labels.setdefault(path_label(path), path)
            if other != path or path == app.health_check_path:
                yield Problem(f"{key}.openPaths", path, f"a path that differs from {other} in more than its slashes")
