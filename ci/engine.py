"""The engine's command line, as the workflows use it."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assurance.errors import UsageError
from ci.programs import Done, Run

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that it does not know yet (pulumi/pulumi sdk/go/common/resource/plugin/rpc.go)."""
ACCOUNT = "STATE_ACCOUNT"
"""Variable of GitHub with the name of the state's storage account; bootstrap's output stateAccount."""


@dataclass(frozen=True)
class Engine:
    """One stack. Each stack's state is in a container of its own."""

    stack: str
    run: Run

    def choose_backend(self) -> None:
        """Let the engine use the stack's container, where nobody chose another backend."""
        if account := os.environ.get(ACCOUNT):
            os.environ.setdefault("PULUMI_BACKEND_URL", f"azblob://state-{self.stack}?storage_account={account}")

    def preview(self, plan: Path) -> Done:
        """Read Azure, and write down what would be done; nothing is changed."""
        return self.run([*self._command("preview"), "--refresh", "--diff", "--save-plan", str(plan), *_POLICIES])

    def up(self, plan: Path) -> Done:
        """Do what the plan says, and stop where anything else would be done."""
        return self.run([*self._command("up"), "--yes", "--plan", str(plan), "--refresh=false", *_POLICIES])

    def drift(self) -> Done:
        """Whether Azure is as the state says; nothing is changed."""
        return self.run([*self._command("refresh"), "--preview-only", "--expect-no-changes"])

    def export(self) -> dict[str, Any]:
        """The stack's state. Raises UsageError when it cannot be had."""
        done = self.run(["pulumi", "stack", "export", "--stack", self.stack, "--non-interactive"])
        try:
            state: dict[str, Any] = json.loads(done.text)
        except ValueError:
            raise UsageError(f"pulumi stack export --stack {self.stack}: no state (exit {done.code})") from None
        return state

    def _command(self, name: str) -> list[str]:
        return ["pulumi", name, "--stack", self.stack, "--non-interactive"]


_POLICIES = ("--policy-pack", "policies")


def state_digest(state: dict[str, Any]) -> str:
    """SHA-256 of a state, with its time: everything that wrote it changes this. How secrets are encrypted does not
    count, for the engine may encrypt them anew whenever it writes them out."""
    return hashlib.sha256(json.dumps(_plain(state), sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "encrypted" if key == "ciphertext" else _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def unbound(plan: dict[str, Any]) -> Iterator[str]:
    """URNs of the resources whose inputs a plan does not know yet, so that it takes any value for them."""
    for urn, resource in sorted((plan.get("resourcePlans") or {}).items()):
        if UNKNOWN in json.dumps(resource):
            yield urn
