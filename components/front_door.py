"""Azure Front Door: the profile, its endpoints and the host names it answers for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
from pulumi_azure_native import cdn, dns

from components.component import Component
from components.diagnostics import LogDestination, diagnose

Sku = Literal["standard", "premium"]
"""Front Door's tier. Private-link origins and managed WAF rule sets need ``premium``."""


HOST_NAMES = "hostName"
"""Where a custom domain holds its host name."""


@dataclass(frozen=True, kw_only=True)
class DnsZone:
    """An Azure DNS zone that exists already. id: its ARM id; zone_name: for example ``example.com``."""

    id: pulumi.Input[str]
    resource_group_name: str
    zone_name: str


@dataclass(frozen=True, kw_only=True)
class DnsRecord:
    """A record that must stand in public DNS.

    type: ``TXT`` (proves that the domain is ours; the managed certificate waits for it), ``CNAME``, ``ALIAS`` for the
    apex of a zone, where DNS allows no CNAME, or ``CNAME or ALIAS`` for a name like ``clinic.co.uk``, of which only the
    keeper of the zone knows whether it is an apex.
    """

    name: str
    type: Literal["TXT", "CNAME", "ALIAS", "CNAME or ALIAS"]
    value: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class FrontDoorArgs:
    """Arguments of `FrontDoor`.

    profile_name: 1 to 260 letters, digits and hyphens.
    origin_response_timeout_seconds: 16 to 240; how long an origin may take to begin an answer.
    endpoints: globally unique endpoint names (46 characters) by exposure class.
    domains: exposure class by host name; each host gets a managed certificate.
    dns_zone: where given, the records of every host are made in it; otherwise they are outputs for whoever keeps DNS.
    protect: the engine refuses to delete profile and endpoints: a new profile has a new X-Azure-FDID, a new endpoint
    a new host name. There is no lock: a profile's lock would also keep routes and origins from being removed.
    """

    resource_group_name: pulumi.Input[str]
    profile_name: str
    sku: Sku
    origin_response_timeout_seconds: int
    endpoints: Mapping[str, pulumi.Input[str]]
    domains: Mapping[str, str]
    dns_zone: DnsZone | None
    logs: LogDestination
    protect: bool
    tags: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class FrontDoorOutputs:
    """profile_id, profile_name: the profile; front_door_id: the GUID it sends as X-Azure-FDID; endpoints,
    endpoint_names: id and name by exposure class; domains: custom domain ids by host name; dns_records: what public
    DNS must hold."""

    profile_id: pulumi.Output[str]
    profile_name: pulumi.Output[str]
    front_door_id: pulumi.Output[str]
    endpoints: Mapping[str, pulumi.Output[str]]
    endpoint_names: Mapping[str, pulumi.Output[str]]
    domains: Mapping[str, pulumi.Output[str]]
    dns_records: Sequence[DnsRecord]


class FrontDoor(Component[FrontDoorArgs, FrontDoorOutputs]):
    """A profile with one endpoint per exposure class and a custom domain, TLS 1.2 or newer, per host name.

    The access log holds addresses (a tester of passwords is found by them) but neither URLs nor query arguments, which
    may name a patient.
    """

    def _declare(self, name: str, args: FrontDoorArgs) -> FrontDoorOutputs:
        guarded = pulumi.ResourceOptions(parent=self, protect=args.protect or None)
        profile = cdn.Profile(
            name,
            resource_group_name=args.resource_group_name,
            location="Global",
            profile_name=args.profile_name,
            sku=cdn.SkuArgs(name=profile_sku(args.sku)),
            identity=cdn.ManagedServiceIdentityArgs(type=cdn.ManagedServiceIdentityType.SYSTEM_ASSIGNED),
            origin_response_timeout_seconds=args.origin_response_timeout_seconds,
            log_scrubbing=cdn.ProfileLogScrubbingArgs(
                state=cdn.ProfileScrubbingState.ENABLED,
                scrubbing_rules=[
                    cdn.ProfileScrubbingRulesArgs(
                        match_variable=variable,
                        selector_match_operator=cdn.ScrubbingRuleEntryMatchOperator.EQUALS_ANY,
                        state=cdn.ScrubbingRuleEntryState.ENABLED,
                    )
                    for variable in (
                        cdn.ScrubbingRuleEntryMatchVariable.REQUEST_URI,
                        cdn.ScrubbingRuleEntryMatchVariable.QUERY_STRING_ARG_NAMES,
                    )
                ],
            ),
            tags=args.tags,
            opts=guarded,
        )
        diagnose(name, profile.id, args.logs, parent=self)
        endpoints = {
            exposure: cdn.AFDEndpoint(
                f"{name}-{exposure}",
                resource_group_name=args.resource_group_name,
                location="Global",
                profile_name=profile.name,
                endpoint_name=endpoint_name,
                # The same host name again after a destroy, and nobody else's: no dangling name to take over.
                auto_generated_domain_name_label_scope=cdn.AutoGeneratedDomainNameLabelScope.TENANT_REUSE,
                enabled_state=cdn.EnabledState.ENABLED,
                tags=args.tags,
                opts=guarded,
            )
            for exposure, endpoint_name in args.endpoints.items()
        }
        domains = {host: _domain(name, host, args, profile, parent=self) for host in args.domains}
        records = [
            record
            for host, exposure in args.domains.items()
            for record in _records(host, domains[host], endpoints[exposure])
        ]
        if args.dns_zone:
            for host, exposure in args.domains.items():
                _records_in_zone(name, host, args.dns_zone, domains[host], endpoints[exposure], parent=self)
        return FrontDoorOutputs(
            profile_id=profile.id,
            profile_name=profile.name,
            front_door_id=profile.front_door_id,
            endpoints={exposure: endpoint.id for exposure, endpoint in endpoints.items()},
            endpoint_names={exposure: endpoint.name for exposure, endpoint in endpoints.items()},
            domains={host: domain.id for host, domain in domains.items()},
            dns_records=records,
        )

    def _registered(self) -> dict[str, Any]:
        records = [record_output(record) for record in self.outputs.dns_records]
        return {**vars(self.outputs), "dns_records": records}


