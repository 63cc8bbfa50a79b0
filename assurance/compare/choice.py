"""Which two sides a user chose to compare, and the comparison of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from assurance.basis import file_at, git, judged_basis
from assurance.compare.posture.build import REGISTERS
from assurance.compare.report import Side, StackComparison, compare_sides
from assurance.compare.revision import checked_out, default_base, record_foreign, record_revision, resolve_commit
from assurance.errors import UsageError
from assurance.record import Mode, Record
from assurance.stacks import FIRST_STACK, no_such_stack, project_root, records_for, stack_names
from documents.problems import DocumentError
from policies.accepted_changes import AcceptedChanges
from policies.exceptions import Register

SAME_ENVIRONMENT = "the base was recorded with the packages installed here: what another version of one does is hidden"
FOREIGN = "both sides were recorded by this assurance in its own environment: a change of a dependency is not seen"
EXCEPTIONS = "policies/exceptions.yaml"


@dataclass(frozen=True)
class Choice:
    """What the options say; at most one of base, between and base_record."""

    stacks: tuple[str, ...] = ()
    mode: Mode = "deployed"
    base: str | None = None
    between: tuple[str, str] | None = None
    base_record: Path | None = None
    record: Path | None = None
    project: Path | None = None
    same_environment: bool = False


@dataclass
class Comparison:
    """The result. notes: what it could not see. past: accepted changes whose last day is over."""

    stacks: list[StackComparison]
    basis: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    past: list[str] = field(default_factory=list)
    dearer: dict[str, list[str]] = field(default_factory=dict)
    """By stack: how its bill rises by more than is allowed."""


def compare_chosen(choice: Choice, today: date) -> Comparison:
    """Record both sides and compare them. today: the day on which registers must hold.

    Raises UsageError for options that do not go together and for what is not there, ProgramError where a side fails.
    """
    _check(choice)
    accepted = AcceptedChanges.load()
    # Ours never apply to another project: it has registers of its own, or none.
    register = Register.load(choice.project / EXCEPTIONS) if choice.project is not None else Register.load()
    notes: list[str] = []
    if choice.between is not None:
        stacks = [_compare_between(choice, choice.between, register, accepted, today)]
    elif choice.base_record is not None:
        (saved,) = records_for([], choice.mode, choice.base_record)
        head, *_ = records_for(choice.stacks or ([] if choice.record else [saved.stack]), choice.mode, choice.record)
        base = _base_side(saved, {"record": str(choice.base_record)}, register)
        after = _head_side(head, choice, register if head.own else Register())
        stacks = [compare_sides(head.stack, base, after, accepted, today)]
    else:
        stacks = _compare_revision(choice, register, accepted, today, notes)
    basis = stacks[0].basis if stacks else {}
    return Comparison(stacks, judged_basis(basis, choice.mode, today), notes, accepted.past(today))


def compare_saved(
    base: Record | None,
    head: Record | None,
    today: date,
    rules: frozenset[str] | None = None,
    head_files: Mapping[str, str | None] | None = None,
) -> StackComparison:
    """Compare two records of one stack, each by the registers of its own commit where that is there.

    rules: ids of the rules of the base's own revision, where they are known. head_files: the registers and the stack
    file of the head by path, where its commit is not there; the head is judged by the registers at hand all the same.
    """
    either = base or head
    assert either is not None
    register = Register.load()
    before = after = None
    if base is not None:
        before = _base_side(base, {"commit": base.basis.get("commit")}, register, rules)
    if head is not None:
        after = _side_of(head, {"commit": head.basis.get("commit")}, register)
        if head_files is not None:
            texts = {file: head_files.get(file) for file in after.texts}
            after = replace(after, texts=texts, stack_file=head_files.get(f"Pulumi.{head.stack}.yaml"))
    return compare_sides(either.stack, before, after, AcceptedChanges.load(), today)


def _check(choice: Choice) -> None:
    chosen = [name for name in ("base", "between", "base_record") if getattr(choice, name) is not None]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join('--' + name.replace('_', '-') for name in chosen)}: give one of them")
    if choice.between is not None and (choice.stacks or choice.record):
        raise UsageError("--between names both stacks: name no other, and no --record")
    if choice.project is not None and (choice.record or choice.base_record):
        raise UsageError("--project runs a program: it goes with --base or --between")


def _compare_between(
    choice: Choice, between: tuple[str, str], register: Register, accepted: AcceptedChanges, today: date
) -> StackComparison:
    if between[0] == between[1]:
        raise UsageError(f"--between {between[0]} {between[1]}: two stacks")
    records = records_for(between, choice.mode, project=choice.project)
    texts = _texts_at_hand(records[0])
    base, head = (Side(each, {"stack": each.stack}, register, texts=texts) for each in records)
    return compare_sides(head.record.stack, base, head, accepted, today, other_stack=True)


def _compare_revision(
    choice: Choice, register: Register, accepted: AcceptedChanges, today: date, notes: list[str]
) -> list[StackComparison]:
    root = project_root(choice.project)
    commit = resolve_commit(root, choice.base) if choice.base is not None else default_base(root)
    with checked_out(root, commit) as revision:
        here, there = stack_names(root), stack_names(revision.root)
        heads = _heads(choice)
        named = [each.stack for each in heads] if choice.record else list(dict.fromkeys(choice.stacks))
        known = list(dict.fromkeys((*here, *there))) or ([FIRST_STACK] if choice.project is not None else [])
        if unknown := [no_such_stack(name, known) for name in named if name not in known and choice.project is None]:
            raise UsageError(*unknown)
        names = named or known
        of_base = [name for name in names if name in there or choice.project is not None]
        bases: list[Record] = []
        rules: frozenset[str] | None = None
        if choice.project is not None:
            bases = record_foreign(revision, of_base, choice.mode)
            notes.append(FOREIGN)
        elif of_base:
            bases, rules = record_revision(revision, of_base, choice.mode, same_environment=choice.same_environment)
        if choice.same_environment and choice.project is None:
            notes.append(SAME_ENVIRONMENT)
    before = {each.stack: each for each in bases}
    after = {each.stack: each for each in heads}
    at_base = _register_of({file: file_at(root, commit, file) for file in REGISTERS}, register)
    compared = []
    for name in names:
        base = _side_of(before[name], {"commit": commit}, at_base, rules) if name in before else None
        head = _head_side(after[name], choice, register) if name in after else None
        compared.append(compare_sides(name, base, head, accepted, today))
    return compared


def _heads(choice: Choice) -> list[Record]:
    """Records of the head: the saved one, or those stacks that are named, else all, and that it has."""
    wanted = list(choice.stacks)
    if choice.record is None and choice.project is None:
        here = stack_names(project_root())
        wanted = [name for name in wanted if name in here]
        if choice.stacks and not wanted:
            return []
    return records_for(wanted, choice.mode, choice.record, project=choice.project)


def _side_of(record: Record, says: dict[str, Any], register: Register, rules: frozenset[str] | None = None) -> Side:
    """A side whose registers, stack file and program are those of the record's own commit, where it is there."""
    commit = _own_commit(record)
    texts = _texts_at_hand(record)
    if commit is not None and git(project_root(), "cat-file", "-t", commit) is not None:
        texts = {file: file_at(project_root(), commit, file) for file in REGISTERS}
    stack_file = file_at(project_root(), commit, f"Pulumi.{record.stack}.yaml") if commit else None
    return Side(record, says, register, rules, texts, stack_file, _program(record))


