"""What a step is given and what it answers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, ParamSpec

from deployment.arm import Arm, ArmError
from deployment.inputs import Inputs
from deployment.tools import Tools

Status = Literal["done", "already", "skipped", "failed", "planned", "holds", "missing"]
Given = ParamSpec("Given")


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


@dataclass(frozen=True, kw_only=True)
class Context:
    """What every step is given.

    plan: read only, and say what would be done. irreversible: what cannot be undone was confirmed.
    images: digest by app, for the steps of a release.
    """

    arm: Arm
    inputs: Inputs
    tools: Tools
    plan: bool
    irreversible: bool
    images: Mapping[str, str]


@dataclass(frozen=True)
class Step:
    """One step.

    when: ``always``; ``named``, where ``--step`` names it; ``verify``, what only reads: in a verification, or named.
    """

    name: str
    summary: str
    run: Callable[[Context], Iterator[Result]]
    when: Literal["always", "named", "verify"] = "always"


def attempt(target: str, work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
    """The result of ``work``; a refusal of Azure's is one that failed, and the next resource gets its turn."""
    try:
        return work(*given, **named)
    except ArmError as refused:
        return Result(target, "failed", str(refused))


def attempt_all(results: Iterator[Result]) -> Iterator[Result]:
    """The results of a step or check; a refusal of Azure's ends them with one that failed."""
    try:
        yield from results
    except ArmError as refused:
        yield Result("-", "failed", str(refused))


def name_of(resource_id: str) -> str:
    """The last segment of an ARM id."""
    return resource_id.rsplit("/", 1)[-1]
