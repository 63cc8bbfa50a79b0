"""The list of what must exist before the first `up`, from the record alone: what README prints."""

from collections.abc import Iterator

from deployment.preflight.existing import images, outside_principals, outside_resources
from deployment.preflight.network import watchers
from deployment.preflight.providers import needed_namespaces
from deployment.record import Record, arm_type
from deployment.step import name_of
from documents.counting import first_of


def list_needs(record: Record) -> str:
    """Markdown: one line for each kind of thing."""
    return "\n".join(f"- {line}" for line in _needs(record))


def _needs(record: Record) -> Iterator[str]:
    namespaces = ", ".join(name.removeprefix("Microsoft.") for name in needed_namespaces(record))
    yield (
        "**Resource providers**, registered (`az provider register --wait -n Microsoft.<name>`; the engine registers "
        f"none): {namespaces}"
    )
    for watcher, location in watchers(record).items():
        yield f"**Network Watcher** of {location}: `{name_of(watcher)}` in `{watcher.split('/')[4]}`, for the flow log"
    for resource, users in outside_resources(record).items():
        group = resource.split("/")[4] if "/resourceGroups/" in resource else "the subscription"
        yield f"**{arm_type(resource)}** `{name_of(resource)}` in `{group}`, for {_some(users)}"
    if pulled := images(record):
        names = ", ".join(f"`{name.partition('@')[0]}`" for name in pulled)
        yield f"**Images**, by the digests of the stack file: {names}"
    if principals := outside_principals(record):
        message = "; ".join(f"`{principal}` for {_some(users)}" for principal, users in principals.items())
        yield f"**Entra groups, people or applications**, by object id: {message}"
    if hosts := record.outputs.get("appUrls"):
        names = ", ".join(f"`{url.removeprefix('https://')}`" for url in hosts.values())
        yield f"**Public DNS** that you may write, for {names} (the records: output `dnsRecords`, known after `up`)"
    if record.supplied:
        yield (
            "**Secrets** in the stack's config (`pulumi config set --secret --path "
            f"'medspasync:secrets.<NAME>'`): {', '.join(record.supplied)}"
        )


def _some(users: list[str]) -> str:
    """A few of them, and how many more."""
    return first_of([f"`{name}`" for name in sorted(set(users))], 3)
