"""Who may open which page and do what: the one table that tests/roles/test_matrix.py holds the site to.

A new route has a line in PAGES under its route, as the test prints it; a new model of the admin has a line in MODELS.
`reads` is for a route that answers GET alone, `writes` for one that answers POST alone, `both` for one that answers
both. After the people come the rows that the address names, in its order: keys of what tests/roles/rows.py makes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

People = frozenset[str]
GROUPS = ("Viewer", "Producer", "Curator", "Finance", "Operator")
# "member" signs in and is in no group; "staff" also has staff status.
EVERYBODY: People = frozenset({"anonymous", "member", "staff", *GROUPS, "superuser"})
MEMBERS = EVERYBODY - {"anonymous"}
STAFF = MEMBERS - {"member"}
NOBODY: People = frozenset()
SUPERUSER = frozenset({"superuser"})
SEERS = SUPERUSER | set(GROUPS)


def of(*groups: str) -> People:
    """The people of some groups, and superusers."""
    assert set(groups) <= set(GROUPS)
    return SUPERUSER | set(groups)


PRODUCERS, CURATORS, FINANCE, OPERATORS = (of(group) for group in GROUPS[1:])


@dataclass(frozen=True, slots=True)
class Case:
    """A page: who gets an answer to GET and to POST, the rows in its address, and what a POST sends."""

    get: People
    post: People
    on: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    is_absent: bool = False  # whoever may open it is told that it is not there: it takes more than a row to be there
    counts: bool = False  # it is a guest's visit, which is counted
    signs_out: bool = False  # it leads to the page to sign in, whoever comes
    query: str = ""  # what follows the path; from "/" on it is the whole address


def reads(people: People, *on: str, **more: Any) -> Case:
    return Case(people, NOBODY, on, **more)


def writes(people: People, *on: str, **more: Any) -> Case:
    return Case(NOBODY, people, on, **more)


def both(people: People, *on: str, **more: Any) -> Case:
    return Case(people, people, on, **more)


@dataclass(frozen=True, slots=True)
class Model:
    """The pages of a model in the admin: who sees, adds, changes and deletes its rows; an action's people and row."""

    view: People
    add: People = NOBODY
    change: People = NOBODY
    delete: People = NOBODY
    row: str = ""
    actions: dict[str, tuple[People, str]] = field(default_factory=dict)


ORDERING = PRODUCERS
DECIDING = OPERATORS
EITHER = ORDERING | DECIDING
TASK = "admin/generations/generationtask/"
TASK_ACTIONS = {
    "cancel": (EITHER, "queued"), "poll": (EITHER, "running"), "confirm": (DECIDING, "unconfirmed"),
    "charge": (FINANCE, "failed"), "refund": (FINANCE, "failed"), "keep": (FINANCE, "failed"),
    "abandon": (DECIDING, "unconfirmed"), "wait": (DECIDING, "unconfirmed"), "again": (ORDERING, "failed"),
    "take": (ORDERING, "failed"), "promote": (ORDERING, "stored"),
}  # fmt: skip
WHY = {"why": "because", "remote_id": "abc"}

