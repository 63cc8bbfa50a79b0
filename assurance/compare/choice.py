"""Which two sides a user chose to compare, and the comparison of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from assurance.basis import git, judged_basis
from assurance.compare.posture.build import REGISTERS
from assurance.compare.report import Side, StackComparison, compare_sides
from assurance.compare.revision import checked_out, default_base, record_foreign, record_revision, resolve_commit
from assurance.errors import UsageError
from assurance.full_audit import rule_ids
from assurance.record import Mode, Record
from assurance.stacks import FIRST_STACK, no_such_stack, project_root, records_for, stack_names
from documents.problems import DocumentError
from policies.accepted_changes import AcceptedChanges
from policies.exceptions import Register

SAME_ENVIRONMENT = "the base was recorded with the packages installed here: what another version of one does is hidden"
FOREIGN = "both sides were recorded by this assurance in its own environment: a change of a dependency is not seen"
EXCEPTIONS = "policies/exceptions.yaml"
TRUSTED = "policies/trusted.yaml"
ATTESTATIONS = "policies/attestations.yaml"


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
        stacks = [_compare_between(choice, register, accepted, today)]
    elif choice.base_record is not None:
        (base,) = records_for([], choice.mode, choice.base_record)
        head = _heads(choice, [base.stack])
        says = {"record": str(choice.base_record)}
        side = _side_of(base, says, _register_at(base, register))
        ours = register if head[0].own else Register()
        stacks = [_compare_one(head[0].stack, side, _head_side(head[0], choice, ours), accepted, today)]
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
    register = Register.load()
    sides = [
        _side_of(each, {"commit": each.basis.get("commit")}, register) if each is not None else None
        for each in (base, head)
    ]
    before, after = sides
    if before is not None:
        before = replace(before, register=_register_at(before.record, register), rules=rules)
    if after is not None and head_files is not None:
        texts = {file: head_files.get(file) for file in after.texts}
        after = replace(after, texts=texts, stack_file=head_files.get(f"Pulumi.{after.record.stack}.yaml"))
    either = base or head
    assert either is not None
    return _compare_one(either.stack, before, after, AcceptedChanges.load(), today)


def _check(choice: Choice) -> None:
    chosen = [name for name in ("base", "between", "base_record") if getattr(choice, name) is not None]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join('--' + name.replace('_', '-') for name in chosen)}: give one of them")
    if choice.between is not None and (choice.stacks or choice.record):
        raise UsageError("--between names both stacks: name no other, and no --record")
    if choice.project is not None and (choice.record or choice.base_record):
        raise UsageError("--project runs a program: it goes with --base or --between")


def _compare_between(choice: Choice, register: Register, accepted: AcceptedChanges, today: date) -> StackComparison:
    assert choice.between is not None
    if choice.between[0] == choice.between[1]:
        raise UsageError(f"--between {choice.between[0]} {choice.between[1]}: two stacks")
    base, head = records_for(choice.between, choice.mode, project=choice.project)
    texts = _texts_at_hand(base)
    left, right = (Side(each, {"stack": each.stack}, register, texts=texts) for each in (base, head))
    return compare_sides(head.stack, left, right, accepted, today, other_stack=True)


def _compare_revision(
    choice: Choice, register: Register, accepted: AcceptedChanges, today: date, notes: list[str]
) -> list[StackComparison]:
    root = project_root(choice.project)
    commit = resolve_commit(root, choice.base) if choice.base is not None else default_base(root)
    with checked_out(root, commit) as revision:
        here, there = stack_names(root), stack_names(revision.root)
        heads = _heads(choice, [])
        named = [each.stack for each in heads] if choice.record else list(dict.fromkeys(choice.stacks))
        known = list(dict.fromkeys((*here, *there))) or ([FIRST_STACK] if choice.project is not None else [])
        if unknown := [no_such_stack(name, known) for name in named if name not in known and choice.project is None]:
            raise UsageError(*unknown)
        names = named or known
        of_base = [name for name in names if name in there or choice.project is not None]
        rules: frozenset[str] | None = None
        if choice.project is not None:
            bases = record_foreign(revision, of_base, choice.mode)
            notes.append(FOREIGN)
        else:
            bases, rules = (
                record_revision(revision, of_base, choice.mode, same_environment=choice.same_environment)
                if of_base
                else ([], None)
            )
            if choice.same_environment:
                notes.append(SAME_ENVIRONMENT)
    before = {each.stack: each for each in bases}
    after = {each.stack: each for each in heads}
    at_base = _register_at_commit(root, commit, register)
    compared = []
    for name in names:
        base = _side_of(before[name], {"commit": commit}, at_base, rules) if name in before else None
        head = _head_side(after[name], choice, register) if name in after else None
        compared.append(_compare_one(name, base, head, accepted, today))
    return compared


def _compare_one(
    stack: str, base: Side | None, head: Side | None, accepted: AcceptedChanges, today: date
) -> StackComparison:
    return compare_sides(stack, base, head, accepted, today, current_rules=frozenset(rule_ids()))


def _heads(choice: Choice, stacks: Sequence[str]) -> list[Record]:
    """Records of the head: the saved one, or those stacks that are named and that it has."""
    if choice.record is not None:
        return records_for(choice.stacks, choice.mode, choice.record)
    wanted = list(choice.stacks or stacks)
    if choice.project is None:
        here = stack_names(project_root())
        present = [name for name in wanted if name in here]
        if wanted and not present:
            return []
        wanted = present
    return records_for(wanted, choice.mode, project=choice.project)


def _side_of(record: Record, says: dict[str, Any], register: Register, rules: frozenset[str] | None = None) -> Side:
    """A side whose registers, stack file and program are those of the record's own commit, where it is there."""
    return Side(record, says, register, rules, _texts_of(record), _stack_file(record), _program(record))


