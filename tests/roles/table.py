"""What each page and each action needs: the one table that tests/roles/test_matrix.py holds the site to, for anybody.

A new route has a line in PAGES under its route, as the test prints it; a new model of the admin has one in models.py.
`reads` is for a route that answers GET alone, `writes` for one that answers POST alone, `both` for one that answers
both. After the need come the rows that the address names, in its order: keys of what tests/roles/rows.py makes.
"""

from __future__ import annotations

from tests.roles.cases import Case, both, reads, writes
from tests.roles.models import ANY_ROWS, MODELS, model_pages
from tests.roles.needs import DRAFTS, EVERYBODY, MEMBERS, NOBODY, STAFF, SUPERUSER, may, staff

QUEUE, REPORTS = staff("view_generationtask"), staff("view_ledgerentry")
# Nobody orders, decides or corrects without seeing what it is about, and what becomes of it.
ORDER = QUEUE & may("view_prompt") & may("order_clips")
STOP, DECIDE = QUEUE & may("order_clips", "decide_orders"), QUEUE & may("decide_orders")
SETTLE, CORRECT = QUEUE & may("add_ledgerentry"), REPORTS & may("add_ledgerentry")
PROMPTS, TASKS = MODELS["generations.prompt"], MODELS["generations.generationtask"].view
ENDPOINTS, AUDIT = MODELS["generations.endpoint"].change, MODELS["generations.auditentry"].view
REVIEW, PUBLISH, EDIT, SHARE = may("review_clips"), may("publish_clips"), may("change_video"), may("share_clips")
COLLECT, TAG = may("change_collection"), may("change_prompt")
TASK = "admin/generations/generationtask/"
TASK_ACTIONS = {
    "cancel": (STOP, "queued"), "poll": (STOP, "running"), "confirm": (DECIDE, "unconfirmed"),
    "charge": (SETTLE, "failed"), "refund": (SETTLE, "failed"), "keep": (SETTLE, "failed"),
    "abandon": (DECIDE, "unconfirmed"), "wait": (DECIDE, "unconfirmed"), "again": (ORDER, "failed"),
    "take": (ORDER, "failed"), "promote": (ORDER, "stored"),
}  # fmt: skip
WHY = {"why": "because", "remote_id": "abc"}

