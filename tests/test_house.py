"""Rules of this house that hold for its tests, and for its names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.harness import ROOT

TESTS = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "tests").rglob("*.py"))}


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_properties_take_profile_from_conftest() -> None:
    """A deadline of its own fails on a busy machine; examples of its own are not more in the long run."""
    allowed = {ROOT / "tests" / "conftest.py", ROOT / "tests" / "long.py"}
    found = [
        f"{_where(path)}:{call.lineno}: {keyword.arg}"
        for path, tree in TESTS.items()
        if path not in allowed
        for call in _calls(tree)
        for keyword in call.keywords
        if keyword.arg in ("deadline", "max_examples")
    ]
    assert found == []


def _outside_while(node: ast.AST, inside: bool = False) -> Iterator[ast.Call]:
    """Calls of ``sleep`` that no ``while`` repeats."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and ast.unparse(child.func) in ("time.sleep", "sleep") and not inside:
            yield child
        yield from _outside_while(child, isinstance(child, ast.While) or (inside and not isinstance(child, ast.For)))


SKIPS_AFTER = {"tests/queries/test_language_service.py"}
"""What is left out by name where a host does not answer in time: it fails nowhere."""


def test_no_wait_ends_on_busy_machine() -> None:
    """A wait is a ``while`` for what must come, as long as that takes; no deadline, and no sleep that hopes."""
    found = [f"{_where(path)}:{call.lineno}: sleep" for path, tree in TESTS.items() for call in _outside_while(tree)]
    found += [
        f"{_where(path)}:{call.lineno}: {keyword.arg}"
        for path, tree in TESTS.items()
        if _where(path) not in SKIPS_AFTER
        for call in _calls(tree)
        for keyword in call.keywords
        if keyword.arg == "timeout" and ast.unparse(call.func).startswith(("subprocess.", "threading.", "queue."))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("while server.starts():\n    time.sleep(0.1)", 0),
        ("time.sleep(1)", 1),
        ("while True:\n    for _ in range(9):\n        time.sleep(1)", 1),
    ],
)
def test_sleep_is_seen_outside_while_only(text: str, count: int) -> None:
    assert len(list(_outside_while(ast.parse(text)))) == count


def test_yaml_is_read_as_the_program_reads() -> None:
    """By `documents.yaml_text`: YAML 1.2, and ten times faster than PyYAML's own loader."""
    found = [
        f"{_where(path)}:{call.lineno}"
        for path, tree in TESTS.items()
        for call in _calls(tree)
        if ast.unparse(call.func) in ("yaml.safe_load", "yaml.load", "yaml.safe_load_all")
    ]
    assert found == []


def _recorders(tree: ast.Module) -> set[str]:
    """The names under which a module has what records a program."""
    makers = {"record", "stack_record", "shared_record", "project_record", "lean_record", "record_stacks"}
    owners = ("tests.harness", "tests.assurance.altered", "assurance.recorder.processes")
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module in owners]
    return {alias.asname or alias.name for node in imports for alias in node.names if alias.name in makers}


def test_no_module_records_when_imported() -> None:
    """Every worker imports every module of the tests, whatever it runs of them."""
    found = [
        f"{_where(path)}:{call.lineno}: {ast.unparse(call.func)}"
        for path, tree in TESTS.items()
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr) and not isinstance(statement.value, ast.Lambda)
        for call in _calls(ast.Module([statement], []))
        if ast.unparse(call.func) in _recorders(tree)
    ]
    assert found == []


LONGEST = 8
"""Words of a test's name, without ``test``; the sentence is the docstring."""


def test_names_of_tests_are_short() -> None:
    found = [
        f"{_where(path)}:{node.lineno}: {node.name}"
        for path, tree in TESTS.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and node.name.count("_") > LONGEST
    ]
    assert found == [], f"names of more than {LONGEST} words: use test_<subject>_<condition>_<result>"


ROOMS = (
    "assurance",
    "bootstrap",
    "ci",
    "components",
    "database",
    "deployment",
    "documents",
    "facts",
    "policies",
    "stacks",
)
REPLACED = {"told": "message", "asked": "required", "demand": "expectation", "demands": "expectation"}
"""Words of the glossary (docs/architecture.md) that another one has replaced."""


@cache
def _product() -> Mapping[Path, ast.Module]:
    """The modules of the product, parsed once for all that looks at them."""
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in [ROOT / "__main__.py", *files]}


def test_names_use_the_glossary() -> None:
    """A function or class is named in words that every reader knows."""
    found = [
        f"{_where(path)}:{node.lineno}: {node.name}: say {REPLACED[word]}"
        for path, tree in _product().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        for word in map(str.lower, re.findall(r"[A-Z]?[a-z]+", node.name))
        if word in REPLACED
    ]
    assert found == []


