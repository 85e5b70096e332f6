"""The errors of a request, named for what to do next (docs/architecture.md, "What an answer means")."""

from __future__ import annotations

from enum import StrEnum

from generations.providers.base import storable


class FailureKind(StrEnum):
    """Why a clip was not made, for people to sort by."""

    CONTENT = "content"  # a filter refused the prompt, an image or the result
    INPUT = "input"  # a parameter or an image was not accepted
    PROVIDER = "provider"  # their side: overloaded, timed out, broken
    ACCOUNT = "account"  # key, money
    ACCESS = "access"  # the key or its route may not use this model
    UNKNOWN = "unknown"


class ProviderError(Exception):
    """A request that failed; `code` and `message` are the provider's words, cut to length."""

    def __init__(self, message: str, *, code: str = "", kind: FailureKind = FailureKind.UNKNOWN) -> None:
        self.message = storable(message, 2000)
        super().__init__(self.message)
        self.code = storable(code, 100)
        self.kind = kind


class NotSent(ProviderError):
    """Nothing left this machine: sending again is safe."""


class Busy(ProviderError):
    """Refused for now (429): retry after `retry_after_seconds`, or after a backoff when it is None."""

    def __init__(self, message: str, *, code: str = "", retry_after_seconds: float | None = None) -> None:
        super().__init__(message, code=code, kind=FailureKind.PROVIDER)
        self.retry_after_seconds = retry_after_seconds


class Rejected(ProviderError):
    """Refused for good: the same request will be refused again, and nothing was made."""


class AccountProblem(ProviderError):
    """The key or the balance is at fault, so every other order would fail too."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message, code=code, kind=FailureKind.ACCOUNT)


class OutcomeUnknown(ProviderError):
    """The request may or may not have been carried out; only evidence or a person can tell."""


class ServerTrouble(OutcomeUnknown):
    """The provider's own envelope says 500, 502 or 503; RETRY_SUBMIT_ON_5XX may treat it as not carried out."""