def _base_side(record: Record, says: dict[str, Any], register: Register, rules: frozenset[str] | None = None) -> Side:
    """A side that is judged by the exceptions of its own revision, where its commit is there; else by those at hand."""
    side = _side_of(record, says, register, rules)
    return replace(side, register=_register_of(side.texts, register) if record.own else Register())


def _head_side(record: Record, choice: Choice, register: Register) -> Side:
    if choice.record:
        return _side_of(record, {"record": str(choice.record)}, register)
    at_hand = {"commit": record.basis.get("commit"), "dirty": record.basis.get("dirty")}
    text = _text(project_root(choice.project) / f"Pulumi.{record.stack}.yaml")
    program = _program(record, at_hand=True)
    return Side(record, at_hand, register, texts=_texts_at_hand(record), stack_file=text, program=program)


PROGRAM = ("__main__.py", "Pulumi.yaml", "components", "stacks", "facts", "documents", "database", "requirements.txt")
"""What the program reads beside its stack files."""


def _program(record: Record, *, at_hand: bool = False) -> str | None:
    """What tells the record's program from another one: the hashes of its files; None where they are not known.

    at_hand: the record is of the files at hand, which may differ from its commit.
    """
    root, commit = project_root(), _own_commit(record)
    if commit is None and at_hand and record.own and not git(root, "status", "--porcelain", "--", *PROGRAM):
        commit = record.basis.get("commit")
    return git(root, "ls-tree", commit, "--", *PROGRAM) or None if commit else None


def _own_commit(record: Record) -> str | None:
    """The commit whose files a record of ours was made from; None where it was made from others."""
    return record.basis.get("commit") if record.own and not record.basis.get("dirty") else None


def _texts_at_hand(record: Record) -> dict[str, str | None]:
    """The registers of this repository, for a program of it."""
    return {file: _text(project_root() / file) for file in REGISTERS} if record.own else {}


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _register_of(texts: Mapping[str, str | None], otherwise: Register) -> Register:
    """The register of these texts, in the order of REGISTERS; ``otherwise`` where there are no exceptions."""
    if texts[EXCEPTIONS] is None:
        return otherwise
    try:
        return Register.parse(*(texts[file] for file in REGISTERS))
    except DocumentError:  # of another form than today's: the base is judged without relaxations
        return Register()
