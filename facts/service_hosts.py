"""Host names that Azure makes of a resource's name: ``service_hosts.yaml``."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from documents.reading import read_document
from documents.sections import Section

FILE = Path(__file__).with_name("service_hosts.yaml")


class ServiceHost(Section):
    """type: whose hosts end so. name: the input whose value they begin with."""

    type: str
    name: str


@cache
def service_hosts() -> Mapping[str, ServiceHost]:
    """The rows by the last part of the host. Raises DocumentError when the file is wrong."""
    return read_document(FILE, dict[str, ServiceHost])
