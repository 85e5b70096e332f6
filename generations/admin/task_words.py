"""What a task's status means, and what helps against each kind of failure, in sentences for people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from generations.lifecycle.saving import SET_ASIDE
from generations.models import Status

EXPLAINED = {
    Status.QUEUED: _("Waiting to be sent to {provider}. Nothing is charged until the clip is made."),
    Status.SUBMITTING: _("The order is being sent to {provider}. Nothing is charged until the clip is made."),
    Status.RUNNING: _("{provider} accepted the order and is making the clip. It is charged when the clip is made."),
    Status.READY: _("{provider} made the clip and charges it. The file is being downloaded and verified."),
    Status.STORED: _("The file is stored and verified. The clip is charged."),
    Status.FAILED: _("No clip was made. Not charged."),
    Status.UNCONFIRMED: _(
        "{provider} did not confirm this order, so it may be charged or not. It is not sent again: a "
        "second order could be charged too. Compare the evidence below, then decide."
    ),
    Status.LOST: _(
        "{provider} accepted the order, but the clip can no longer be downloaded. It stays charged. Check "
        "once more, or order it again."
    ),
    Status.CANCELED: _("Canceled before it was sent. Not charged."),
}
DAMAGED = _(
    "The clip was made and is charged, but its file is damaged: {damage}. Its page says what can be done; another take "
    "is charged too."
)
NAMED_LATER = _(
    "It was closed as not accepted, but {provider} named it later as {id}: it may be charged. Look for this id in "
    "{provider}'s own list of tasks, and ask their support if a clip was made. A new order is charged too."
)
ERRORS = {
    "content": _(
        "A content filter refused the prompt, a picture or the clip. Change them before you order again: the "
        "same order would be refused again."
    ),
    "input": _(
        "The provider refused a parameter or a picture. Change it before you order again: the same order would be "
        "refused again."
    ),
    "provider": _("The provider had a problem. Try again later."),
    "account": _("The provider refused the key, or the account has no money. Orders wait until someone resumes them."),
    "access": _(
        "The provider does not let this key or its route use the model. Nothing was charged. Check the key's "
        "permissions and routing there, resume the orders of the model, and try again."
    ),
    "unknown": _("The provider gave no known reason. Try again, or ask the provider's support."),
    SET_ASIDE: _(
        "The download stopped the worker several times. The clip is charged, and the next attempt comes within "
        "an hour. To start it earlier, use Check now."
    ),
    "lost": _("The provider no longer knows this task, or its file is gone."),
    "not accepted": _("A person confirmed that the provider accepted nothing."),
}
MUST_CHANGE = ("content", "input")
