"""Signed contexts, the application's side of ``app.begin_context()``.

The token is ``v1|key id|expires|tenant|actor|correlation id|purpose|MAC``; the MAC is the hex HMAC-SHA256 of all that
is before its separator. ``docs/database.md`` shows the same in JavaScript.
"""

import hashlib
import hmac
import re
import time
from uuid import UUID

# Identifiers, not data: no @ and no blank, so that neither an e-mail address nor a name fits.
_IDENTIFIER = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def sign_context(
    *, key_id: str, secret: bytes, tenant: UUID, actor: str, correlation_id: str, purpose: str, seconds: int = 300
) -> str:
    """A token that is valid for ``seconds`` from now; the server accepts at most 3,600.

    :param secret: 32 to 64 bytes, installed by ``python -m database context-key`` for the role that presents it.
    :raises ValueError: a part is no identifier, or the lifetime is out of range.
    """
    for name, value in (("key_id", key_id), ("actor", actor), ("correlation_id", correlation_id), ("purpose", purpose)):
        if not _IDENTIFIER.fullmatch(value):
            raise ValueError(f"{name} must be 1 to 128 of A-Z a-z 0-9 . _ : -")
    if not 0 < seconds <= 3600:
        raise ValueError("a context lives 1 to 3600 seconds")
    payload = "|".join(("v1", key_id, str(int(time.time()) + seconds), str(tenant), actor, correlation_id, purpose))
    return payload + "|" + hmac.new(secret, payload.encode(), hashlib.sha256).hexdigest()