ADMIN: dict[str, Case | list[Case]] = {
    "admin/": both(STAFF),
    "admin/login/": both(EVERYBODY),
    "admin/logout/": writes(EVERYBODY, signs_out=True),
    "admin/password_change/": both(STAFF),
    "admin/password_change/done/": both(STAFF),
    "admin/autocomplete/": both(
        SEERS, query="?app_label=generations&model_name=prompt&field_name=tags&term=d"
    ),
    "admin/jsi18n/": both(STAFF),
    "admin/r/<path:content_type_id>/<path:object_id>/": both(STAFF, "video_type", "video"),
    "admin/^(?P<app_label>generations|auth)/$": [
        both(SEERS, query="/admin/generations/"), both(SUPERUSER, query="/admin/auth/"),
    ],
    "admin/(?P<url>.*)$": both(STAFF, query="/admin/nothing/", is_absent=True),
    "admin/auth/user/<id>/password/": both(SUPERUSER, "user"),
    "admin/auth/user/<int:pk>/sign-out/": writes(SUPERUSER, "user"),
    "admin/auth/user/<int:pk>/remove-two-step/": writes(SUPERUSER, "user"),
    **{
        f"admin/generations/reports/{name}": both(FINANCE) for name in ("", "prompts/", "providers/", "statement/")
    },
    "admin/generations/auditentry/export.<str:form>": reads(FINANCE | OPERATORS, "csv"),
    "admin/generations/balancereading/now/": writes(FINANCE | OPERATORS),
    "admin/generations/ledgerentry/value/": writes(FINANCE),
    "admin/generations/ledgerentry/correct/<int:pk>/": both(FINANCE, "stored"),
    "admin/new/": both(ORDERING),
    "admin/new/price/": both(ORDERING),
    "admin/new/rows/": both(ORDERING),
    "admin/new/rows/example.csv": reads(ORDERING),
    "admin/batches/": reads(SEERS),
    "admin/batches/<int:pk>/": reads(SEERS, "order_batch"),
    "admin/batches/<int:pk>/live/": reads(SEERS, "order_batch"),
    "admin/batches/<int:pk>/stop/": writes(EITHER, "order_batch"),
    "admin/batches/<int:pk>/again/<slug:which>/": writes(ORDERING, "order_batch", "which_failed"),
    "admin/notices/": reads(STAFF),
    "admin/notices/read/": writes(STAFF, data={"up_to": "1"}),
    "admin/notices/mine/": both(STAFF, data={"how_often": "never", "language": "en"}),
    "admin/generations/endpoint/<int:pk>/test/": writes(OPERATORS, "endpoint"),
    "admin/generations/endpoint/<int:pk>/secret/": writes(OPERATORS, "endpoint"),
    "admin/search/": both(STAFF, query="?q=dawn"),
    "admin/queue/": reads(SEERS),
    "admin/queue/live/": reads(SEERS),
    "admin/queue/move/": writes(EITHER, data={"to": "front", "task": "{queued}"}),
    "admin/queue/pause/": writes(OPERATORS, data={"scope": "all", "reason": "new prices"}),
    "admin/queue/again/": writes(ORDERING, data={"kind": "provider"}),
    "admin/queue/cancel/": both(EITHER, query="?task={queued}", data={"task": "{queued}", "up_to": "{queued}"}),
    "admin/generations/prompt/<int:pk>/generate/": both(ORDERING, "prompt"),
    "admin/generations/prompt/<int:pk>/generate/price/": both(ORDERING, "prompt"),
    "admin/generations/prompt/<int:pk>/favourite/": writes(SEERS, "prompt", data={"liked": "1"}),
    "admin/generations/prompt/<int:pk>/versions/": reads(SEERS, "prompt"),
    "admin/generations/prompt/<int:pk>/versions/<int:number>/restore/": writes(PRODUCERS, "prompt", "1"),
    "admin/generations/prompt/import/": both(PRODUCERS),
    **{f"admin/generations/prompt/export.{suffix}": reads(SEERS) for suffix in ("csv", "xlsx")},
    **{f"admin/generations/prompt/example.{suffix}": reads(PRODUCERS) for suffix in ("csv", "xlsx")},
    f"{TASK}live/": reads(SEERS),
    f"{TASK}worker/": reads(STAFF),
    f"{TASK}receipt/<uuid:batch>/": reads(ORDERING, "batch", is_absent=True),
    f"{TASK}<int:pk>/live/": reads(SEERS, "queued"),
    **{f"{TASK}<int:pk>/{name}/": writes(people, row, data=WHY) for name, (people, row) in TASK_ACTIONS.items()},
    # These rows hold no real clip, of which there would be frames.
    "admin/generations/video/<int:pk>/frame/": both(ORDERING, "video", data={"frame": "1"}),
    "admin/generations/video/<int:pk>/frame/<int:number>.jpg": reads(ORDERING, "video", "1", is_absent=True),
    "admin/generations/video/<int:pk>/frames.jpg": reads(ORDERING, "video", is_absent=True),
    "admin/generations/video/pick/": reads(ORDERING),
    "admin/generations/referenceimage/pick/": reads(ORDERING),
    "admin/generations/video/<int:pk>/judge/": writes(CURATORS, "video", data={"verdict": "approved"}),
}  # fmt: skip

