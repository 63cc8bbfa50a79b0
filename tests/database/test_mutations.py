"""Nothing that somebody could alter stays unseen, but for what the register names with a reason (unseen.yaml).

Each alteration is made as the role that could, in a transaction that is rolled back; looked at with what `verify` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import Connection

from database import verify
from documents.yaml_text import load_yaml
from tests.database.mutations import BY_HAND, Mutation, over_the_catalogue
from tests.database.mutations_by_kind import BY_KIND
from tests.database.world import World

UNSEEN = load_yaml((Path(__file__).parent / "unseen.yaml").read_text(encoding="utf-8"))


class IneffectiveError(Exception):
    """The server only warns: nothing was granted or revoked (01006, 01007)."""


@contextmanager
def altered(world: World, mutation: Mutation) -> Iterator[Connection[tuple]]:
    """A superuser's session after the alteration, before it is rolled back."""
    warnings: list[str] = []
    with world.login("platform") as platform, platform.transaction(force_rollback=True):
        platform.add_notice_handler(lambda notice: warnings.append(notice.sqlstate or ""))
        platform.execute(f"SET LOCAL SESSION AUTHORIZATION {mutation.role}".encode())
        if mutation.role == "medspasync_migrator":
            platform.execute("SET LOCAL ROLE medspasync_owner")
        platform.execute(mutation.sql.replace("{dbname}", world.dbname).encode())
        if {"01006", "01007"} & set(warnings):
            raise IneffectiveError
        platform.execute("RESET ROLE")
        platform.execute("RESET SESSION AUTHORIZATION")
        yield platform


def failing(connection: Connection[tuple]) -> set[str]:
    try:
        return {finding["rule"] for finding in verify.observe(connection)[0] if finding["status"] == "fail"}
    except psycopg.Error as refused:
        # verify ends with exit code 2 and the server's words.
        return {f"error {refused.sqlstate}"}


def unnoticed(world: World, mutations: list[Mutation]) -> list[str]:
    """Of the alterations that the server does not refuse, those that nothing notices."""
    # A superuser also sees that a server without pgaudit has not loaded it.
    before = set() if world.server.binaries.pgaudit else {"database/parameter shared_preload_libraries"}
    missed = []
    for mutation in mutations:
        try:
            with altered(world, mutation) as platform:
                if not failing(platform) - before:
                    missed.append(str(mutation))
        except (psycopg.errors.InsufficientPrivilege, IneffectiveError):
            continue  # refused for lack of rights
        except (psycopg.errors.DependentObjectsStillExist, psycopg.errors.InvalidTableDefinition,
                psycopg.errors.InvalidObjectDefinition, psycopg.errors.FeatureNotSupported):  # fmt: skip
            continue  # not possible
    return missed


def test_an_unaltered_database_has_no_finding(shared_world: World) -> None:
    """What the others mean by a new finding."""
    with shared_world.login("medspasync_auditor") as auditor, auditor.transaction():
        assert failing(auditor) == set()


@pytest.mark.parametrize("mutation", BY_HAND, ids=str)
def test_an_attack_is_refused_or_noticed(shared_world: World, mutation: Mutation) -> None:
    assert unnoticed(shared_world, [mutation]) == []


def test_a_sample_of_each_kind_is_noticed(shared_world: World) -> None:
    assert unnoticed(shared_world, BY_KIND[::6]) == []


@pytest.mark.long
@pytest.mark.parametrize("mutation", BY_KIND, ids=str)
def test_an_alteration_of_every_kind_is_noticed(shared_world: World, mutation: Mutation) -> None:
    assert unnoticed(shared_world, [mutation]) == []


@pytest.mark.parametrize("entry", UNSEEN, ids=lambda entry: entry["sql"][:60])
def test_what_the_register_names_is_unseen(shared_world: World, entry: dict[str, str]) -> None:
    assert len(entry["reason"]) > 20
    mutation = Mutation(entry["sql"], entry["role"])
    assert unnoticed(shared_world, [mutation]) == ([] if "noticed" in entry else [str(mutation)])


def test_a_sample_over_the_catalogue_is_noticed(shared_world: World) -> None:
    with shared_world.login("platform") as platform:
        every = over_the_catalogue(platform)
    assert len(every) > 900
    assert unnoticed(shared_world, every[::83]) == []


OTHERS = ("backend", "marketing", "auditor", "maintainer", "credentials", "breakglass")


def as_others(mutations: list[Mutation]) -> list[Mutation]:
    return [Mutation(mutation.sql, f"medspasync_{role}") for mutation in mutations for role in OTHERS]


def test_a_sample_is_refused_to_everybody_else(shared_world: World) -> None:
    """Whoever is no migrator alters nothing: refused, or a warning that nothing was done."""
    with shared_world.login("platform") as platform:
        every = over_the_catalogue(platform)
    assert unnoticed(shared_world, as_others(every[7::83])) == []


@pytest.mark.long
@pytest.mark.parametrize("part", range(8))
def test_everything_is_refused_to_everybody_else(shared_world: World, part: int) -> None:
    with shared_world.login("platform") as platform:
        every = over_the_catalogue(platform)
    assert unnoticed(shared_world, as_others(every[part::8])) == []


@pytest.mark.long
@pytest.mark.parametrize("part", range(8))
def test_everything_over_the_catalogue_is_noticed(shared_world: World, part: int) -> None:
    with shared_world.login("platform") as platform:
        every = over_the_catalogue(platform)
    assert unnoticed(shared_world, every[part::8]) == []