ADMIN: dict[str, Case | list[Case]] = {
    "admin/": both(STAFF),
    "admin/login/": both(EVERYBODY),
    "admin/logout/": writes(EVERYBODY, signs_out=True),
    "admin/password_change/": both(STAFF),
    "admin/password_change/done/": both(STAFF),
    "admin/autocomplete/": both(
        MODELS["generations.tag"].view, query="?app_label=generations&model_name=prompt&field_name=tags&term=d"
    ),
    "admin/jsi18n/": both(STAFF),
    "admin/^(?P<app_label>generations|auth)/$": [
        both(ANY_ROWS["generations"], query="/admin/generations/"), both(ANY_ROWS["auth"], query="/admin/auth/"),
    ],
    "admin/(?P<url>.*)$": [
        both(STAFF, query="/admin/nothing/", is_absent=True),
        both(STAFF, query="/admin/r/{share_type}/{share}/", is_absent=True),  # Django's way from any row to its page
    ],
    "admin/auth/user/<id>/password/": both(SUPERUSER, "user"),
    "admin/auth/user/<int:pk>/sign-out/": writes(SUPERUSER, "user"),
    "admin/auth/user/<int:pk>/remove-two-step/": writes(SUPERUSER, "user"),
    **{f"admin/generations/reports/{name}": both(REPORTS) for name in ("", "prompts/", "providers/", "statement/")},
    "admin/generations/auditentry/export.<str:form>": reads(AUDIT, "csv", tells_all=True),
    "admin/generations/balancereading/now/": writes(staff("add_balancereading")),
    "admin/generations/ledgerentry/value/": writes(CORRECT),
    "admin/generations/ledgerentry/correct/<int:pk>/": both(CORRECT, "stored"),
    "admin/new/": both(ORDER),
    "admin/new/price/": both(ORDER),
    "admin/new/rows/": both(ORDER),
    "admin/new/rows/example.csv": reads(ORDER),
    "admin/batches/": reads(QUEUE),
    "admin/batches/<int:pk>/": reads(QUEUE, "order_batch"),
    "admin/batches/<int:pk>/live/": reads(QUEUE, "order_batch"),
    "admin/batches/<int:pk>/stop/": writes(STOP, "order_batch"),
    "admin/batches/<int:pk>/again/<slug:which>/": writes(ORDER, "order_batch", "which_failed"),
    "admin/notices/": reads(STAFF),
    "admin/notices/read/": writes(STAFF, data={"up_to": "1"}),
    "admin/notices/mine/": both(STAFF, data={"how_often": "never", "language": "en"}),
    "admin/generations/endpoint/<int:pk>/test/": writes(ENDPOINTS, "endpoint"),
    "admin/generations/endpoint/<int:pk>/secret/": writes(ENDPOINTS, "endpoint"),
    "admin/search/": [both(STAFF, query=f"?q={word}") for word in ("dawn", "unseen")],
    "admin/queue/": reads(QUEUE),
    "admin/queue/live/": reads(QUEUE),
    "admin/queue/move/": writes(STOP, data={"to": "front", "task": "{queued}"}),
    "admin/queue/pause/": writes(QUEUE & may("add_pause"), data={"scope": "all", "reason": "new prices"}),
    "admin/queue/again/": writes(ORDER, data={"kind": "provider"}),
    "admin/queue/cancel/": both(STOP, query="?task={queued}", data={"task": "{queued}", "up_to": "{queued}"}),
    "admin/generations/prompt/<int:pk>/generate/": both(ORDER, "prompt"),
    "admin/generations/prompt/<int:pk>/generate/price/": both(ORDER, "prompt"),
    "admin/generations/prompt/<int:pk>/favourite/": writes(PROMPTS.view, "prompt", data={"liked": "1"}),
    "admin/generations/prompt/<int:pk>/versions/": reads(PROMPTS.view, "prompt"),
    "admin/generations/prompt/<int:pk>/versions/<int:number>/restore/": writes(PROMPTS.change, "prompt", "1"),
    "admin/generations/prompt/import/": both(PROMPTS.add & PROMPTS.view),
    **{f"admin/generations/prompt/export.{suffix}": reads(PROMPTS.view) for suffix in ("csv", "xlsx")},
    **{f"admin/generations/prompt/example.{suffix}": reads(PROMPTS.add & PROMPTS.view) for suffix in ("csv", "xlsx")},
    f"{TASK}live/": reads(TASKS),
    f"{TASK}worker/": reads(STAFF),
    f"{TASK}receipt/<uuid:batch>/": reads(ORDER, "batch", is_absent=True),
    f"{TASK}<int:pk>/live/": [reads(TASKS, "queued"), reads(TASKS, "task")],
    **{f"{TASK}<int:pk>/{name}/": writes(need, row, data=WHY) for name, (need, row) in TASK_ACTIONS.items()},
    # These rows hold no real clip, of which there would be frames.
    "admin/generations/video/<int:pk>/frame/": both(ORDER, "video", data={"frame": "1"}),
    "admin/generations/video/<int:pk>/frame/<int:number>.jpg": reads(ORDER, "video", "1", is_absent=True),
    "admin/generations/video/<int:pk>/frames.jpg": reads(ORDER, "video", is_absent=True),
    "admin/generations/video/pick/": reads(ORDER),
    "admin/generations/referenceimage/pick/": reads(ORDER),
    "admin/generations/video/<int:pk>/judge/": writes(STAFF & REVIEW, "video", data={"verdict": "approved"}),
}  # fmt: skip

