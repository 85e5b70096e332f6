"""What the pages of each model in the admin need, and its actions; part of the table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_

from tests.roles.cases import Case, both
from tests.roles.needs import DRAFTS, NOBODY, STAFF, SUPERUSER, Need, may, staff

Actions = dict[str, tuple[Need, str]]


@dataclass(frozen=True, slots=True)
class Model:
    """The pages of a model: what it takes to see, add, change and delete its rows; what an action takes, and its row.

    Whoever may see the list may do its actions, if they have what the action takes besides.
    """

    view: Need
    add: Need = NOBODY
    change: Need = NOBODY
    delete: Need = NOBODY
    row: str = ""
    actions: Actions = field(default_factory=dict)


def model(name: str, verbs: str, row: str = "", actions: Actions | None = None) -> Model:
    """A model whose rows are seen, and changed by these verbs, with Django's permissions for them."""
    app, __, rows = name.rpartition(".")
    of = {verb: staff(f"{app or 'generations'}.{verb}_{rows}") for verb in verbs.split()}
    view = staff(*(f"{app or 'generations'}.{verb}_{rows}" for verb in ("view", "change")))
    return Model(view, **{verb: need & view if verb != "add" else need for verb, need in of.items()}, row=row,
                 actions={name: (view & need, row) for name, (need, row) in (actions or {}).items()})  # fmt: skip


def clip_actions(row: str, approved: str, seen: Need) -> Actions:
    """What the lists of clips and of tasks offer to do to clips; the names are of the rows of a draft and another."""
    judge, tag = may("review_clips"), may("change_prompt") & seen
    return {
        "approve": (judge & seen, row), "reject": (judge & seen, row), "undecide": (judge, approved),
        "rate": (seen, row), "download": (seen, row), "tag": (tag, row), "untag": (tag, row),
        "collect": (may("change_collection") & seen, row),
    }  # fmt: skip


def deletes(name: str, row: str) -> Actions:
    return {"delete_selected": (may(f"delete_{name}"), row)}


ORDER = may("order_clips") & may("view_prompt") & may("view_generationtask")
STOP = may("view_generationtask") & may("order_clips", "decide_orders")
MODELS: dict[str, Model] = {
    "auth.user": Model(staff("auth.view_user", "auth.change_user"), SUPERUSER, SUPERUSER, SUPERUSER, "user",
                       {"delete_selected": (SUPERUSER, "user")}),
    "auth.group": Model(staff("auth.view_group", "auth.change_group"), SUPERUSER, SUPERUSER, SUPERUSER, "group",
                        {"delete_selected": (SUPERUSER, "group")}),
    "generations.auditentry": model("auditentry", "", "audit"),
    "generations.balancereading": model("balancereading", "", "reading"),
    "generations.budget": model("budget", "add change delete", "budget"),
    "generations.campaign": model(
        "campaign", "add change delete", "campaign",
        {"archive": (may("change_campaign"), "campaign"), "unarchive": (may("change_campaign"), "archived_campaign")},
    ),
    "generations.collection": model("collection", "change delete", "collection_pk",
                                    deletes("collection", "collection_pk")),
    "generations.endpoint": model("endpoint", "add change delete", "endpoint", deletes("endpoint", "endpoint")),
    "generations.generationtask": model(
        "generationtask", "", "queued",
        {"cancel": (STOP, "queued"), "poll_now": (STOP, "running"), "try_again": (ORDER, "failed"),
         **clip_actions("task", "approved_task", DRAFTS)},
    ),
    "generations.ledgerentry": model("ledgerentry", "", "entry"),
    "generations.pause": model("pause", "delete", "pause", {"close": (may("delete_pause"), "pause")}),
    "generations.price": model("price", "add", "price", {"still_the_same": (may("add_price"), "price")}),
    "generations.prompt": model(
        "prompt", "add change delete", "prompt",
        {"unarchive": (may("change_prompt"), "archived_prompt"), **deletes("prompt", "prompt"),
         **dict.fromkeys(("archive", "tag", "untag", "set_campaign"), (may("change_prompt"), "prompt"))},
    ),
    "generations.referenceimage": model("referenceimage", "", "image"),
    "generations.share": model("share", "", "seen_share", {"revoke": (may("change_share") & DRAFTS, "share")}),
    "generations.tag": model("tag", "add change delete", "tag", deletes("tag", "tag")),
    "generations.video": model("video", "change", "video", clip_actions("video", "approved", DRAFTS)),
}  # fmt: skip
ANY_ROWS = {
    app: reduce(or_, (need for label, each in MODELS.items() if label.startswith(f"{app}.")
                      for need in (each.view, each.add, each.change, each.delete)))
    for app in ("generations", "auth")
}  # fmt: skip


def model_pages(label: str, model: Model) -> dict[str, Case]:
    """The pages that Django makes for a model; the audit names whatever was done."""
    pages = _pages(label, model)
    is_audit = label == "generations.auditentry"
    return {route: replace(case, tells_all=True) for route, case in pages.items()} if is_audit else pages


def _pages(label: str, model: Model) -> dict[str, Case]:
    top = f"admin/{label.replace('.', '/')}/"
    row = f"{top}<path:object_id>/"
    return {
        top: both(model.view),
        f"{top}add/": both(model.add),
        f"{row}history/": both(model.view, model.row),
        f"{row}delete/": both(model.delete, model.row),
        f"{row}change/": replace(both(model.view, model.row), post=model.change),
        row: both(STAFF, "1"),  # it leads to the page to change it, whatever the row
    }
