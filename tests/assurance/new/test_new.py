"""`assurance new` writes a stack that passes, all of it or nothing."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assurance.cli import app
from assurance.cli import new as command
from assurance.errors import ProgramError, UsageError
from assurance.new import make
from assurance.new.entries import without_stack
from assurance.new.make import EXCEPTIONS, TRUSTED, NewStack, make_stack, write_stack
from assurance.new.wish import CLASSES, KINDS, SIZES, Wish, find_place, first_of_next_month, fitting_regions, read_wish
from policies.exceptions import Register
from tests.harness import ROOT, once
from tests.long import sample

TODAY = date(2026, 11, 29)
SETS = [
    tuple(kind for kind, wanted in zip(KINDS, chosen, strict=True) if wanted) for chosen in product((1, 0), repeat=3)
]
COMBINATIONS = [(size, data, kinds) for data, size, kinds in product(CLASSES, SIZES, SETS) if kinds]
OPTIONS = ["--region", "centralus", "--domain", "qa.example.org", "--app", "backend:api"]
OPTIONS += ["--classification", "test-data", "--size", "small"]


def wish(size: str = "small", data: str = "test-data", kinds: Sequence[str] = KINDS, region: str = "centralus") -> Wish:
    return read_wish("qa", region, "qa.example.org", [f"{kind}:{kind}" for kind in kinds], data, size)


def made(size: str = "small", data: str = "test-data", kinds: Sequence[str] = KINDS) -> NewStack:
    return once(lambda: make_stack(wish(size, data, kinds), ROOT, TODAY), "new", size, data, list(kinds))


@pytest.mark.parametrize(("size", "data", "kinds"), sample(COMBINATIONS, every=14))
def test_every_combination_passes(size: str, data: str, kinds: Sequence[str]) -> None:
    """`make_stack` refuses what settings refuse and what `check` fails."""
    new = made(size, data, kinds)
    register = Register.parse(*(new.texts[file] for file in (EXCEPTIONS, TRUSTED, make.ATTESTATIONS)))
    relaxed = [id_ for id_, each in register.exceptions.items() if "qa" in each.stacks]
    assert bool(relaxed) is (size == "small" and data == "test-data"), relaxed
    assert bool(register.attestations.in_stack("qa")) is (data == "phi")
    entries: list[Any] = [register.exceptions[id_] for id_ in relaxed]
    for entry in (*entries, *register.trusted.in_stack("qa", TODAY).entries.values()):
        assert entry.reason
        assert entry.owner
        assert entry.expires > TODAY
    assert new.bill.total > 0
    assert "password" not in new.texts["Pulumi.qa.yaml"]


def test_relaxation_is_named_where_it_stands() -> None:
    """The stack file carries the id of the exception in a comment, and the register has each of them."""
    new = made()
    register = Register.parse(new.texts[EXCEPTIONS])
    ids = [id_ for id_ in register.exceptions if id_.startswith("EXC-QA-")]
    assert ids
    for id_ in ids:
        assert f"({id_})" in new.texts["Pulumi.qa.yaml"]


def test_registers_of_others_stay() -> None:
    new = made()
    for file in (EXCEPTIONS, TRUSTED, make.ATTESTATIONS):
        assert new.texts[file].startswith((ROOT / file).read_text(encoding="utf-8").rstrip("\n"))


def test_second_writing_replaces_the_first() -> None:
    text = made().texts[EXCEPTIONS]
    assert without_stack(text, "qa", EXCEPTIONS) == (ROOT / EXCEPTIONS).read_text(encoding="utf-8")
    assert "&id" not in text
    shared = text.replace("stacks: [qa]", "stacks: [qa, dev]")
    assert without_stack(shared, "qa", EXCEPTIONS) == shared.rstrip("\n") + "\n", "entries of other stacks too"


def test_stack_that_does_not_pass_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "_recorded", lambda *_: made().record)
    monkeypatch.setattr(make, "needed_exceptions", lambda *_: {})
    with pytest.raises(ProgramError, match="would not pass"):
        make_stack(wish(), ROOT, TODAY)


def test_region_without_the_offer_is_told() -> None:
    with pytest.raises(UsageError) as error:
        make_stack(wish(data="phi", region="westus"), ROOT, TODAY)
    assert "--region westus: it cannot have this stack; these can: " in error.value.messages[0]
    assert "centralus" in error.value.messages[0]
    assert all(each.endswith("(nothing is written)") for each in error.value.messages[1:])


REGIONS = fitting_regions(read_wish("qa", "centralus", "a.org", ["b1:api"], "phi", "small"))


@pytest.mark.parametrize("region", sample(REGIONS, every=len(REGIONS)))
def test_region_that_fits_can_have_it(region: str) -> None:
    assert make_stack(wish(data="phi", kinds=("api",), region=region), ROOT, TODAY).record.resources


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what `assurance new` reads and writes, where making takes no time."""
    for name in ("Pulumi.yaml", "__main__.py", "Pulumi.dev.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "policies").mkdir()
    for name in (EXCEPTIONS, TRUSTED, make.ATTESTATIONS):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "make_stack", lambda *_: made())
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def new(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["new", *arguments])


def test_command_writes_and_tells_cost(project: Path) -> None:
    result = new("qa", *OPTIONS)
    assert result.exit_code == 0, result.output
    assert contents(project)["Pulumi.qa.yaml"].decode() == made().texts["Pulumi.qa.yaml"]
    assert f"{made().bill.total:,.0f} USD a month" in result.output
    for word in ("marketing", "dnsRecords", "preflight qa", "ops@qa.example.org"):
        assert word in result.output


