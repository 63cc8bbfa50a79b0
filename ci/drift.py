"""What differs between Azure and what is declared, every night (docs/drift.md). Nothing of the stack is written."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assurance.errors import UsageError
from ci.engine import Engine
from ci.programs import module

QUERY = Path(__file__).parents[1] / "docs" / "drift.kql"
PAGES = 50

Ask = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Sends a question to Resource Graph and returns its answer."""


def find_drift(folder: Path, engine: Engine, subscription: str, ask: Ask) -> bool:
    """Whether nothing differs: the engine's refresh, the state's inputs, and what exists that nobody declared.

    Reports are written into ``folder``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    engine.choose_backend()
    refreshed = engine.drift()
    (folder / "refresh.txt").write_text(refreshed.text, encoding="utf-8")
    (folder / "state.json").write_text(json.dumps(engine.export()), encoding="utf-8")
    (folder / "graph.json").write_text(json.dumps({"data": graph_rows(subscription, ask)}), encoding="utf-8")
    compared = [
        engine.run(
            module(
                *("assurance", "observed", engine.stack, f"--{source}", str(folder / f"{source}.json")),
                *("--json", str(folder / f"observed-{source}.json")),
            )
        ).code
        for source in ("state", "graph")
    ]
    # The state's secrets are encrypted; all the same it stays on the runner.
    (folder / "state.json").unlink()
    if wrong := [code for code in compared if code > 1]:
        raise UsageError(f"assurance observed {engine.stack}: it could not compare (exit {wrong[0]})")
    return not refreshed.code and not any(compared)


def graph_rows(subscription: str, ask: Ask) -> list[dict[str, Any]]:
    """All rows of the query, page by page. Raises UsageError for an answer that does not end."""
    rows: list[dict[str, Any]] = []
    options: dict[str, Any] = {"resultFormat": "objectArray", "$top": 1000}
    query = " ".join(QUERY.read_text(encoding="utf-8").split())
    for _ in range(PAGES):
        answer = ask({"subscriptions": [subscription], "query": query, "options": options})
        rows += answer.get("data") or []
        token = answer.get("$skipToken")
        if not token:
            return rows
        options = {**options, "$skipToken": token}
    raise UsageError(f"Resource Graph: more than {PAGES} pages")
