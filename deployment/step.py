"""What a step is given and what it answers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from deployment.arm import Arm, ArmError
from deployment.inputs import Inputs
from deployment.pages import Answer

Status = Literal["done", "already", "skipped", "failed", "planned", "holds", "missing"]


@dataclass(frozen=True)
class Result:
    """What became of one resource.

    status: ``done`` something was changed; ``already`` nothing had to be; ``skipped`` this stack does not ask for it,
    or it was held back, or cannot be looked at; ``failed``; ``planned`` it would be changed, but only the plan was
    asked for; of what is only looked at, ``holds`` or ``missing``.
    """

    target: str
    status: Status
    detail: str


def _no_pages(url: str) -> Answer:
    raise OSError(f"{url}: this run asks no pages")


def _no_certificates(host: str) -> datetime:
    raise OSError(f"{host}: this run asks no hosts")


@dataclass(frozen=True, kw_only=True)
class Context:
    """What every step is given.

    plan: read only, and say what would be done. irreversible: what cannot be undone was confirmed.
    images: digest by app, for the steps of a release.
    fetch: asks a page over the Internet; raises OSError. expiry: when a host's certificate ends; raises OSError where
    it does not hold. clock: the time.
    """

    arm: Arm
    inputs: Inputs
    plan: bool = False
    irreversible: bool = False
    images: Mapping[str, str] = field(default_factory=dict)
    fetch: Callable[[str], Answer] = _no_pages
    expiry: Callable[[str], datetime] = _no_certificates
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True)
class Step:
    """One step.

    when: ``always``; ``named``, where ``--step`` names it; ``verify``, what only reads: in a verification, or named.
    """

    name: str
    summary: str
    run: Callable[[Context], Iterator[Result]]
    when: Literal["always", "named", "verify"] = "always"


def attempt(target: str, work: Callable[[], Result]) -> Result:
    """The result of ``work``; a refusal of Azure's is one that failed, and the next resource gets its turn."""
    try:
        return work()
    except ArmError as refused:
        return Result(target, "failed", str(refused))


def name_of(resource_id: str) -> str:
    """The last segment of an ARM id."""
    return resource_id.rsplit("/", 1)[-1]
