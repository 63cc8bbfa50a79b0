"""The certificate that a host shows to everybody who comes by HTTPS."""

import socket
import ssl
from datetime import UTC, datetime

SECONDS = 20


def read_expiry(host: str, port: int = 443, context: ssl.SSLContext | None = None) -> datetime:
    """When the certificate of a host ends, after checking chain and name as a browser does.

    Raises OSError when nobody answers or the certificate does not hold. context: other authorities, for tests.
    """
    checked = context or ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=SECONDS) as plain,
        checked.wrap_socket(plain, server_hostname=host) as secured,
    ):
        shown = secured.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