def _head_side(record: Record, choice: Choice, register: Register) -> Side:
    at_hand = {"commit": record.basis.get("commit"), "dirty": record.basis.get("dirty")}
    says = {"record": str(choice.record)} if choice.record else at_hand
    if choice.record:
        return _side_of(record, says, register)
    file = project_root(choice.project) / f"Pulumi.{record.stack}.yaml"
    text = file.read_text(encoding="utf-8") if file.is_file() else None
    return Side(
        record, says, register, texts=_texts_at_hand(record), stack_file=text, program=_program(record, at_hand=True)
    )


PROGRAM = ("__main__.py", "Pulumi.yaml", "components", "stacks", "facts", "documents", "database", "requirements.txt")
"""What the program reads beside its stack files."""


def _program(record: Record, *, at_hand: bool = False) -> str | None:
    """What tells the record's program from another one: the hashes of its files; None where they are not known.

    at_hand: the record is of the files at hand, which may differ from its commit.
    """
    root, commit, dirty = project_root(), record.basis.get("commit"), record.basis.get("dirty")
    if not record.own or not commit:
        return None
    if dirty and (not at_hand or git(root, "status", "--porcelain", "--", *PROGRAM)):
        return None
    return git(root, "ls-tree", commit, "--", *PROGRAM) or None


def _stack_file(record: Record) -> str | None:
    """The stack file that a record was made from, where its commit is there and says so."""
    root, commit = project_root(), record.basis.get("commit")
    if not record.own or not commit or record.basis.get("dirty"):
        return None
    prefix = git(root, "rev-parse", "--show-prefix") or ""
    return git(root, "show", f"{commit}:{prefix}Pulumi.{record.stack}.yaml")


def _texts_at_hand(record: Record) -> dict[str, str | None]:
    """The registers of this repository, for a program of it."""
    files = {file: project_root() / file for file in REGISTERS} if record.own else {}
    return {file: path.read_text(encoding="utf-8") if path.is_file() else None for file, path in files.items()}


def _texts_of(record: Record) -> dict[str, str | None]:
    """The registers at the record's own commit; those at hand where that is not there."""
    root, commit = project_root(), record.basis.get("commit")
    if not record.own or not commit or record.basis.get("dirty") or git(root, "cat-file", "-t", commit) is None:
        return _texts_at_hand(record)
    prefix = git(root, "rev-parse", "--show-prefix") or ""
    return {file: git(root, "show", f"{commit}:{prefix}{file}") for file in REGISTERS}


def _register_at(base: Record, register: Register) -> Register:
    """The exceptions of the base's own revision, where its commit is there; else those at hand."""
    if not base.own:
        return Register()
    commit = base.basis.get("commit")
    return _register_at_commit(project_root(), commit, register) if commit else register


def _register_at_commit(root: Path, commit: str, register: Register) -> Register:
    prefix = git(root, "rev-parse", "--show-prefix") or ""
    text = git(root, "show", f"{commit}:{prefix}{EXCEPTIONS}")
    if text is None:
        return register
    try:
        beside = [git(root, "show", f"{commit}:{prefix}{file}") for file in (TRUSTED, ATTESTATIONS)]
        return Register.parse(text, *beside)
    except DocumentError:  # of another form than today's: the base is judged without relaxations
        return Register()
