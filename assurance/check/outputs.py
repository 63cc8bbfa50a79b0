"""Secrets among a stack's outputs: whoever may read the state, or the log of an update, reads them."""

from collections.abc import Iterator
from typing import Any

from assurance.check.findings import Finding
from assurance.record import UNKNOWN, Record
from documents.nested import leaves
from facts.secret_inputs import is_secret_input, says_secret
from policies.rule import RuleInfo
from policies.secrets import MASK, REFERENCE, is_random, shapes

OUTPUTS = RuleInfo(
    "SEC-OUTPUTS",
    "No output of the stack is a secret in plain text",
    "critical",
    ("164.312(a)(1)", "164.308(a)(5)(ii)(D)"),
    "Leave the output out, or wrap it in Output.secret; change the secret: it was seen.",
    "requirement S05; pulumi.com/docs/iac/concepts/secrets: outputs stand in the state, and an update prints them",
)


def output_findings(record: Record) -> Iterator[Finding]:
    """One finding for each output that is a secret in plain text; one that passes where there is none.

    The name or id of a resource is none, whatever the output is called.
    """
    named = {value for each in record for key, value in each.inputs.items() if _is_name(key, value)}
    names = named | {each.id for each in record}
    shown = [(path, text) for path, text in _texts(record.outputs) if text not in names]
    wrong = [message for path, text in shown for message in _wrong(path, text)]
    for message in wrong:
        yield Finding.of(OUTPUTS, "fail", message, stack=record.stack)
    if record.outputs and not wrong:
        yield Finding.of(OUTPUTS, "pass", "", stack=record.stack)


def _is_name(key: str, value: Any) -> bool:
    return key.lower().endswith("name") and isinstance(value, str)


def _wrong(path: str, text: str) -> Iterator[str]:
    if text in ("", MASK, UNKNOWN) or text.startswith(REFERENCE):
        return
    names = path.replace("[", ".").split(".")
    kinds = list(shapes(text))
    if any(says_secret(name) or is_secret_input(name) for name in names):
        yield f"output {path} is a secret in plain text"
    elif kinds:
        yield f"output {path} looks like {kinds[0]}"
    elif is_random(text):
        yield f"output {path} looks like a secret: it is random"


def _texts(outputs: Any) -> Iterator[tuple[str, str]]:
    """Texts and numbers, by path."""
    return ((path, str(value)) for path, value in leaves(outputs) if type(value) in (str, int, float))
