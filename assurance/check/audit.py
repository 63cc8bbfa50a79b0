"""Every rule on every resource of a record."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from assurance.basis import judged_basis
from assurance.check.findings import LATER, Finding, Report, Status
from assurance.check.outputs import output_findings
from assurance.garbage import no_collection
from assurance.record import Record
from policies.exceptions import Register
from policies.rule import Rule, RuleInfo, Verdict
from policies.rules import RULES
from policies.trusted import Trust, TrustedRegister

ELSEWHERE = ("LIFECYCLE", "REACH-INTERNET")
"""Rules outside policies/ from which there may be an exception; from REACH-INTERNET only where it warns."""


def may_be_excepted(rule: str) -> bool:
    """Whether an entry of policies/exceptions.yaml may cover a violation of a rule."""
    return rule in ELSEWHERE or any(rule == each.id for each in RULES)


def excepted(finding: Finding, register: Register, today: date) -> Finding:
    """A violation as the register has it: excepted while an entry that covers it holds."""
    id_ = register.find(finding.rule, finding.stack, finding.name)
    if id_ is None:
        return finding
    entry = register.exceptions[id_]
    known = replace(finding, exception=id_, expires=entry.expires)
    if entry.expired(today):
        return replace(known, message=f"{finding.message} ({id_} expired on {entry.expires})")
    return replace(known, status="excepted", message=f"{finding.message}; {entry.reason}")


def audit(
    record: Record,
    register: Register,
    today: date,
    rules: Sequence[Rule] = RULES,
    more: Sequence[Finding] | None = None,
) -> Report:
    """Judge ``record`` by every rule of policies/, and by the exceptions from them.

    today: the day on which exceptions must still hold; always given, so that an audit can be repeated.
    more: what the rules of `ELSEWHERE` found; None where they were not asked.
    """
    with no_collection():
        return _audit(record, register, today, rules, more)


def _audit(
    record: Record, register: Register, today: date, rules: Sequence[Rule], more: Sequence[Finding] | None
) -> Report:
    trust = register.trusted.in_stack(record.stack, today)
    stack = record.view.judged(trust, today)
    findings: list[Finding] = []
    needed: set[tuple[str, str]] = set()
    for rule in rules:
        verdicts = list(rule.examine(stack))
        if not verdicts:
            findings.append(_nothing_examined(rule, record))
        for verdict in verdicts:
            finding = _finding(rule, verdict, record, register, today)
            if finding.status != "pass":
                covering = register.find(rule.id, record.stack, verdict.subject.name)
                needed.add((covering or "", rule.id))
            findings.append(finding)
    findings += more or ()
    needed |= {(finding.exception, finding.rule) for finding in more or () if finding.exception}
    left_out = set(ELSEWHERE) if more is None else set()
    findings += _exception_findings(record, register, today, needed, left_out)
    findings += _trusted_findings(record, register.trusted, trust, today)
    findings += output_findings(record)
    basis = judged_basis(record.basis, record.mode, today)
    return Report(record.stack, record.mode, findings, sum(resource.custom for resource in record), basis)


def _nothing_examined(rule: Rule, record: Record) -> Finding:
    kinds = ", ".join(type_.removeprefix("azure-native:") for type_ in rule.types)
    message = f"nothing to examine: this stack has no resource it is about ({kinds})"
    return Finding.of(rule, "not-applicable", message, stack=record.stack)


def _finding(rule: Rule, verdict: Verdict, record: Record, register: Register, today: date) -> Finding:
    resource = record.by_urn[verdict.subject.urn]
    of = partial(Finding.of, rule, resource=resource, stack=record.stack, seen=verdict.seen)
    if verdict.violations:
        found = of("fail" if rule.blocking else "warn", "; ".join(verdict.violations))
        return excepted(found, register, today)
    return of("unchecked", f"{LATER}{verdict.unknown}") if verdict.unknown else of("pass", "")


EXCEPTION = RuleInfo(
    "EXCEPTION-VALID",
    "An exception is needed and has not expired",
    "high",
    ("164.308(a)(1)(ii)(B)",),
    "Remove the exception, or renew it with a reason that holds today.",
    "policies/exceptions.yaml: a relaxation ends, and covers nothing that is not there",
)


def _exception_findings(
    record: Record, register: Register, today: date, needed: set[tuple[str, str]], left_out: set[str]
) -> Iterator[Finding]:
    """Exceptions for this stack that are expired, or that relax a rule nothing breaks.

    left_out: ids of rules that were not asked, so that nobody knows whether something needs the exception.
    """
    for id_, exception in register.exceptions.items():
        if record.stack not in exception.stacks:
            continue
        problems = []
        if exception.expired(today):
            problems.append(f"it expired on {exception.expires}")
        unused = [rule for rule in exception.rules if (id_, rule) not in needed and rule not in left_out]
        if unused:
            problems.append(f"nothing of {record.stack} needs it for {', '.join(unused)}")
        entry = _entry_finding(EXCEPTION, record.stack, id_, exception.expires, register, problems)
        yield replace(entry, exception=id_, expires=exception.expires)


def _entry_finding(
    rule: RuleInfo, stack: str, id_: str, expires: date, register: Register | TrustedRegister, problems: Sequence[str]
) -> Finding:
    """What is wrong with an entry of a register, if anything."""
    status: Status = "fail" if problems else "pass"
    message = f"{id_}: {'; '.join(problems)}" if problems else ""
    source = {"file": register.file, "line": register.lines.get(id_, 1)}
    return Finding.of(rule, status, message, stack=stack, seen=f"{id_} until {expires}", name=id_, source=source)


TRUSTED = RuleInfo(
    "TRUST-REGISTER",
    "What is trusted is needed, and its entry has not expired",
    "high",
    ("164.308(a)(4)(ii)(B)", "164.308(a)(3)(ii)(C)"),
    "Remove the entry, or renew it with a reason that holds today.",
    "policies/trusted.yaml: trust ends, and nobody is trusted whom nothing needs",
)


def _trusted_findings(record: Record, register: TrustedRegister, trust: Trust, today: date) -> Iterator[Finding]:
    """Entries for this stack that are expired, or that nothing needs."""
    for id_, entry in register.entries.items():
        if record.stack not in entry.stacks:
            continue
        problems = []
        if entry.expires < today:
            problems.append(f"it expired on {entry.expires}")
        elif id_ not in trust.used:
            problems.append(f"nothing of {record.stack} needs it")
        yield _entry_finding(TRUSTED, record.stack, id_, entry.expires, register, problems)
