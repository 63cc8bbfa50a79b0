"""Azure Load Testing: where load tests run."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import loadtestservice


@dataclass(frozen=True, kw_only=True)
class LoadTestingArgs:
    """Arguments of `load_testing`. resource_name: 1 to 64 characters."""

    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    resource_name: str
    tags: dict[str, str] | None = None


def load_testing(name: str, args: LoadTestingArgs) -> loadtestservice.LoadTest:
    """A place for load tests. The tests are data-plane: a pipeline uploads and starts them.

    It has no identity: a test sends synthetic requests from outside and needs no right on anything of ours.
    """
    return loadtestservice.LoadTest(
        name,
        resource_group_name=args.resource_group_name,
        location=args.location,
        load_test_name=args.resource_name,
        identity=loadtestservice.ManagedServiceIdentityArgs(type=loadtestservice.ManagedServiceIdentityType.NONE),
        tags=args.tags,
    )
