"""Production with API Management, as no stack has it: what the gateway's tests look at."""

from __future__ import annotations

import copy

from assurance.record import Mode, Record
from tests.harness import project_record
from tests.projects import Config, stack_config

TENANT = "https://login.microsoftonline.com/00000000-0000-4000-8000-000000000002/v2.0"
SECTION: Config = {
    "tier": "StandardV2",
    "units": 2,
    "publisherName": "MedSpaSync Pro",
    "publisherEmail": "platform@medspasyncpro.com",
    "apis": {
        "backend": {
            "token": {
                "openIdConfiguration": f"{TENANT}/.well-known/openid-configuration",
                "issuers": [TENANT],
                "audiences": ["api://medspasync"],
            },
            "limits": [
                {"counter": "user", "calls": 300, "seconds": 60},
                {"counter": "subscription", "calls": 3000, "seconds": 60},
            ],
            "openPaths": {
                "/webhooks/stripe": {"methods": ["POST"], "calls": 300, "seconds": 60},
                "/auth": {"methods": ["POST"], "calls": 50, "seconds": 300, "below": True},
            },
        }
    },
    "products": {
        "partners": {
            "description": "Appointments for partners' systems.",
            "apis": ["backend"],
            "subscriptions": ["lab-connector", "crm"],
        }
    },
}
"""`medspasync:apiManagement` with everything in it."""
SUBNET = "10.40.36.32/27"


def gateway_config() -> Config:
    """Production's config with the gateway; a copy, which a test may alter."""
    config = stack_config("prod")
    config["medspasync:apiManagement"] = copy.deepcopy(SECTION)
    config["medspasync:network"]["subnets"]["gateway"] = SUBNET
    return config


def gateway_record(mode: Mode = "deployed") -> Record:
    """The record of that stack; a copy, which a test may alter."""
    return project_record(gateway_config(), mode)