CATALOG: dict[str, Case | list[Case]] = {
    "language/": both(EVERYBODY, data={"language": "es"}),  # GET leads back and changes nothing
    "words.js": reads(EVERYBODY),
    "": reads(MEMBERS),
    "compare/": reads(MEMBERS, query="?v={video}&v={approved}"),
    "compare/winner/": writes(MEMBERS, query="?v={video}&v={approved}", data={"winner": "{video}"}),
    "compare/reject-others/": writes(CURATORS, query="?v={video}&v={approved}&won={video}"),
    "videos/<int:pk>/": reads(MEMBERS, "video"),
    "videos/<int:pk>/rating/": writes(MEMBERS, "video", data={"rating": "3"}),
    "videos/<int:pk>/favourite/": writes(MEMBERS, "video", data={"favourite": "1"}),
    "videos/<int:pk>/decision/": [
        writes(MEMBERS, "video", data={"decision": "review"}),
        *(writes(CURATORS, "video", data={"decision": verdict}) for verdict in ("approve", "reject", "clear")),
    ],
    "videos/<int:pk>/send-back/": writes(CURATORS, "approved", data={"reason": "too dark"}),
    "videos/<int:pk>/publish/": both(CURATORS, "approved", data={"could_seem_real": "no", "is_labelled": "yes"}),
    "videos/<int:pk>/unpublish/": writes(CURATORS, "published"),
    "videos/<int:pk>/poster/": writes(CURATORS, "video"),
    "videos/<int:pk>/frames.jpg": reads(CURATORS, "video", is_absent=True),
    "videos/<int:pk>/edit/": both(CURATORS, "video", data={"title": "Another"}),
    "videos/<int:pk>/choose/": writes(CURATORS, "video"),
    "videos/<int:pk>/comments/": writes(MEMBERS, "video", data={"text": "good"}),
    "videos/<int:pk>/comments.<str:form>": reads(MEMBERS, "video", "csv"),
    "mentions/": reads(MEMBERS),
    "comments/<int:pk>/<str:verb>/": [
        writes(MEMBERS, "comment", "resolve"), writes(MEMBERS, "comment", "reopen"),
        writes(MEMBERS, "own_comment", "delete"),
    ],
    "searches/": reads(MEMBERS),
    "searches/new/": writes(MEMBERS, data={"search": "q=fox", "name": "foxes"}),
    "searches/<int:pk>/delete/": [writes(MEMBERS, "own_search"), writes(NOBODY, "search")],
    "shots/<int:pk>/": reads(MEMBERS, "shot"),
    "selection/": [
        writes(MEMBERS, data={"action": "rate", "stars": "3", "v": "{video}"}),
        writes(MEMBERS, data={"action": "compare", "v": ["{video}", "{approved}"]}),
        writes(PRODUCERS, data={"action": "tag", "tag": "new", "v": "{video}"}),
        writes(CURATORS, data={"action": "collect", "collection": "{collection}", "v": "{video}"}),
        *(writes(CURATORS, data={"action": verdict, "v": "{video}"}) for verdict in ("approve", "reject")),
    ],
    "selection/bar/": reads(MEMBERS),
    "collections/": Case(MEMBERS, CURATORS, data={"name": "Autumn"}),
    "collections/<slug:slug>/": reads(MEMBERS, "collection"),
    "collections/<slug:slug>/edit/": writes(CURATORS, "collection", data={"name": "Winter"}),
    "collections/<slug:slug>/add/": writes(CURATORS, "collection", data={"v": "{video}"}),
    "collections/<slug:slug>/remove/": writes(CURATORS, "collection", data={"v": "{approved}"}),
    "collections/<slug:slug>/order/": writes(CURATORS, "collection"),
    "collections/<slug:slug>/play/": reads(MEMBERS, "collection"),
    "collections/<slug:slug>/zip/": reads(MEMBERS, "collection"),
    r"^collections/(?P<slug>[-\w]+)/cut\.(?P<suffix>otio|edl)$": [
        reads(MEMBERS, query="/collections/{collection}/cut." + suffix) for suffix in ("otio", "edl")
    ],
    "download/": both(MEMBERS, query="?v={video}", data={"v": "{video}"}),
    "media/<path:path>": [reads(MEMBERS, "file"), reads(STAFF, "image_file")],
    "reference/<str:signed>.<str:extension>": reads(EVERYBODY, query="{signed_image}"),
    "links/": reads(MEMBERS),
    "links/new/": both(CURATORS, query="?video={video}", data={"video": "{video}", "days": "3"}),
    "links/<int:pk>/revoke/": [writes(MEMBERS, "own_share"), writes(NOBODY, "share")],
    "links/<int:pk>/password/": [writes(MEMBERS, "own_share"), writes(NOBODY, "share")],
    "s/<str:token>/": both(EVERYBODY, "share_token", counts=True),
    "s/<str:token>/videos/<int:pk>/": reads(EVERYBODY, "share_token", "video"),
    "s/<str:token>/videos/<int:pk>/comments/": writes(EVERYBODY, "share_token", "video", data={"text": "good"}),
    "s/<str:token>/media/<path:path>": reads(EVERYBODY, "share_token", "file"),
    "s/<str:token>/<path:rest>": both(NOBODY, "share_token", "rest"),
    "embed/<str:token>/": reads(EVERYBODY, "share_token", counts=True),
    "feeds/published.atom": reads(MEMBERS),
    "feeds/<str:token>.atom": reads(EVERYBODY, "feed_token"),
    "feeds/<str:token>/media/<path:path>": reads(EVERYBODY, "feed_token", "file"),
    "login/": both(EVERYBODY),
    "logout/": writes(EVERYBODY, signs_out=True),
    "security/": reads(MEMBERS),
    "security/password/": both(MEMBERS),
    "security/sign-out/": writes(MEMBERS),
    "security/two-step/": both(MEMBERS),
    "security/two-step/off/": both(MEMBERS),
    "healthz": both(EVERYBODY),
    "favicon.ico": both(EVERYBODY),
    "webhooks/<slug:provider>/<str:token>/": writes(NOBODY, "provider", "wrong_token"),
}  # fmt: skip


