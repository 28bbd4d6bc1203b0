"""Every error that Selvedge raises on purpose, on one page.

SelvedgeError
├── ConfigError          a setting is missing or wrong; names the variable to mend
├── BadInput             what a caller sent cannot be taken; names the field; nothing was changed
│   ├── NotFound         an id that nobody knows
│   ├── ErasedClient     an id that was erased and is refused for ever
│   ├── Taken            somebody else has decided, or works on it; says who
│   └── TooLarge         more than is accepted at once
├── Forbidden            a key, signature or token is missing or wrong
│   ├── NotAllowed       a role that may not do this; names the role and the action
│   ├── SignInNeeded     nobody is signed in, or the sign-in has ended
│   ├── StaleForm        a form of ours that belongs to another sign-in, or is too old
│   ├── TooManyTries     too many failed sign-ins; says how long to wait
│   ├── OldLink          a link of ours that opens nothing any more
│   └── StaffLink        a link of a mail to staff, which belongs to no client
├── Unavailable          something we need does not answer now; worth another try
│   ├── RateLimited      it asked us to wait; carries how long
│   └── InFlight         another attempt at the same mail has not settled yet
├── ModelFault           a language model answered with something that cannot be used
│   ├── ModelRefused     it declined
│   └── BudgetSpent      the client's calls or tokens for the day are used up
└── MailFault            an SMTP server refused; `permanent` says whether another try can help

Each carries a short `code` that may stand in histories, logs and metrics, where messages may not:
a message can hold what a person or a model wrote.
"""

from __future__ import annotations

from typing import Literal


class SelvedgeError(Exception):
    """Root of the tree. `permanent` errors are never retried."""

    code = "error"
    permanent = True


class ConfigError(SelvedgeError):
    """A setting is missing or wrong."""

    code = "config"


class BadInput(SelvedgeError):
    """Input that cannot be taken. `field` names what to mend."""

    code = "bad_input"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.reason = message


class NotFound(BadInput):
    """An id that nobody knows."""

    code = "not_found"


class ErasedClient(BadInput):
    """An id that was erased; it is refused for ever."""

    code = "erased"


class Taken(BadInput):
    """Somebody else has decided on this, or works on it."""

    code = "taken"


class TooLarge(BadInput):
    """More than is accepted at once."""

    code = "too_large"


class Forbidden(SelvedgeError):
    """A key, signature or token is missing or wrong."""

    code = "forbidden"


class NotAllowed(Forbidden):
    """The role of whoever asks may not do this."""

    code = "not_allowed"


class SignInNeeded(Forbidden):
    """Nobody is signed in, or the sign-in has ended."""

    code = "sign_in_needed"


class StaleForm(Forbidden):
    """A form of ours that belongs to another sign-in, or is too old."""

    code = "stale_form"


class TooManyTries(Forbidden):
    """Too many failed sign-ins. `retry_after` is in real seconds."""

    code = "too_many_tries"

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OldLink(Forbidden):
    """A link from a mail that is too old, or that went to another address than the client's is now."""

    code = "old_link"


class StaffLink(Forbidden):
    """A link from a mail by which staff try out what clients get."""

    code = "staff_link"


class Unavailable(SelvedgeError):
    """Something we need does not answer now. `retry_after` is in real seconds, when it told us. `public`: what is said
    outside, where the message names a host or port."""

    code = "unavailable"
    permanent = False

    def __init__(self, message: str, retry_after: float | None = None, *, public: str = "") -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.public = public or message


class RateLimited(Unavailable):
    """It asked us to wait."""

    code = "rate_limited"


class InFlight(Unavailable):
    """Another attempt at the same mail is not settled yet."""

    code = "in_flight"


class ModelFault(SelvedgeError):
    """A language model answered with something that cannot be used. `code` may say more closely what."""

    code = "model_fault"

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code or type(self).code


class ModelRefused(ModelFault):
    """The model declined to answer."""

    code = "model_refused"


class BudgetSpent(ModelFault):
    """The client's model calls or tokens for the day are used up."""

    code = "budget_spent"


class MailFault(SelvedgeError):
    """A mail was not delivered, or may not have been. `permanent` is true for 5xx answers.

    `stage` says how far it came: "before" DATA was begun, "refused" by a definite answer to DATA (either may be tried
    again), or "unknown": lost after transmission had begun, so it may have been delivered and must not be sent again
    on its own. `step` is the SMTP step: connect, mail, rcpt or data. `no_such_mailbox`: the server said of the address
    that it leads nowhere, which is a hard bounce; a 5xx alone may as well be about us.
    `slow_down`: it asked for less mail (421, 4.7.x). `refused`: the server said
    5xx of this recipient or mail, in words that may be about us, such as 5.7.1: a few more tries are worth it.
    """

    code = "mail_fault"

    def __init__(
        self,
        message: str,
        *,
        permanent: bool,
        code: str = "mail_fault",
        stage: Literal["before", "refused", "unknown"] = "before",
        step: Literal["connect", "mail", "rcpt", "data"] = "connect",
        no_such_mailbox: bool = False,
        slow_down: bool = False,
        refused: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.code = code
        self.stage = stage
        self.step = step
        self.no_such_mailbox = no_such_mailbox
        self.slow_down = slow_down
        self.refused = refused
