"""Who releases each app: its own repository, its own images, its own site."""

from collections.abc import Mapping

import pulumi

from bootstrap.duties import RELEASES
from bootstrap.github import workflow_identity
from bootstrap.settings import Settings
from bootstrap.shared import Shared
from components.custom_role import CustomRole, CustomRoleArgs
from components.identity import IdentityOutputs
from components.role_assignment import assign_role
from components.role_conditions import only_this_repository
from facts.roles import role_id


def build_releasers(
    shared: Shared, settings: Settings, registry_id: pulumi.Output[str]
) -> Mapping[str, IdentityOutputs]:
    """Identities by ``app-environment``. In the environment that it pushes from an app's workflow writes its repository
    of images; elsewhere it only swaps."""
    roles = {
        name: CustomRole(
            f"role-release-{name}",
            CustomRoleArgs(
                scope=f"/subscriptions/{environment.subscription}",
                role_name=shared.name("role", f"release-{name}"),
                description="Set the image of a site's slot, warm it, swap it, and swap back.",
                actions=RELEASES,
            ),
        )
        for name, environment in settings.environments.items()
        if any(name in app.sites for app in settings.applications.values())
    }
    made = {}
    for name, app in settings.applications.items():
        for environment in dict.fromkeys([app.pushes_from, *app.sites]):
            key = f"{name}-{environment}"
            made[key] = identity = workflow_identity(
                shared, settings.github, f"release-{key}", "release", app, environment
            )
            if environment == app.pushes_from:
                what = f"Pushes images of {name}, built by {app.repository}, into the repository of that name."
                assign_role(
                    f"release-{key}-pushes",
                    scope=registry_id,
                    role_id=role_id("Container Registry Repository Writer"),
                    principal_id=identity.principal_id,
                    description=what,
                    condition=only_this_repository(name, writes=True),
                )
            if environment in app.sites:
                roles[environment].give(
                    f"release-{key}-swaps",
                    scope=app.sites[environment],
                    principal_id=identity.principal_id,
                    description=f"Releases {name} in {environment}, and nothing else there.",
                )
    return made
