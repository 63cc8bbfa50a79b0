"""What the steps work on: the stack's output ``deployment``, as `pulumi stack output --json` gives it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from deployment.errors import UsageError
from documents.json_reading import parse_json

OUTPUT = "deployment"


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True, validate_by_name=True)


class EdgeInputs(_Model):
    """headers: that the edge puts on every answer; removed: that nobody gets to see."""

    headers: list[str]
    removed: list[str]


class AppInputs(_Model):
    """One app.

    url: its first page; health_check_path: answers 200; own_policy: it sends its content security policy itself.
    static_paths: what the edge may cache, ``/static/*``.
    site_id: ARM id; slot: the slot's name, None without one; private_link: whether Front Door comes by private link;
    repository: ``registry/repository`` of its images, None when it runs on a built-in Node.js.
    """

    url: str
    health_check_path: str
    own_policy: bool
    static_paths: list[str] = []
    site_id: str
    slot: str | None = None
    private_link: bool
    repository: str | None = None


class ArchiveInputs(_Model):
    """The audit archive. lock: whether config wants the policies locked; retention_days: as they must be then."""

    account_id: str
    containers: list[str]
    lock: bool
    retention_days: int


class WindowInputs(_Model):
    """When Azure may maintain the database. day: Sunday is 0; hour, minute: UTC."""

    day: int
    hour: int
    minute: int

    def as_azure(self) -> dict[str, Any]:
        """The window as ARM has it."""
        return {
            "customWindow": "Enabled",
            "dayOfWeek": self.day,
            "startHour": self.hour,
            "startMinute": self.minute,
        }

    @property
    def in_words(self) -> str:
        """The window in words."""
        day = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")[self.day]
        return f"maintenance on {day} from {self.hour:02}:{self.minute:02} UTC"


class LongTermInputs(_Model):
    """The database's copies in the backup vault. rpo_minutes: how old the newest may be."""

    instance_id: str
    rpo_minutes: int


class RecoveryInputs(_Model):
    """What is promised of a point-in-time restore, in minutes; long_term: None where a stack has no backup vault."""

    rpo_minutes: int
    rto_minutes: int
    long_term: LongTermInputs | None = None


class Inputs(_Model):
    """Everything: ids, and what is promised of a restore.

    stack: name of the stack; groups: ids of its resource groups by purpose.
    gateway_id: API Management's, None where Front Door goes to the apps.
    databases: server ids by part (``primary``, ``replica``); jobs: ids of the database jobs by name, empty where a
    stack has none.
    """

    stack: str
    groups: dict[str, str]
    front_door_id: str
    gateway_id: str | None = None
    edge: EdgeInputs
    apps: dict[str, AppInputs]
    databases: dict[str, str]
    maintenance_window: WindowInputs
    archive: ArchiveInputs
    jobs: dict[str, str]
    recovery: RecoveryInputs

    @property
    def subscription(self) -> str:
        """The subscription's id, ``/subscriptions/…``."""
        return "/".join(self.front_door_id.split("/")[:3])


def load_inputs(stack: str, outputs: str | None) -> Inputs:
    """The inputs of ``stack``: from a file with its outputs (``-`` is standard input), else from the Pulumi CLI.

    Raises UsageError when they cannot be had, are incomplete, or are those of another stack.
    """
    text = read_given("--outputs", outputs) if outputs else _from_pulumi(stack)
    origin = outputs or f"pulumi stack output --stack {stack}"
    try:
        known: Any = parse_json(text)
    except ValueError as malformed:
        raise UsageError(f"{origin}: {malformed}") from malformed
    if not isinstance(known, dict) or OUTPUT not in known:
        raise UsageError(f"{origin}: no output `{OUTPUT}`; run `pulumi up` with this version of the program first")
    try:
        inputs = Inputs.model_validate(known[OUTPUT])
    except ValidationError as wrong:
        mistakes = "; ".join(f"{OUTPUT}.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in wrong.errors())
        raise UsageError(f"{origin}: {mistakes}") from wrong
    if inputs.stack != stack.rsplit("/", 1)[-1]:
        raise UsageError(f"{origin}: these are the outputs of stack {inputs.stack}, not of {stack}")
    return inputs


def read_given(option: str, file: str) -> str:
    """The text of the file that an option names; ``-`` is standard input. Raises UsageError."""
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as unreadable:
        raise UsageError(f"{option} {file}: {getattr(unreadable, 'strerror', unreadable)}") from unreadable


def _from_pulumi(stack: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.][A-Za-z0-9_./-]*", stack):
        raise UsageError(f"{stack}: no name of a stack")
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise UsageError(
            f"the Pulumi CLI is not on PATH: give the stack's outputs with --outputs FILE "
            f"(`pulumi stack output --json --stack {stack} > FILE`, where the CLI is)"
        )
    asked = [pulumi, "stack", "output", "--json", "--stack", stack]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603  (a checked name, no shell)
    if answer.returncode:
        raise UsageError(f"pulumi stack output: {answer.stderr.strip() or 'failed'}")
    return answer.stdout
