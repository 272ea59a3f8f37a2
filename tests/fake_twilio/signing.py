"""Signing what the fake posts, as Twilio documents it, in code of its own.

The product must not be tested with its own signature function: a slip in it would then be
invisible. This module therefore follows the public description ("Validating requests are coming
from Twilio") and nothing else: the URL, then every form field sorted by name, name and value
written together with nothing between, HMAC-SHA1 with the auth token, base64.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Literal

SIGNATURE_HEADER = "X-Twilio-Signature"

Signature = Literal["good", "bad", "missing", "old"]


def signature(url: str, form: Mapping[str, str], token: str) -> str:
    """Return the value of the signature header for *form* posted to *url*.

    Args:
        url: the public URL, with its query and without its fragment.
        form: the fields of the body; empty for a GET, whose fields are in the URL.
        token: the auth token of the account.

    """
    text = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")


def signature_headers(
    kind: Signature, url: str, form: Mapping[str, str], *, token: str, old_token: str
) -> dict[str, str]:
    """Return the header to send for a signature of this *kind*; none at all for "missing"."""
    if kind == "missing":
        return {}
    if kind == "bad":
        return {SIGNATURE_HEADER: signature(url + "forged", form, token)}
    return {SIGNATURE_HEADER: signature(url, form, old_token if kind == "old" else token)}