CATALOG: dict[str, Case | list[Case]] = {
    "language/": both(EVERYBODY, data={"language": "es"}),  # GET leads back and changes nothing
    "words.js": reads(EVERYBODY),
    "": [reads(MEMBERS, query=query) for query in ("", "?q=unseen", "?state=draft", "?person={owner}")],
    "compare/": reads(MEMBERS, query="?v={video}&v={approved}"),
    "compare/winner/": writes(MEMBERS, query="?v={video}&v={approved}", data={"winner": "{video}"}),
    "compare/reject-others/": writes(REVIEW, query="?v={video}&v={approved}&won={video}"),
    "videos/<int:pk>/": [reads(MEMBERS, "video"), reads(MEMBERS, "approved")],
    "videos/<int:pk>/rating/": writes(MEMBERS, "video", data={"rating": "3"}),
    "videos/<int:pk>/favourite/": writes(MEMBERS, "video", data={"favourite": "1"}),
    "videos/<int:pk>/decision/": [
        writes(MEMBERS, "video", data={"decision": "review"}),
        *(writes(REVIEW, "video", data={"decision": verdict}) for verdict in ("approve", "reject", "clear")),
    ],
    "videos/<int:pk>/send-back/": writes(REVIEW, "approved", data={"reason": "too dark"}),
    "videos/<int:pk>/publish/": both(PUBLISH, "approved", data={"could_seem_real": "no", "is_labelled": "yes"}),
    "videos/<int:pk>/unpublish/": writes(PUBLISH, "published"),
    "videos/<int:pk>/poster/": writes(EDIT, "video"),
    "videos/<int:pk>/frames.jpg": reads(EDIT, "video", is_absent=True),
    "videos/<int:pk>/edit/": both(EDIT, "video", data={"title": "Another"}),
    "videos/<int:pk>/choose/": writes(REVIEW, "video"),
    "videos/<int:pk>/comments/": writes(MEMBERS, "video", data={"text": "good"}),
    "videos/<int:pk>/comments.<str:form>": reads(MEMBERS, "video", "csv"),
    "mentions/": reads(MEMBERS),
    "comments/<int:pk>/<str:verb>/": [
        writes(MEMBERS, "comment", "resolve"), writes(MEMBERS, "comment", "reopen"),
        writes(MEMBERS, "own_comment", "delete"), writes(NOBODY, "comment", "delete"),
    ],
    "searches/": reads(MEMBERS),
    "searches/new/": writes(MEMBERS, data={"search": "q=fox", "name": "foxes"}),
    "searches/<int:pk>/delete/": [writes(MEMBERS, "own_search"), writes(NOBODY, "search")],
    "shots/<int:pk>/": reads(MEMBERS, "shot"),
    "selection/": [
        writes(MEMBERS, data={"action": "rate", "stars": "3", "v": "{video}"}),
        writes(MEMBERS, data={"action": "compare", "v": ["{video}", "{approved}"]}),
        writes(TAG, data={"action": "tag", "tag": "new", "v": "{video}"}),
        writes(COLLECT, data={"action": "collect", "collection": "{collection}", "v": "{approved}"}),
        *(writes(REVIEW, data={"action": verdict, "v": "{video}"}) for verdict in ("approve", "reject")),
    ],
    "selection/bar/": reads(MEMBERS),
    "collections/": Case(MEMBERS, may("add_collection"), data={"name": "Autumn"}),
    "collections/<slug:slug>/": reads(MEMBERS, "collection"),
    "collections/<slug:slug>/edit/": writes(COLLECT, "collection", data={"name": "Winter"}),
    "collections/<slug:slug>/add/": writes(COLLECT, "collection", data={"v": "{video}"}),
    "collections/<slug:slug>/remove/": writes(COLLECT, "collection", data={"v": "{approved}"}),
    "collections/<slug:slug>/order/": writes(COLLECT, "collection"),
    "collections/<slug:slug>/play/": reads(MEMBERS, "collection"),
    "collections/<slug:slug>/zip/": reads(MEMBERS, "collection"),
    r"^collections/(?P<slug>[-\w]+)/cut\.(?P<suffix>otio|edl)$": [
        reads(MEMBERS, query="/collections/{collection}/cut." + suffix) for suffix in ("otio", "edl")
    ],
    "download/": both(MEMBERS, query="?v={video}", data={"v": "{video}"}),
    "media/<path:path>": [
        reads(MEMBERS, "file"), reads(MEMBERS, "file", query="?download=1"), reads(STAFF, "image_file"),
    ],
    "reference/<str:signed>.<str:extension>": reads(EVERYBODY, query="{signed_image}"),
    "links/": reads(MEMBERS),
    "links/new/": both(SHARE, query="?video={video}", data={"video": "{video}", "days": "3"}),
    "links/<int:pk>/revoke/": [writes(MEMBERS, "own_share"), writes(NOBODY, "share")],
    "links/<int:pk>/password/": [writes(MEMBERS, "own_share"), writes(NOBODY, "share")],
    "s/<str:token>/": both(EVERYBODY, "share_token", counts=True, by_token=True),
    "s/<str:token>/videos/<int:pk>/": reads(EVERYBODY, "share_token", "video", by_token=True),
    "s/<str:token>/videos/<int:pk>/comments/": writes(
        EVERYBODY, "share_token", "video", data={"text": "good"}, by_token=True
    ),
    "s/<str:token>/media/<path:path>": reads(EVERYBODY, "share_token", "file", by_token=True),
    "s/<str:token>/<path:rest>": both(NOBODY, "share_token", "rest"),
    "embed/<str:token>/": reads(EVERYBODY, "share_token", counts=True, by_token=True),
    "feeds/published.atom": reads(MEMBERS),
    "feeds/<str:token>.atom": [reads(EVERYBODY, "feed_token", by_token=True), reads(EVERYBODY, "own_feed_token")],
    # A saved search gives what its person sees.
    "feeds/<str:token>/media/<path:path>": [
        reads(EVERYBODY, "feed_token", "file", by_token=True),
        reads(DRAFTS, "own_feed_token", "file", by_token=True),
    ],
    "login/": both(EVERYBODY),
    "logout/": writes(EVERYBODY, signs_out=True),
    "security/": reads(MEMBERS),
    "security/password/": both(MEMBERS),
    "security/sign-out/": writes(MEMBERS),
    "security/two-step/": both(MEMBERS),
    "security/two-step/off/": both(MEMBERS),
    "healthz": both(EVERYBODY, may_be_ill=True),
    "favicon.ico": both(EVERYBODY),
    "webhooks/<slug:provider>/<str:token>/": writes(NOBODY, "provider", "wrong_token"),
}  # fmt: skip

OF_MODELS = {route: case for each in MODELS.items() for route, case in model_pages(*each).items()}
PAGES: dict[str, list[Case]] = {
    route: [kind for each in (found if isinstance(found, list) else [found]) for kind in each.kinds()]
    for route, found in {**ADMIN, **CATALOG, **OF_MODELS}.items()
}
