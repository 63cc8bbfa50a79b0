"""Host names that Azure makes of a resource's name: ``service_hosts.yaml``."""

from documents.reading import data_reader
from documents.sections import Section


class ServiceHost(Section):
    """type: whose hosts end so. name: the input whose value they begin with."""

    type: str
    name: str


service_hosts = data_reader(__file__, "service_hosts.yaml", dict[str, ServiceHost])
"""The rows by the last part of the host."""
