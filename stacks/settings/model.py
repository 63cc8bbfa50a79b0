"""The whole stack config as one model: one field for each ``medspasync:`` key."""

from documents.sections import Section
from stacks.settings.apps import AppsSettings
from stacks.settings.archive import ArchiveSettings
from stacks.settings.backup import BackupSettings
from stacks.settings.bus import EventBusSettings
from stacks.settings.cache import CacheSettings
from stacks.settings.dashboards import DashboardSettings
from stacks.settings.database import DatabaseSettings
from stacks.settings.edge import FrontDoorSettings, WafSettings
from stacks.settings.gateway import ApiManagementSettings
from stacks.settings.jobs import DatabaseJobSettings
from stacks.settings.monitoring import MonitoringSettings
from stacks.settings.network import NetworkSettings
from stacks.settings.plans import PlansSettings
from stacks.settings.platform import PlatformSettings, ProtectionSettings
from stacks.settings.registry import RegistrySettings
from stacks.settings.security import SecuritySettings, SubscriptionSettings
from stacks.settings.slo import SloSettings
from stacks.settings.vaults import VaultSettings


class Settings(Section):
    """Everything that may differ between environments."""

    platform: PlatformSettings
    """Name, place and ownership of the stack."""
    protection: ProtectionSettings = ProtectionSettings()
    """What keeps stateful resources from being deleted."""
    network: NetworkSettings
    """Address space, subnets, ways in and out."""
    vaults: VaultSettings
    """Key vaults, keys and the rotation of secrets."""
    database: DatabaseSettings
    """PostgreSQL flexible server."""
    database_job: DatabaseJobSettings = DatabaseJobSettings()
    """What applies the SQL to the deployed database, and keeps it in order."""
    cache: CacheSettings | None = None
    """Redis for sessions and cache; left out, the stack has none."""
    archive: ArchiveSettings = ArchiveSettings()
    """Records that nobody can change, for six years."""
    backup: BackupSettings = BackupSettings()
    """Long-term backup of the database."""
    event_bus: EventBusSettings = EventBusSettings()
    """Messages between the apps."""
    registry: RegistrySettings | None = None
    """The container registry that apps are pulled from."""
    plans: PlansSettings
    """App Service plans by name."""
    apps: AppsSettings
    """Apps by name."""
    front_door: FrontDoorSettings
    """The one way in from the Internet."""
    waf: WafSettings
    """Firewall and rate limits at the edge."""
    api_management: ApiManagementSettings = ApiManagementSettings()
    """A gateway between Front Door and the apps' APIs."""
    subscription: SubscriptionSettings = SubscriptionSettings()
    """What a subscription has once, and whether this stack owns it."""
    monitoring: MonitoringSettings
    """Logs, alerts, receivers and budget."""
    slo: SloSettings = SloSettings()
    """What is promised to users, and the traffic to expect."""
    dashboards: DashboardSettings = DashboardSettings()
    """What people look at."""
    security: SecuritySettings = SecuritySettings()
    """Threat detection, and what looks for compliance in Azure."""
