"""Runs a Logic App's workflow definition against a fake web: enough of the workflow language for our playbooks.

Functions and actions that it does not know raise, so that a workflow cannot pass by being ignored.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Web = Callable[[str, str, Any], Any]
"""Answers (method, uri, body)."""


def _union(*lists: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in (item for each in lists for item in each):
        if item not in found:
            found.append(item)
    return found


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "union": _union,
    "first": lambda items: items[0] if items else None,
    "skip": lambda items, count: items[count:],
    "createArray": lambda *items: list(items),
    "setProperty": lambda thing, key, value: {**thing, key: value},
    "and": lambda *values: all(values),
    "not": lambda value: not value,
    "equals": lambda one, other: one == other,
    "contains": lambda where, what: what in where,
    "empty": lambda value: not value,
    "string": lambda value: json.dumps(value, separators=(",", ":")) if not isinstance(value, str) else value,
    "json": json.loads,
    "length": len,
    "int": int,
    "join": lambda items, by: by.join(items),
    "guid": lambda: "0000-guid",
}
TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>\w+)|(?P<mark>\?\[|[()\[\],]))")


@dataclass
class Run:
    """One run of a workflow."""

    web: Web
    parameters: dict[str, Any]
    bodies: dict[str, Any] = field(default_factory=dict)
    loops: dict[str, Any] = field(default_factory=dict)
    item: Any = None

    def workflow(self, definition: dict[str, Any]) -> None:
        assert set(definition["parameters"]) == set(self.parameters)
        self.actions(definition["actions"])

    def actions(self, actions: dict[str, Any]) -> None:
        """Each after those that it waits for."""
        done: set[str] = set()
        while len(done) < len(actions):
            ready = [name for name in actions if name not in done and set(actions[name].get("runAfter", {})) <= done]
            assert ready, f"actions wait for each other: {set(actions) - done}"
            for name in ready:
                self.action(name, actions[name])
                done.add(name)

    def action(self, name: str, action: dict[str, Any]) -> None:
        kind, inputs = action["type"], action.get("inputs", {})
        if kind == "Http":
            assert inputs["authentication"]["type"] == "ManagedServiceIdentity"
            body = self.value(inputs.get("body"))
            self.bodies[name] = copy.deepcopy(self.web(inputs["method"], self.value(inputs["uri"]), body))
        elif kind == "Query":
            self.bodies[name] = [item for item in self.value(inputs["from"]) if self._with(item, inputs["where"])]
        elif kind == "Select":
            self.bodies[name] = [self._with(item, inputs["select"]) for item in self.value(inputs["from"])]
        elif kind == "Foreach":
            for item in self.value(action["foreach"]):
                self.loops[name] = item
                self.actions(action["actions"])
        elif kind == "If":
            self.actions(action["actions"] if self.condition(action["expression"]) else action["else"]["actions"])
        elif kind == "Compose":
            self.bodies[name] = self.value(action["inputs"])
        else:
            raise NotImplementedError(kind)

    def condition(self, expression: dict[str, Any]) -> bool:
        ((operator, operands),) = expression.items()
        if operator == "and":
            return all(self.condition(operand) for operand in operands)
        left, right = (self.value(operand) for operand in operands)
        return {"equals": left == right, "lessOrEquals": operator == "lessOrEquals" and left <= right}[operator]

    def _with(self, item: Any, expression: str) -> Any:
        self.item = item
        return self.value(expression)

    def value(self, given: Any) -> Any:
        if isinstance(given, dict):
            return {key: self.value(value) for key, value in given.items()}
        if isinstance(given, list):
            return [self.value(value) for value in given]
        if not isinstance(given, str) or "@" not in given:
            return given
        if given.startswith("@") and not given.startswith("@{"):
            return self.expression(given[1:])
        return re.sub(r"@\{(.*?)\}(?![^{]*\]\})", lambda found: str(self.expression(found[1])), given)

    def expression(self, text: str) -> Any:
        tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text.rstrip()):
            found = TOKEN.match(text, place)
            assert found, f"not understood: {text[place:]}"
            tokens.append((str(found.lastgroup), found[0].strip()))
            place = found.end()
        value, rest = self._parse(tokens)
        assert not rest, f"left over in {text}: {rest}"
        return value

    def _parse(self, tokens: list[tuple[str, str]]) -> tuple[Any, list[tuple[str, str]]]:
        (kind, text), tokens = tokens[0], tokens[1:]
        value: Any
        if kind == "text":
            value = text[1:-1].replace("''", "'")
        elif kind == "number":
            value = int(text)
        else:
            assert tokens[0][1] == "(", text
            arguments, tokens = [], tokens[1:]
            while tokens[0][1] != ")":
                argument, tokens = self._parse(tokens)
                arguments.append(argument)
                if tokens[0][1] == ",":
                    tokens = tokens[1:]
            tokens = tokens[1:]
            value = self._call(text, arguments)
        while tokens and tokens[0][1] in ("?[", "["):
            key, rest = self._parse(tokens[1:])
            assert rest[0][1] == "]"
            value, tokens = (None if value is None else value.get(key)), rest[1:]
        return value, tokens

    def _call(self, name: str, arguments: list[Any]) -> Any:
        if name == "body":
            return self.bodies[arguments[0]]
        if name == "items":
            return self.loops[arguments[0]]
        if name == "item":
            return self.item
        if name == "parameters":
            return self.parameters[arguments[0]]
        return FUNCTIONS[name](*arguments)
