"""The digest that ships with the program is that of its own SQL, on every major version that there is one for."""

from __future__ import annotations

from database import catalogue
from tests.database import conftest
from tests.database.servers import Server
from tests.database.world import World

WRITE = "make it anew: python -m database catalogue --write database/catalogue, on a scratch server of this version"


def difference(server: Server, dbname: str) -> list[str]:
    with server.connect("medspasync_auditor", dbname) as auditor, auditor.transaction():
        definitions = catalogue.read(auditor)
    expected = catalogue.shipped(int(server.binaries.version.split(".")[0])) or {}
    return catalogue.compare(definitions, expected)


def test_the_shipped_digest_is_that_of_the_files(server: Server) -> None:
    assert difference(server, conftest.fresh_database(server)) == [], WRITE


def test_use_changes_no_definition(world: World) -> None:
    """Rows, seals, months to come, a second bootstrap and apply."""
    with world.login("medspasync_maintainer") as maintainer:
        maintainer.execute("SELECT audit.seal(), audit.ensure_partitions(24)")
    conftest.bootstrap(world.server, world.dbname)
    conftest.apply(world.server, world.dbname)
    assert difference(world.server, world.dbname) == []


def test_a_version_without_a_digest_fails() -> None:
    from database.verify import _catalogue_finding

    finding = _catalogue_finding({}, 9)
    assert (finding["status"], "nothing was compared" in finding["message"]) == ("fail", True)
