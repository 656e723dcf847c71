"""What the gateway itself answers with, beside the codes of PostgREST; the bodies look alike."""

from typing import Final

from changeover.engine.message import Headers, Reply
from changeover.engine.refusal import Refusal

TOO_LARGE: Final = "GATEWAY413"
HEAD_TOO_LARGE: Final = "GATEWAY431"
FAULT: Final = "GATEWAY500"
UPSTREAM_UNREACHABLE: Final = "GATEWAY502"
TOO_BUSY: Final = "GATEWAY503"
TOO_SLOW: Final = "GATEWAY504"
NO_UPSTREAM: Final = "GATEWAY404"

RETRY_AFTER_S: Final = 1


def refuse(
    code: str, message: str, *, details: str | None = None, hint: str | None = None
) -> Reply:
    """Return an answer of the gateway's own.

    Args:
        code: One of the above; its digits are the status.
        message: The fact.
        details: What follows from it.
        hint: The next act of the caller.
    """
    status = int(code.removeprefix("GATEWAY"))
    headers: Headers = (("Retry-After", str(RETRY_AFTER_S)),) if code == TOO_BUSY else ()
    refusal = Refusal(code, message, details=details, hint=hint, status=status, headers=headers)
    return refusal.reply()


def too_large(bytes_max: int) -> Reply:
    """Return the answer to a body above the limit."""
    return refuse(
        TOO_LARGE,
        f"The body is larger than {bytes_max} bytes.",
        hint="Send the rows in several requests.",
    )


def too_slow(seconds_max: float) -> Reply:
    """Return the answer to a request that was given up."""
    return refuse(
        TOO_SLOW,
        f"The request took longer than {seconds_max:g} s and was cancelled.",
        details="Whether a write happened is not known.",
    )


def stopping() -> Reply:
    """Return the answer to a request that outlasted the gateway's own end."""
    return refuse(
        TOO_SLOW,
        "The gateway stops and the request was cancelled.",
        details="Whether a write happened is not known.",
    )


def too_busy(requests_max: int) -> Reply:
    """Return the answer while too many requests are being answered."""
    return refuse(TOO_BUSY, f"{requests_max} requests are being answered already.")


def no_upstream(service: str) -> Reply:
    """Return the answer to a request for another service where none is configured."""
    return refuse(
        NO_UPSTREAM,
        f"{service} is not served here.",
        hint="Name the Supabase project with --upstream, or `upstream` in [gateway].",
    )


def fault() -> Reply:
    """Return the answer where the gateway itself has failed."""
    return refuse(FAULT, "The request could not be answered.", hint="See the gateway's log.")