def record_output(record: DnsRecord) -> dict[str, pulumi.Input[str]]:
    """A record as a stack output shows it."""
    return {"name": record.name, "type": record.type, "value": record.value}


def profile_sku(sku: Sku) -> cdn.SkuName:
    """The SDK's name of a tier."""
    return cdn.SkuName.PREMIUM_AZURE_FRONT_DOOR if sku == "premium" else cdn.SkuName.STANDARD_AZURE_FRONT_DOOR


def _label(host: str) -> str:
    """A host name as part of a resource name: no dots."""
    return host.replace(".", "-")


def _domain(
    name: str, host: str, args: FrontDoorArgs, profile: cdn.Profile, *, parent: pulumi.Resource
) -> cdn.AFDCustomDomain:
    zone = cdn.ResourceReferenceArgs(id=args.dns_zone.id) if args.dns_zone else None
    return cdn.AFDCustomDomain(
        f"{name}-{_label(host)}",
        resource_group_name=args.resource_group_name,
        profile_name=profile.name,
        custom_domain_name=_label(host),
        host_name=host,
        azure_dns_zone=zone,
        tls_settings=cdn.AFDDomainHttpsParametersArgs(
            certificate_type=cdn.AfdCertificateType.MANAGED_CERTIFICATE,
            minimum_tls_version=cdn.AfdMinimumTlsVersion.TLS12,
            # TLS 1.2 with ECDHE and AES-GCM only, and TLS 1.3.
            cipher_suite_set_type=cdn.AfdCipherSuiteSetType.TLS12_2023,
        ),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _token(domain: cdn.AFDCustomDomain) -> pulumi.Output[str]:
    """What the TXT record must say. Azure may drop the token once it has seen it."""
    return domain.validation_properties.apply(lambda known: known.validation_token if known else "validated")


def _records(host: str, domain: cdn.AFDCustomDomain, endpoint: cdn.AFDEndpoint) -> list[DnsRecord]:
    return [
        DnsRecord(name=f"_dnsauth.{host}", type="TXT", value=_token(domain)),
        DnsRecord(name=host, type=_pointing_type(host), value=endpoint.host_name),
    ]


def _pointing_type(host: str) -> Literal["CNAME", "ALIAS", "CNAME or ALIAS"]:
    """The record that leads to the endpoint, where the zone is not ours and its apex is not known."""
    labels = host.split(".")
    if len(labels) == 2:
        return "ALIAS"
    return "CNAME or ALIAS" if len(labels) == 3 and len(labels[-1]) == 2 else "CNAME"


def _records_in_zone(
    name: str,
    host: str,
    zone: DnsZone,
    domain: cdn.AFDCustomDomain,
    endpoint: cdn.AFDEndpoint,
    *,
    parent: pulumi.Resource,
) -> None:
    """The TXT record and the CNAME (alias records, A and AAAA, at the apex) of a host, in our own zone."""
    relative = host.removesuffix(zone.zone_name).rstrip(".")

    def record(label: str, record_type: str, relative_name: str, **value: Any) -> None:
        dns.RecordSet(
            f"{name}-{_label(host)}-{label}",
            resource_group_name=zone.resource_group_name,
            zone_name=zone.zone_name,
            record_type=record_type,
            relative_record_set_name=relative_name,
            ttl=3600,
            **value,
            opts=pulumi.ResourceOptions(parent=parent),
        )

    token_name = ".".join(filter(None, ["_dnsauth", relative]))
    record("dnsauth", "TXT", token_name, txt_records=[dns.TxtRecordArgs(value=[_token(domain)])])
    if relative:
        record("cname", "CNAME", relative, cname_record=dns.CnameRecordArgs(cname=endpoint.host_name))
        return
    # IPv6 too: a client that has no other address would not find the apex.
    for record_type, label in (("A", "alias"), ("AAAA", "alias-v6")):
        record(label, record_type, "@", target_resource=dns.SubResourceArgs(id=endpoint.id))
