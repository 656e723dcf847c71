"""Who a read is asked for, as the rollout tells callers apart.

A targeting key is a keyed hash of the normalised phone: the same in every service, and no phone
stands in a list, a log or a control table. Jobs that act for nobody use the company.
"""

import hashlib
import hmac
from typing import Final

from changeover import Secret
from salon.phone import normalise

DIGEST_BYTES: Final = 16


def key_of_phone(phone: str, secret: Secret) -> str:
    """Return the targeting key of a phone, whatever way it was typed.

    Args:
        phone: The phone of the client who writes.
        secret: The salon's own secret; another one shuffles everybody.

    Raises:
        InvalidArgumentError: If the phone can't be read.
    """
    return _key(f"phone:{normalise(phone)}", secret)


def key_of_company(company_id: int, secret: Secret) -> str:
    """Return the targeting key of a job that acts for a salon and for no client of it.

    Args:
        company_id: The salon's number.
        secret: The salon's own secret.
    """
    return _key(f"company:{company_id}", secret)


def _key(text: str, secret: Secret) -> str:
    digest = hmac.new(secret.reveal().encode(), text.encode(), hashlib.sha256)
    return digest.hexdigest()[: 2 * DIGEST_BYTES]