def test_product_postpones_no_annotations() -> None:
    """Python 3.11 reads its own annotations; a name that comes later is quoted."""
    found = [
        _where(path)
        for path, tree in _product().items()
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    assert found == []


READ_BY_TESTS = {
    "facts/api_calls.py: api_calls",  # the calls that docs/ tell people to make
    "facts/log_scrubbing.py: log_scrubbing",  # what a synthetic log row cannot hold
}
"""Oracles: what the tests hold the platform, or its pages, against."""


def _read_names(tree: ast.Module) -> Iterator[str]:
    """Names that a module reads, and imports; texts too, since commands are called by them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value


def _public_names(tree: ast.Module) -> Iterator[str]:
    """Names that a module gives to others; what is decorated is called by whatever decorates it."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.decorator_list:
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def test_public_names_have_a_reader() -> None:
    """A name that only tests read is dead, unless it is an oracle."""
    read = {name for tree in _product().values() for name in _read_names(tree)}
    unread = {
        f"{_where(p)}: {name}" for p, tree in _product().items() for name in _public_names(tree) if name not in read
    }
    assert unread == READ_BY_TESTS


def test_name_without_reader_is_found() -> None:
    tree = ast.parse("A = 1\nB = A\ndef c(): ...\n@rule\ndef d(): ...")
    assert [name for name in _public_names(tree) if name not in set(_read_names(tree))] == ["B", "c"]


SET_BY_TESTS = {
    "ci/bounded.py: run_bounded(memory)",
    "ci/bounded.py: run_bounded(seconds)",
    "ci/code_scanning.py: upload_findings(judge)",
    "ci/workflows.py: workflow_problems(root)",
    "database/runner.py: apply(folder)",
    "database/context.py: sign_context(seconds)",  # applications sign by it, with their own time
    "documents/arguments.py: read_arguments(arguments)",
    "stacks/database_parameters.py: parameter_values(rows)",
}
"""Options by which the tests reach what the program never meets: a hung judge, another folder."""


def _options(tree: ast.Module) -> Iterator[tuple[str, int | None, str]]:
    """Parameters with a default: the function, the place among its arguments, the name."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            names = [each.arg for each in node.args.args]
            first = len(names) - len(node.args.defaults)
            yield from ((node.name, place, names[place]) for place in range(first, len(names)))
            defaults = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            yield from ((node.name, None, each.arg) for each, default in defaults if default is not None)


def _set_options(trees: Iterable[ast.Module]) -> Iterator[tuple[str, int | str | None]]:
    """What calls set: the function, and the place or name of an argument. None: it is handed on, to unseen calls."""
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            yield name, "a call"
            yield from ((name, place) for place in range(len(node.args)))
            yield from ((name, keyword.arg) for keyword in node.keywords)
            passed = [*node.args, *(keyword.value for keyword in node.keywords)]
            unseen = (each for each in passed if isinstance(each, ast.Name))
            yield from ((each.id, None) for each in unseen)
            if any(isinstance(each, ast.Starred) for each in node.args):
                yield name, None


def _unset_options(trees: Mapping[Path, ast.Module]) -> set[str]:
    known = set(_set_options(trees.values()))
    return {
        f"{_where(path)}: {name}({option})"
        for path, tree in trees.items()
        if path.parent.name != "cli"  # people set a command's
        for name, place, option in _options(tree)
        if (name, "a call") in known and not known & {(name, option), (name, None), (name, place)}
    }


def test_options_are_set_by_a_caller() -> None:
    """A parameter that every caller leaves alone is no option."""
    assert _unset_options(_product()) == SET_BY_TESTS


def test_option_without_caller_is_found() -> None:
    """One that is set by place or by name is not, nor one of a function that is handed on."""
    text = "def f(a=1, *, b=2, c=3): ...\ndef g(a=1): ...\nf(1, b=2)\nmap(g, [])"
    assert _unset_options({ROOT / "m.py": ast.parse(text)}) == {"m.py: f(c)"}


def _where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _unread_fields(trees: Iterable[ast.Module]) -> list[str]:
    """Fields of classes of data whose name nobody reads as an attribute, nor as a text."""
    trees = list(trees)
    read = {name for tree in trees for name in _read_names(tree)}
    return [
        f"{node.name}.{field.target.id}"
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for field in node.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.target.id not in read
    ]


READ_ELSEWHERE = {
    "stacks": {
        "BurnRate.spent",  # tests/stacks/settings/test_slo.py
        "Effect.remade",  # tests/stacks/settings/pages/test_changes.py
        "Parameter.static",  # database/verify.py
        "StackConfig.secret_keys",  # the recorder
    },
    "components": set(),
}


@pytest.mark.parametrize("room", READ_ELSEWHERE)
def test_fields_have_a_reader(room: str) -> None:
    """An argument or a setting that goes nowhere is none; outputs are for others."""
    found = _unread_fields(tree for path, tree in _product().items() if path.relative_to(ROOT).parts[0] == room)
    assert {each for each in found if "Outputs." not in each} == READ_ELSEWHERE[room]


def test_field_without_reader_is_found() -> None:
    assert _unread_fields([ast.parse("class A:\n    b: int\n    c: int\nprint(a.c)")]) == ["A.b"]
