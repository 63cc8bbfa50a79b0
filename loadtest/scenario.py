"""The scenario file: what virtual people ask for. Without Locust, so that it can be tested anywhere."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any


@dataclass(frozen=True)
class Request:
    """One kind of request. weight: how often, relative to the others; path, body: with placeholders in braces."""

    name: str
    weight: int
    method: str
    path: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Scenario:
    """account: pattern of the synthetic accounts; sign_in: path, body and the answer's field that holds the token."""

    account: str
    sign_in: Mapping[str, Any]
    requests: tuple[Request, ...]


def load(path: Path) -> Scenario:
    """Read a scenario. Raises ValueError for an account that could be somebody's."""
    data = json.loads(path.read_text(encoding="utf-8"))
    if not data["account"].endswith("@example.invalid"):
        raise ValueError(f"{data['account']}: synthetic accounts end with @example.invalid")
    return Scenario(data["account"], data["signIn"], tuple(Request(**row) for row in data["requests"]))


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with its placeholders replaced, at any depth. Raises KeyError for one that is not known."""
    if isinstance(template, str):
        return template.format_map(values)
    if isinstance(template, Mapping):
        return {key: fill(value, values) for key, value in template.items()}
    return template


class Person:
    """One virtual person: an account, and made-up values that differ from request to request."""

    def __init__(self, scenario: Scenario, number: int) -> None:
        self._scenario = scenario
        self._random = Random(number)  # noqa: S311 - load, not secrets
        self._serials = itertools.count(number * 1_000_000)
        self.account = scenario.account.format(number=number)

    def sign_in(self, password: str) -> tuple[str, dict[str, Any], str]:
        """Path, body and the answer's field with the token."""
        rules = self._scenario.sign_in
        return rules["path"], fill(rules["body"], {"account": self.account, "password": password}), rules["tokenField"]

    def next_request(self) -> tuple[Request, str, Any]:
        """A kind of request, drawn by weight, with its path and body."""
        kinds = self._scenario.requests
        kind = self._random.choices(kinds, [kind.weight for kind in kinds])[0]
        day = date(2030, 1, 1) + timedelta(days=self._random.randrange(365))
        values = {"day": day.isoformat(), "serial": next(self._serials)}
        return kind, fill(kind.path, values), fill(kind.body, values)