def test_stack_that_is_there_stays(project: Path) -> None:
    before = contents(project)
    result = new("dev", *OPTIONS)
    assert result.exit_code == 2
    assert "Pulumi.dev.yaml: is there already" in result.output
    assert contents(project) == before
    assert new("dev", *OPTIONS, "--force").exit_code == 0


@pytest.mark.parametrize("file", [EXCEPTIONS, TRUSTED, make.ATTESTATIONS, "Pulumi.qa.yaml"])
@pytest.mark.parametrize("step", ["write_text", "replace"])
def test_nothing_is_left_half_written(file: str, step: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(project)
    usual: Callable[..., Any] = getattr(Path, step)

    def failing(path: Path, *arguments: Any, **more: Any) -> Any:
        if path.name.startswith(Path(file).stem):
            raise OSError(28, "No space left on device", str(path))
        return usual(path, *arguments, **more)

    monkeypatch.setattr(Path, step, failing)
    with pytest.raises(UsageError, match="nothing is written"):
        write_stack(made(), project)
    assert contents(project) == before


def test_what_is_missing_is_told(project: Path) -> None:
    result = new("qa", "--region", "centralus")
    assert result.exit_code == 2
    for option in ("--domain", "--classification", "--size", "--app"):
        assert f"{option}: missing" in result.output
    assert "--region: missing" not in result.output


def test_what_is_missing_is_asked_for(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        @staticmethod
        def isatty() -> bool:
            return True

    asked: list[Wish] = []
    monkeypatch.setattr(command, "sys", type("sys", (), {"stdin": Terminal}))

    def make_it(wish: Wish, *_: Any) -> NewStack:
        asked.append(wish)
        return made()

    monkeypatch.setattr(command, "make_stack", make_it)
    given = "qa.example.org\nphi\nproduction\nbackend:api, web:web\n"
    result = CliRunner().invoke(app, ["new", "qa", "--region", "centralus"], input=given)
    assert result.exit_code == 0, result.output
    assert asked == [read_wish("qa", "centralus", "qa.example.org", ["backend:api", "web:web"], "phi", "production")]
    assert sys.stdin is not Terminal


WRONG: dict[str, tuple[tuple[Any, ...], str]] = {
    "a name in capitals": (("QA", "centralus", "a.org", ["b1:api"], "phi", "small"), "QA: a stack's name"),
    "a region by its title": (("qa", "Central US", "a.org", ["b1:api"], "phi", "small"), "did you mean centralus?"),
    "an address for a domain": (
        ("qa", "centralus", "https://a.org", ["b1:api"], "phi", "small"),
        "a domain in lower case",
    ),
    "a kind that is none": (("qa", "centralus", "a.org", ["b1:apl"], "phi", "small"), "did you mean api?"),
    "no kind": (("qa", "centralus", "a.org", ["backend"], "phi", "small"), "for example backend:api"),
    "an app twice": (("qa", "centralus", "a.org", ["b1:api", "b1:web"], "phi", "small"), "each name once"),
    "an app called as a vault": (("qa", "centralus", "a.org", ["keys:api"], "phi", "small"), "another name"),
    "no app": (("qa", "centralus", "a.org", [], "phi", "small"), "--app: at least one"),
    "a class that is none": (
        ("qa", "centralus", "a.org", ["b1:api"], "PHI", "small"),
        "phi or test-data; did you mean phi?",
    ),
    "a size that is none": (("qa", "centralus", "a.org", ["b1:api"], "phi", "big"), "small or production"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_wish_is_told(name: str) -> None:
    arguments, expected = WRONG[name]
    with pytest.raises(UsageError) as error:
        read_wish(*arguments)
    assert expected in str(error.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(UsageError) as error:
        read_wish("Q", "x", "x", ["x"], "x", "x")
    assert len(error.value.messages) == 6


def test_place_is_apart_from_others(tmp_path: Path) -> None:
    for name in ("dev", "staging", "prod"):
        shutil.copy(ROOT / f"Pulumi.{name}.yaml", tmp_path)
    place = find_place(wish(), tmp_path)
    assert str(place.network) == "10.40.48.0/20"
    assert (place.short, place.registry) == ("mss", ("medspasyncpro", "rg-mss-shared"))
    code = find_place(read_wish("prod2", "centralus", "a.org", ["b1:api"], "phi", "small"), tmp_path).code
    assert code == "pro1"
    alone = find_place(wish(), tmp_path / "nowhere")
    assert alone.registry[0].startswith("example")


def test_full_project_is_told(tmp_path: Path) -> None:
    for number in range(10):
        text = f"config: {{medspasync:platform: {{code: '{'qa' if number == 0 else f'qa{number}'}'}}}}"
        (tmp_path / f"Pulumi.x{number}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="no short code is free"):
        find_place(wish(), tmp_path)
    (tmp_path / "Pulumi.x0.yaml").write_text(
        "config: {medspasync:network: {addressSpace: 10.0.0.0/8}}", encoding="utf-8"
    )
    with pytest.raises(UsageError, match="no free address range"):
        find_place(wish(), tmp_path)


def test_budget_begins_next_month() -> None:
    assert first_of_next_month(date(2026, 12, 31)) == date(2027, 1, 1)
    assert first_of_next_month(TODAY) == date(2026, 12, 1)
