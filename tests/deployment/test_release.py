"""A release: image, warm, swap, and back."""

from __future__ import annotations

import pytest

from tests.deployment.conftest import BACKEND, MARKETING, Deployment, digest, image
from tests.deployment.fake import Fault

SLOT = f"{BACKEND}/slots/staging"
NEW = ("--image", f"backend={digest('b')}")
IMAGE, WARM, SWAP, BACK = (("--step", f"slot-{name}") for name in ("image", "warm", "swap", "swap-back"))
RELEASE = (*IMAGE, *WARM, *SWAP, *NEW)


def test_a_release_goes_through_once(deployment: Deployment) -> None:
    assert deployment(*RELEASE) == 0
    assert deployment.changes == [
        f"PATCH {SLOT}/config/web",
        f"POST {SLOT}/applySlotConfig",
        f"POST {SLOT}/slotsswap",
    ]
    sites = deployment.fake.sites
    assert (sites[BACKEND].image, sites[SLOT].image) == (image("b"), image("a"))
    assert sites[MARKETING].image == image("a")
    assert deployment(*RELEASE) == 0
    assert deployment.changes == []
    assert deployment.verify(*RELEASE) == 0


def test_going_back_restores_previous_image_and_stays(deployment: Deployment) -> None:
    assert deployment(*RELEASE) == 0
    assert deployment("--plan", *BACK, *NEW) == 0
    assert deployment.changes == []
    assert deployment(*BACK, *NEW) == 0
    assert deployment.fake.sites[BACKEND].image == image("a")
    assert deployment(*BACK, *NEW) == 0
    assert deployment.changes == []
    assert deployment.fake.sites[BACKEND].image == image("a")


def test_going_back_is_never_part_of_ordinary_run(deployment: Deployment) -> None:
    assert deployment(*NEW) == 0
    assert "slot-swap-back" not in deployment.results


def test_going_back_with_same_image_changes_nothing(deployment: Deployment) -> None:
    assert deployment(*BACK, "--image", f"backend={digest('a')}") == 1
    assert "nothing to go back to" in deployment.detail("slot-swap-back")


def test_an_unhealthy_slot_never_reaches_production(deployment: Deployment) -> None:
    deployment.fake.sites[SLOT].healthy = False
    assert deployment(*RELEASE) == 1
    assert "did not respond to http ping" in deployment.detail("slot-swap")
    assert deployment.fake.sites[BACKEND].image == image("a")
    deployment.fake.sites[SLOT].healthy = True
    assert deployment(*RELEASE) == 0
    assert deployment.changes == [f"POST {SLOT}/slotsswap"]


def test_instance_that_never_gets_ready_cancels_swap(deployment: Deployment) -> None:
    deployment.fake.sites[SLOT].instances["i2"] = ["UNKNOWN"]
    assert deployment(*RELEASE) == 1
    assert deployment.status("slot-swap") == {"skipped"}
    assert deployment.fake.sites[SLOT].target_swap_slot is None
    assert deployment.fake.sites[BACKEND].image == image("a")


def test_it_waits_until_every_instance_is_ready(deployment: Deployment) -> None:
    deployment.fake.sites[SLOT].instances["i2"] = ["UNKNOWN", "UNKNOWN", "STOPPED", "READY"]
    assert deployment(*RELEASE) == 0
    assert deployment.clock.waits


def test_a_slot_without_instances_is_not_ready(deployment: Deployment) -> None:
    deployment.fake.sites[SLOT].instances.clear()
    assert deployment(*RELEASE) == 1


def test_a_stopped_slot_is_started(deployment: Deployment) -> None:
    deployment.fake.sites[SLOT].state = "Stopped"
    assert deployment(*RELEASE) == 0
    assert f"POST {SLOT}/start" in deployment.changes


def test_a_slot_that_azure_limits_is_not_ready(deployment: Deployment) -> None:
    deployment.fake.sites[SLOT].availability = "Limited"
    assert deployment(*RELEASE) == 1
    assert deployment.status("slot-warm") == {"failed"}


def test_plan_of_slot_that_is_set_already(deployment: Deployment) -> None:
    assert deployment(*IMAGE, *NEW) == 0
    assert deployment("--plan", *WARM, *NEW) == 0
    assert deployment.status("slot-warm") == {"planned"}
    assert deployment.changes == []


