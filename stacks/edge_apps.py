"""An app as the edge sees it."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from stacks.catalogues.security_headers import response_headers
from stacks.settings.apps import AppSettings, Ingress


@dataclass(frozen=True, kw_only=True)
class EdgeApp:
    """An app as the edge sees it.

    hosts: its public host names; exposure: its class (``api``, ``web``, ``marketing``).
    health_check_path: answered without authentication; static_paths: patterns whose answers may be cached.
    csp: its own Content-Security-Policy; ``app``: it sends one itself; None: the class's.
    ingress: ``privateLink``, or ``serviceTag`` (public, open to Front Door only).
    gateway: API Management stands between Front Door and the app.
    """

    name: str
    hosts: tuple[str, ...]
    exposure: str
    health_check_path: str
    static_paths: tuple[str, ...] = ()
    csp: str | None = None
    ingress: Ingress = "privateLink"
    gateway: bool = False


def edge_apps(apps: Mapping[str, AppSettings], behind_gateway: Container[str] = ()) -> tuple[EdgeApp, ...]:
    """The apps of a stack config as the edge sees them; behind_gateway: those that API Management stands before."""
    return tuple(
        EdgeApp(
            name=name,
            hosts=tuple(app.host_names),
            exposure=app.exposure,
            health_check_path=app.health_check_path,
            static_paths=tuple(app.static_paths),
            csp=app.content_security_policy,
            ingress=app.ingress,
            gateway=name in behind_gateway,
        )
        for name, app in apps.items()
    )


def sent_headers(app: EdgeApp, apps: Sequence[EdgeApp]) -> dict[str, str]:
    """What the edge sets on the app's answers. apps: all of the stack, whose APIs its pages may call."""
    return response_headers(
        app.exposure, app.csp, [host for each in apps if each.exposure == "api" for host in each.hosts]
    )
