"""Restoring a PostgreSQL server on the fake ARM: what Azure demands of it, what it makes, and the backup vault."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.deployment.fake import Answer, FakeArm, RefusedError

SUBNET = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/postgres"
ZONE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/privateDnsZones/mss.postgres.database.azure.com"
IDENTITY = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-encryption"
KEY = "https://mss-test-keys-x7k2.vault.azure.net/keys/postgres-k1"


class RestoringArm(FakeArm):
    """Servers with all that a restore reads and makes.

    clock: the time; polls: answers until a restore is done; weakened: what a restored server gets in place of
    what was asked for, by path; stuck: the state in which a restored server stays.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self.clock = clock
        self.full: dict[str, dict[str, Any]] = {}
        self.sent: list[dict[str, Any]] = []
        self.polls = 3
        self.weakened: dict[str, Any] = {}
        self.stuck: str | None = None
        self.points: list[str] = []
        self.protection = "ProtectionConfigured"

    def source(self, server: str, earliest: str) -> None:
        """The server that drills restore: everything as the stack declares it."""
        self.full[server] = {
            "id": server,
            "location": "East US 2",
            "tags": {"environment": "test"},
            "sku": {"name": "Standard_D2ds_v5", "tier": "GeneralPurpose"},
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {"clientId": "c"}}},
            "properties": {
                "state": "Ready",
                "version": "17",
                "availabilityZone": "1",
                "storage": {"storageSizeGB": 128},
                "network": {
                    "publicNetworkAccess": "Disabled",
                    "delegatedSubnetResourceId": SUBNET,
                    "privateDnsZoneArmResourceId": ZONE,
                },
                "dataEncryption": {
                    "type": "AzureKeyVault",
                    "primaryKeyURI": KEY,
                    "primaryUserAssignedIdentityId": IDENTITY,
                    "primaryEncryptionKeyStatus": "Valid",
                    "geoBackupKeyURI": f"{KEY}-geo",
                    "geoBackupUserAssignedIdentityId": f"{IDENTITY}-geo",
                },
                "authConfig": {"activeDirectoryAuth": "Enabled", "passwordAuth": "Disabled", "tenantId": "t"},
                "backup": {
                    "backupRetentionDays": 35,
                    "geoRedundantBackup": "Enabled",
                    "earliestRestoreDate": earliest,
                },
                "highAvailability": {"mode": "ZoneRedundant"},
            },
            "administrators": ["o-bootstrap", "o-breakglass"],
            "parameters": {"require_secure_transport": "on", "pgaudit.log": "ddl,role", "log_connections": "on"},
        }

    def _route(self, method: str, path: str, query: Any, body: Any, headers: dict[str, str]) -> Answer:
        server = re.fullmatch(r"(.+/flexibleServers/[^/]+)(/configurations|/administrators)?", path)
        if server and (server[1] in self.full or method in ("PUT", "DELETE") or server[1].endswith("-drill")):
            return self._server_request(method, server[1], server[2], query, body)
        if path.endswith("/recoveryPoints"):
            shown = [{"name": str(i), "properties": {"recoveryPointTime": at}} for i, at in enumerate(self.points)]
            return self._page(path, shown, query)
        if "/backupInstances/" in path:
            return Answer(200, {"properties": {"currentProtectionState": self.protection}})
        return super()._route(method, path, query, body, headers)

    def _server_request(self, method: str, server: str, child: str | None, query: Any, body: Any) -> Answer:
        if method == "PUT":
            return self._restore(server, body)
        if server not in self.full:
            raise RefusedError(404, "ResourceNotFound", server)
        known = self.full[server]
        if method == "DELETE":
            return self._delete(server)
        if child == "/configurations":
            values = {**known["parameters"], "max_connections": "859"}
            items = [
                {"name": n, "properties": {"value": v, "isConfigPendingRestart": False}} for n, v in values.items()
            ]
            return self._page(f"{server}{child}", items, query)
        if child == "/administrators":
            items = [{"name": one, "properties": {"objectId": one}} for one in known["administrators"]]
            return self._page(f"{server}{child}", items, query)
        return Answer(200, {key: known[key] for key in known if key not in ("administrators", "parameters")})

    def _restore(self, server: str, body: dict[str, Any]) -> Answer:
        self.sent.append(body)
        asked = body["properties"]
        source = self.full.get(asked["sourceServerResourceId"])
        if asked["createMode"] != "PointInTimeRestore" or source is None:
            raise RefusedError(400, "InvalidParameterValue", "no such source")
        if server in self.full:
            raise RefusedError(409, "ServerNameAlreadyExists", server)
        earliest = datetime.fromisoformat(source["properties"]["backup"]["earliestRestoreDate"])
        if not earliest <= datetime.fromisoformat(asked["pointInTimeUTC"]) <= self.clock():
            raise RefusedError(400, "InvalidPointInTime")
        encryption, identities = asked["dataEncryption"], body["identity"]["userAssignedIdentities"]
        if encryption["primaryUserAssignedIdentityId"] not in identities or "primaryKeyURI" not in encryption:
            raise RefusedError(400, "InvalidParameterValue", "a server with our key is restored with a key")
        if asked["backup"]["geoRedundantBackup"] == "Enabled" and "geoBackupKeyURI" not in encryption:
            raise RefusedError(400, "InvalidParameterValue", "geographically redundant backup storage needs a key")
        if set(encryption) & {"primaryEncryptionKeyStatus"} or "delegatedSubnetResourceId" not in asked["network"]:
            raise RefusedError(400, "InvalidParameterValue")
        made = copy.deepcopy(source)
        # Azure lets go of these: high availability, second key, own parameters.
        made.update(id=server, location=body["location"], tags=body["tags"], identity=body["identity"])
        made["parameters"] = {"require_secure_transport": "on", "pgaudit.log": "none", "log_connections": "on"}
        properties = made["properties"]
        for name in ("network", "authConfig"):
            properties[name] = dict(asked[name])
        properties["dataEncryption"] = {**encryption, "primaryEncryptionKeyStatus": "Valid"}
        properties["highAvailability"] = {"mode": "Disabled"}
        properties["state"] = "Starting"
        for path, value in self.weakened.items():
            *parts, last = path.split(".")
            place = made
            for part in parts:
                place = place[part]
            place[last] = value
        self.full[server] = made

        def ready() -> None:
            properties["state"] = self.stuck or "Ready"

        return self._accept("async", ready, polls=self.polls)

    def _delete(self, server: str) -> Answer:
        if self.full[server]["properties"]["state"] not in ("Ready", "Disabled"):
            raise RefusedError(409, "ServerBusy", "an operation is in progress")
        return self._accept("location", lambda: self.full.pop(server, None), polls=1)
