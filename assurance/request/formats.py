"""What the edge does with a request, as JSON."""

from typing import Any

from assurance.basis import stated_basis
from assurance.json_text import json_text
from assurance.record import Record
from assurance.request.message import Request
from assurance.request.outcome import Outcome

BASIS = "declared configuration, seen offline; managed rule sets are named, not evaluated"


def to_json(record: Record, request: Request, outcome: Outcome) -> str:
    """The request, what became of it, and every decision."""
    content: dict[str, Any] = {
        "stack": record.stack,
        "basis": stated_basis(record.basis, record.mode, BASIS),
        "request": {"method": request.method, "url": request.url, "headers": request.headers, "from": request.address,
                    "country": request.country, "rate": list(request.rate), "bodyBytes": request.body_bytes},
        "outcome": outcome.kind,
        "status": outcome.status,
        "rule": outcome.rule or None,
        "location": outcome.location or None,
        "route": outcome.route or None,
        "origin": outcome.origin or None,
        "api": outcome.api or None,
        "forwardedHost": outcome.forwarded_host or None,
        "cached": outcome.cached,
        "responseHeaders": {"set": outcome.set, "added": outcome.added, "removed": outcome.removed},
        "logged": outcome.logged,
        "undecided": outcome.undecided,
        "managedRuleSets": outcome.managed,
        "decisions": [
            {"stage": each.stage, "name": each.name, "text": each.text, "resource": each.by.name if each.by else None,
             "source": each.by.source if each.by else None, "origin": each.by.origin if each.by else None}
            for each in outcome.decisions
        ],
    }  # fmt: skip
    return json_text(content)