def clip_actions(row: str, approved: str) -> dict[str, tuple[People, str]]:
    """What the lists of clips and of tasks offer to do to clips; the names are of the rows of a draft and another."""
    return {
        "approve": (CURATORS, row), "reject": (CURATORS, row), "undecide": (CURATORS, approved),
        "rate": (SEERS, row), "download": (SEERS, row), "tag": (PRODUCERS, row), "untag": (PRODUCERS, row),
        "collect": (CURATORS, row),
    }  # fmt: skip


MODELS: dict[str, Model] = {
    "auth.user": Model(SUPERUSER, SUPERUSER, SUPERUSER, SUPERUSER, "user", {"delete_selected": (SUPERUSER, "user")}),
    "auth.group": Model(SUPERUSER, SUPERUSER, SUPERUSER, SUPERUSER, "group", {"delete_selected": (SUPERUSER, "group")}),
    "generations.auditentry": Model(FINANCE | OPERATORS, row="audit"),
    "generations.balancereading": Model(FINANCE | OPERATORS, row="reading"),
    "generations.budget": Model(PRODUCERS | FINANCE | OPERATORS, FINANCE, FINANCE, FINANCE, "budget"),
    "generations.campaign": Model(
        SEERS, FINANCE, FINANCE, FINANCE, "campaign",
        {"archive": (FINANCE, "campaign"), "unarchive": (FINANCE, "archived_campaign")},
    ),
    "generations.collection": Model(
        SEERS, NOBODY, CURATORS, CURATORS, "collection_pk", {"delete_selected": (CURATORS, "collection_pk")}
    ),
    "generations.endpoint": Model(
        OPERATORS, OPERATORS, OPERATORS, OPERATORS, "endpoint", {"delete_selected": (OPERATORS, "endpoint")}
    ),
    "generations.generationtask": Model(
        SEERS, row="queued",
        actions={"cancel": (EITHER, "queued"), "poll_now": (EITHER, "running"), "try_again": (ORDERING, "failed"),
                 **clip_actions("task", "approved_task")},
    ),
    "generations.ledgerentry": Model(FINANCE, row="entry"),
    "generations.pause": Model(SEERS, NOBODY, NOBODY, OPERATORS, "pause", {"close": (OPERATORS, "pause")}),
    "generations.price": Model(
        PRODUCERS | FINANCE | OPERATORS, FINANCE, row="price", actions={"still_the_same": (FINANCE, "price")}
    ),
    "generations.prompt": Model(
        SEERS, PRODUCERS, PRODUCERS, PRODUCERS, "prompt",
        {"archive": (PRODUCERS, "prompt"), "unarchive": (PRODUCERS, "archived_prompt"),
         "delete_selected": (PRODUCERS, "prompt"),
         **dict.fromkeys(("tag", "untag", "set_campaign"), (PRODUCERS, "prompt"))},
    ),
    "generations.referenceimage": Model(SEERS, row="image"),
    "generations.share": Model(CURATORS, row="share", actions={"revoke": (CURATORS, "share")}),
    "generations.tag": Model(SEERS, PRODUCERS, PRODUCERS, PRODUCERS, "tag", {"delete_selected": (PRODUCERS, "tag")}),
    "generations.video": Model(
        SEERS, NOBODY, CURATORS, NOBODY, "video", clip_actions("video", "approved")
    ),
}  # fmt: skip


def model_pages(label: str, model: Model) -> dict[str, Case]:
    """The pages that Django makes for a model."""
    top = f"admin/{label.replace('.', '/')}/"
    row = f"{top}<path:object_id>/"
    return {
        top: both(model.view),
        f"{top}add/": both(model.add),
        f"{row}history/": both(model.view, model.row),
        f"{row}delete/": both(model.delete, model.row),
        f"{row}change/": replace(both(model.view, model.row), post=model.change),
        row: both(STAFF, model.row),  # it leads to the page to change it
    }


OF_MODELS = {route: case for each in MODELS.items() for route, case in model_pages(*each).items()}
PAGES = {route: case if isinstance(case, list) else [case] for route, case in {**ADMIN, **CATALOG, **OF_MODELS}.items()}
