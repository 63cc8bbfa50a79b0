"""Approving private links: ours, all of ours, and nothing but ours."""

from __future__ import annotations

import pytest

from tests.deployment.conftest import BACKEND, MARKETING, MESSAGE, PROFILE, Deployment
from tests.deployment.fake import GROUP, Fault

STEP = ("--step", "private-links")
GATEWAY = f"{GROUP}/providers/Microsoft.ApiManagement/service/apim-mss-test-x7k2"
STRANGER = "/subscriptions/00000000-0000-4000-8000-00000000dead"


def state(deployment: Deployment, site: str, name: str) -> str:
    connection = deployment.fake.connections[site][name]
    return str(connection["privateLinkServiceConnectionState"]["status"])


def ours(site: str) -> str:
    return f"{site[-9:]}-afd"


def test_our_own_connections_are_approved_once(deployment: Deployment) -> None:
    assert deployment(*STEP) == 0
    assert deployment.status("private-links") == {"done"}
    assert state(deployment, BACKEND, ours(BACKEND)) == state(deployment, MARKETING, ours(MARKETING)) == "Approved"
    # It stays known as ours.
    assert deployment(*STEP) == 0
    assert deployment.status("private-links") == {"already"}
    assert deployment.changes == []
    assert deployment.verify(*STEP) == 0


def test_another_tenants_connection_is_left_alone(deployment: Deployment) -> None:
    deployment.fake.connection(BACKEND, "stranger", "Front Door afd-elsewhere", by=STRANGER)
    assert deployment(*STEP) == 0
    assert state(deployment, BACKEND, "stranger") == "Pending"
    assert not any("stranger" in change for change in deployment.changes)
    assert "left alone, not ours: stranger" in deployment.detail("private-links")


def test_stranger_with_our_message_blocks_every_approval(deployment: Deployment) -> None:
    """Nobody could say which of the two is ours; the other site is not held up."""
    deployment.fake.connection(BACKEND, "stranger", MESSAGE, by=STRANGER)
    assert deployment(*STEP) == 1
    assert deployment.results["private-links"][BACKEND.rsplit("/", 1)[-1]][0] == "failed"
    assert state(deployment, BACKEND, "stranger") == state(deployment, BACKEND, ours(BACKEND)) == "Pending"
    assert "2 connections bear our message, but our Front Door asked for 1 there" in deployment.detail("private-links")
    # The other site is not held up.
    assert state(deployment, MARKETING, ours(MARKETING)) == "Approved"


def test_stranger_is_noticed_after_ours_was_approved(deployment: Deployment) -> None:
    assert deployment(*STEP) == 0
    deployment.fake.connection(BACKEND, "stranger", MESSAGE, by=STRANGER)
    assert deployment.verify(*STEP) == 1
    assert deployment(*STEP) == 1
    assert state(deployment, BACKEND, "stranger") == "Pending"


@pytest.mark.parametrize("forged", ["Front Door afd-mss-test", MESSAGE[:-1], MESSAGE.lower(), "", "Front Door"])
def test_forged_request_alone_is_not_approved(deployment: Deployment, forged: str) -> None:
    """Even while ours is not there yet."""
    deployment.fake.connections[BACKEND].clear()
    deployment.fake.connection(BACKEND, "stranger", forged, by=STRANGER)
    assert deployment(*STEP) == 1
    assert state(deployment, BACKEND, "stranger") == "Pending"
    # And it does not keep ours from being approved.
    deployment.fake.connection(BACKEND, ours(BACKEND), MESSAGE)
    assert deployment(*STEP) == 0
    assert state(deployment, BACKEND, "stranger") == "Pending"
    assert state(deployment, BACKEND, ours(BACKEND)) == "Approved"


def test_a_message_that_can_be_guessed_approves_nothing(deployment: Deployment) -> None:
    deployment.fake.origins[PROFILE] = []
    deployment.fake.asks(PROFILE, BACKEND, "Front Door afd-mss-test")
    deployment.fake.connections[BACKEND].clear()
    deployment.fake.connection(BACKEND, ours(BACKEND), "Front Door afd-mss-test")
    assert deployment(*STEP) == 1
    assert state(deployment, BACKEND, ours(BACKEND)) == "Pending"


def test_own_network_with_front_doors_message_is_refused(deployment: Deployment) -> None:
    deployment.fake.connections[BACKEND].clear()
    deployment.fake.connection(BACKEND, "vnet", MESSAGE, by="/".join(BACKEND.split("/")[:3]))
    assert deployment(*STEP) == 1
    assert state(deployment, BACKEND, "vnet") == "Pending"


def test_site_that_front_door_never_requested_stays_closed(deployment: Deployment) -> None:
    deployment.fake.origins[PROFILE] = [
        link for link in deployment.fake.origins[PROFILE] if link["privateLink"]["id"] != BACKEND
    ]
    assert deployment(*STEP) == 1
    assert state(deployment, BACKEND, ours(BACKEND)) == "Pending"
    assert "no origin of our Front Door asks for this site" in deployment.detail("private-links")


def test_two_regions_are_two_connections(deployment: Deployment) -> None:
    deployment.fake.asks(PROFILE, BACKEND, MESSAGE, location="centralus")
    deployment.fake.connection(BACKEND, "second", MESSAGE, group="eafd-Prod-centralus")
    assert deployment(*STEP) == 0
    assert state(deployment, BACKEND, "second") == state(deployment, BACKEND, ours(BACKEND)) == "Approved"


