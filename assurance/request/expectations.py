"""Example requests with what the edge must do with them, and the check that it does."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from assurance.check.findings import Finding
from assurance.errors import UsageError
from assurance.record import Record
from assurance.request.edge import Edge
from assurance.request.message import Request, RequestError, parse_request
from assurance.request.outcome import Kind, Outcome
from documents.reading import read_document
from documents.sections import Section
from policies.rule import RuleInfo

EXPECTED = RuleInfo(
    "REQUEST-EXPECTED",
    "The edge does with a request what is expected",
    "high",
    ("164.312(a)(1)", "164.312(e)(1)"),
    "Correct the edge's configuration, or the expectation when the change is meant.",
    "the file of examples, which says why each is expected",
)


class Expected(Section):
    """What must become of a request; what is left out is not checked.

    rule: the firewall rule that stops it. headers: response headers that must be set to this value. removed: response
    headers that must be taken away. without: response headers that must not be set.
    """

    outcome: Kind
    rule: str | None = None
    route: str | None = None
    origin: str | None = None
    api: str | None = None
    location: str | None = None
    cached: bool | None = None
    headers: dict[str, str] = {}
    removed: list[str] = []
    without: list[str] = []


class Example(Section):
    """A request and what is expected. stacks: where; none means every stack of the file.

    ``{name}`` in the URL, the location and header values stands for a host of the stack.
    """

    id: str
    why: str
    method: str
    url: str
    headers: list[str] = []
    origin: str | None = Field(default=None, alias="from")
    rate: str | None = None
    body_bytes: int = 0
    stacks: list[str] = []
    expect: Expected

    def request(self, hosts: dict[str, str]) -> Request:
        """The request, with the hosts of a stack."""
        return parse_request(
            self.method,
            self.url.format_map(hosts),
            headers=self.headers,
            origin=self.origin,
            rate=self.rate,
            body_bytes=self.body_bytes,
        )


class Examples(Section):
    """hosts: by stack, then by the name that URLs use; requests: the examples."""

    hosts: dict[str, dict[str, str]]
    requests: list[Example]


def load_examples(path: Path) -> Examples:
    """Read a file of examples. Raises DocumentError or UsageError with every mistake."""
    examples: Examples = read_document(path, Examples)
    problems = [f"{path}: {problem}" for problem in _problems(examples)]
    if problems:
        raise UsageError(*problems)
    return examples


def _problems(examples: Examples) -> Iterator[str]:
    ids = [example.id for example in examples.requests]
    yield from (f"{each}: two requests have this id" for each in sorted({i for i in ids if ids.count(i) > 1}))
    for example in examples.requests:
        for stack in example.stacks or examples.hosts:
            if stack not in examples.hosts:
                yield f"{example.id}: no hosts are given for stack {stack}"
                continue
            try:
                example.request(examples.hosts[stack])
            except RequestError as error:
                yield f"{example.id}: {error}"
            except KeyError as error:
                yield f"{example.id}: stack {stack} has no host {error}"


def check(record: Record, examples: Examples, file: str) -> Iterator[Finding]:
    """A finding for each example of the record's stack. Raises UsageError when the file has none for it."""
    if record.stack not in examples.hosts:
        raise UsageError(f"{file}: has no hosts for stack {record.stack}, only for {', '.join(examples.hosts)}")
    edge, hosts = Edge(record), examples.hosts[record.stack]
    for example in examples.requests:
        if example.stacks and record.stack not in example.stacks:
            continue
        outcome = edge.handle(example.request(hosts))
        differences = list(_differences(example.expect, outcome, hosts))
        about = next((each.by for each in reversed(outcome.decisions) if each.by), None)
        why = outcome.decisions[-1]
        yield Finding.of(
            EXPECTED,
            "fail" if differences else "pass",
            f"{'; '.join(differences) or outcome.kind} ({why.name} {why.text})",
            about,
            stack=record.stack,
            name=example.id,
            origin={"file": file, "key": example.id},
        )


def _differences(expected: Expected, outcome: Outcome, hosts: dict[str, str]) -> Iterator[str]:
    for name in ("outcome", "rule", "route", "origin", "api", "location", "cached"):
        wanted, found = getattr(expected, name), getattr(outcome, "kind" if name == "outcome" else name)
        wanted = wanted.format_map(hosts) if name == "location" and wanted else wanted
        if wanted is not None and wanted != found:
            yield f"{name} is {found or 'none'}, expected {wanted}"
    given = {header.lower(): value for header, value in outcome.set.items()}
    for header, value in expected.headers.items():
        wanted = value.format_map(hosts)
        if given.get(header.lower()) != wanted:
            yield f"{header} is {given.get(header.lower(), 'not set')}, expected {wanted}"
    removed = {header.lower() for header in outcome.removed}
    yield from (f"{header} is not removed" for header in expected.removed if header.lower() not in removed)
    yield from (f"{header} is set" for header in expected.without if header.lower() in given)