def test_app_with_sign_in_is_swapped_without_preview(deployment: Deployment) -> None:
    deployment.fake.sites[SLOT].sign_in = True
    deployment.fake.sites[SLOT].instances["i1"] = ["UNKNOWN", "READY"]
    assert deployment(*RELEASE) == 0
    assert not any("applySlotConfig" in change for change in deployment.changes)
    deployment.fake.sites[SLOT].state = "Stopped"
    deployment.fake.sites[SLOT].instances = {"i1": ["STOPPED"]}
    assert deployment(*IMAGE, *WARM, "--image", f"backend={digest('c')}") == 1
    assert not any("resetSlotConfig" in change for change in deployment.changes)


def test_begun_swap_is_cancelled_for_another_image(deployment: Deployment) -> None:
    """It was begun by a run that was interrupted."""
    assert deployment(*IMAGE, *WARM, *NEW) == 0
    assert deployment.verify(*IMAGE) == 1
    assert "a swap was begun and not ended" in deployment.detail("slot-image")
    assert deployment(*IMAGE, *WARM, *SWAP, "--image", f"backend={digest('c')}") == 0
    assert deployment.changes[:2] == [f"POST {SLOT}/resetSlotConfig", f"PATCH {SLOT}/config/web"]
    assert deployment.fake.sites[BACKEND].image == image("c")


@pytest.mark.parametrize("step", [WARM, SWAP])
def test_a_step_out_of_order_changes_nothing(deployment: Deployment, step: tuple[str, ...]) -> None:
    assert deployment(*step, *NEW) == 1
    assert deployment.changes == []


def test_unanswered_swap_is_not_swapped_back_by_rerun(deployment: Deployment) -> None:
    assert deployment(*IMAGE, *WARM, *NEW) == 0
    deployment.fake.faults.append(Fault("POST", "/slotsswap$", 504, "GatewayTimeout", after=True))
    assert deployment(*SWAP, *NEW) == 1
    deployment.arm.get(BACKEND, "2024-11-01")
    operation = next(reversed(deployment.fake.operations.values()))
    operation.effect()  # Azure went on with it
    assert deployment(*SWAP, *NEW) == 0
    assert deployment.changes == []
    assert deployment.fake.sites[BACKEND].image == image("b")


def test_image_or_swap_without_effect_is_noticed(deployment: Deployment) -> None:
    deployment.fake._set_config = lambda given, *_: deployment.fake._config(given)  # type: ignore[method-assign]
    assert deployment(*IMAGE, *NEW) == 1
    deployment.fake.sites[SLOT].image = image("b")
    accept = deployment.fake._accept
    deployment.fake._swap = lambda *_: accept("location", lambda: None)  # type: ignore[method-assign]
    assert deployment(*SWAP, *NEW) == 1
    assert deployment.status("slot-swap") == {"failed"}


@pytest.mark.parametrize(
    "running",
    ["DOCKER|registry.example/backend:latest", "DOCKER|elsewhere.example/backend@sha256:0", "", "NODE|22-lts"],
)
def test_image_that_no_release_put_there_is_noticed(deployment: Deployment, running: str) -> None:
    deployment.fake.sites[BACKEND].image = running
    assert deployment.verify(*IMAGE) == 1
    assert deployment.results["slot-image"]["backend"][0] == "failed"
    assert deployment.results["slot-image"]["marketing"][0] == "already"


def test_app_without_slot_or_image_cannot_be_released(deployment: Deployment) -> None:
    deployment.outputs["apps"]["backend"] |= {"slot": None}
    assert deployment(*IMAGE, *NEW) == 1
    assert "nothing to swap" in deployment.detail("slot-image")
    assert deployment.verify(*IMAGE) == 0
    deployment.outputs["apps"]["backend"] |= {"slot": "staging", "repository": None}
    assert deployment(*SWAP, *NEW) == 1
    assert deployment.changes == []


def test_without_an_image_nothing_is_released(deployment: Deployment) -> None:
    assert deployment(*IMAGE, *WARM, *SWAP) == 0
    assert deployment.changes == []
    assert deployment.status("slot-image") == {"already"}
    assert deployment.status("slot-warm") == deployment.status("slot-swap") == {"skipped"}