def test_gateways_connection_is_approved_by_same_signs(deployment: Deployment) -> None:
    deployment.outputs["gatewayId"] = GATEWAY
    deployment.outputs["apps"]["backend"]["privateLink"] = False
    deployment.fake.connections[BACKEND].clear()
    deployment.fake.origins[PROFILE] = [o for o in deployment.fake.origins[PROFILE] if BACKEND not in str(o)]
    deployment.fake.asks(PROFILE, GATEWAY, MESSAGE, group="Gateway")
    deployment.fake.connection(GATEWAY, "afd", MESSAGE)
    deployment.fake.connection(GATEWAY, "stranger", "Front Door afd-mss-test", by=STRANGER)
    assert deployment(*STEP) == 0
    assert state(deployment, GATEWAY, "afd") == "Approved"
    assert state(deployment, GATEWAY, "stranger") == "Pending"
    assert set(deployment.results["private-links"]) == {GATEWAY.rsplit("/", 1)[-1], MARKETING.rsplit("/", 1)[-1]}
    assert deployment(*STEP) == 0
    assert deployment.changes == []


@pytest.mark.parametrize(("status", "why"), [(None, "some minutes after `up`"), ("Rejected", "afd is Rejected")])
def test_nothing_to_approve_yet_fails_and_says_why(deployment: Deployment, status: str | None, why: str) -> None:
    if status is None:
        del deployment.fake.connections[BACKEND][ours(BACKEND)]
    else:
        deployment.fake.connection(BACKEND, ours(BACKEND), MESSAGE, status=status)
    assert deployment(*STEP) == 1
    assert why in deployment.detail("private-links")


def test_part_that_failed_is_done_by_next_run(deployment: Deployment) -> None:
    deployment.fake.faults.append(Fault("PUT", MARKETING, 403, "AuthorizationFailed"))
    assert deployment(*STEP) == 1
    assert deployment(*STEP) == 0
    assert [change for change in deployment.changes if BACKEND in change] == []
    assert state(deployment, MARKETING, ours(MARKETING)) == "Approved"


def test_an_approval_without_effect_is_noticed(deployment: Deployment) -> None:
    accept = deployment.fake._accept
    deployment.fake._approve = lambda *_: accept("location", lambda: None)  # type: ignore[method-assign]
    assert deployment(*STEP) == 1
    assert "is Pending after its approval" in deployment.detail("private-links")


def test_a_profile_that_cannot_be_read_approves_nothing(deployment: Deployment) -> None:
    deployment.fake.faults.append(Fault("GET", "originGroups", 403, "AuthorizationFailed"))
    assert deployment(*STEP) == 1
    assert deployment.changes == []


def test_a_stack_without_private_links_skips(deployment: Deployment) -> None:
    for app in deployment.outputs["apps"].values():
        app["privateLink"] = False
    assert deployment(*STEP) == 0
    assert deployment.status("private-links") == {"skipped"}
    assert deployment.fake.requests == []


def _move(deployment: Deployment) -> None:
    """The origin of the backend asks in another region; the old endpoint stays approved, as Azure's page leaves it."""
    assert deployment(*STEP) == 0
    deployment.fake.origins[PROFILE] = [
        o for o in deployment.fake.origins[PROFILE] if o["privateLink"]["id"] != BACKEND
    ]
    deployment.fake.asks(PROFILE, BACKEND, MESSAGE, location="Central US")


def test_change_of_region_is_approved_beside_old_one(deployment: Deployment) -> None:
    _move(deployment)
    deployment.fake.connection(BACKEND, "new", MESSAGE, group="eafd-Prod-centralus")
    assert deployment(*STEP) == 0
    assert state(deployment, BACKEND, "new") == state(deployment, BACKEND, ours(BACKEND)) == "Approved"
    assert f"approved for a region of before: {ours(BACKEND)}" in deployment.detail("private-links")
    assert deployment(*STEP) == 0
    assert deployment.changes == []


def test_change_of_region_waits_for_front_doors_request(deployment: Deployment) -> None:
    _move(deployment)
    assert deployment(*STEP) == 1
    assert "some minutes after `up`" in deployment.detail("private-links")
    assert deployment.changes == []


def test_stranger_on_another_site_blocks_no_approval(deployment: Deployment) -> None:
    deployment.fake.connection(BACKEND, "stranger", MESSAGE, by=STRANGER, group="eafd-Prod-westeurope")
    assert deployment(*STEP) == 1
    assert state(deployment, BACKEND, ours(BACKEND)) == "Approved"
    assert state(deployment, BACKEND, "stranger") == "Pending"
    assert "asked for 0 there: none of them was approved" in deployment.detail("private-links")


def test_place_that_cannot_be_read_counts_with_all(deployment: Deployment) -> None:
    _move(deployment)
    deployment.fake.connection(BACKEND, "new", MESSAGE, group="mrg-of-front-door")
    assert deployment(*STEP) == 1
    assert state(deployment, BACKEND, "new") == "Pending"
    assert "2 connections bear our message, but our Front Door asked for 1 there" in deployment.detail("private-links")
