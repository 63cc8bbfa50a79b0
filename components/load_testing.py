"""Azure Load Testing: where load tests run."""

from dataclasses import dataclass

from pulumi_azure_native import loadtestservice

from components.component import Placed


@dataclass(frozen=True, kw_only=True)
class LoadTestingArgs(Placed):
    """Arguments of `load_testing`. resource_name: 1 to 64 characters."""

    resource_name: str


def load_testing(name: str, args: LoadTestingArgs) -> loadtestservice.LoadTest:
    """A place for load tests. The tests are data-plane: a pipeline uploads and starts them.

    It has no identity: a test sends synthetic requests from outside and needs no right on anything of ours.
    """
    return loadtestservice.LoadTest(
        name,
        **args.place,
        load_test_name=args.resource_name,
        identity=loadtestservice.ManagedServiceIdentityArgs(type=loadtestservice.ManagedServiceIdentityType.NONE),
    )
