"""Whatever the query of an address says: a page of its own, or a refusal in words, and never an error of ours."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generations.models import Status
from tests.factories import a_prompt, a_task, a_video

ADDRESSES = {
    "/": "q model mode provider ratio duration sound campaign collection tag person rating state practice since until "
    "sort before after select v favourite commented",
    "/compare/": "v w q sort",
    "/collections/": "q before after",
    "/selection/bar/": "q only model sort rating since",
    "/download/": "v all search",
    "/links/": "q page", "/links/new/": "video search collection q since model",
    "/mentions/": "page before", "/searches/": "q page", "/searches/new/": "q since sort before",
    "/videos/{video}/": "t q sort v next model since",
    "/media/videos/x.mp4": "download", "/feeds/published.atom": "before page",
    "/admin/search/": "q", "/admin/queue/": "mine page", "/admin/queue/live/": "mine",
    "/admin/queue/cancel/": "task batch all mine up_to shown model provider",
    "/admin/notices/": "page",
    "/admin/batches/": "mine page",
    "/admin/generations/reports/": "from to money provider campaign person prompt table file",
    "/admin/generations/reports/prompts/": "from to money provider campaign person prompt table file",
    "/admin/generations/reports/providers/": "from to money provider table file",
    "/admin/generations/reports/statement/": "month money",
    "/admin/new/": "draft for image continued like instead video receipt batch shown",
    "/admin/new/price/": "model mode provider duration takes aspect_ratio sound campaign start_image_kept batch",
    "/admin/new/rows/": "receipt batch shown",
    "/admin/generations/prompt/{prompt}/generate/": "draft for image continued like instead video receipt",
    "/admin/generations/prompt/{prompt}/versions/": "from to",
    "/admin/generations/prompt/{prompt}/change/": "_changelist_filters _to_field _popup",
    "/admin/generations/video/{video}/frame/": "frame t draft for",
    "/admin/generations/referenceimage/choose/": "q before draft for",
    "/admin/generations/video/choose/": "q before draft for",
    "/admin/generations/video/": "q campaign person model damaged state o p e all _popup _facets",
    "/admin/generations/auditentry/": "q by action__exact at__year at__month at__day o p",
    "/admin/generations/balancereading/": "provider refused__exact at__year at__month",
    "/admin/autocomplete/": "app_label model_name field_name term page",
    "/admin/login/": "next", "/login/": "next",
}  # fmt: skip
NASTY = [
    "\0", "a\0b", "-1", "0", "9" * 30, "9" * 5000, "nan", "inf", "-inf", "1e999", "²", "١", "2026-13-45", "9999-12-31",
    "0001-01-01", "0000-00", "9999-12", "10000-01", "(a|a)*$x", "' OR 1=1 --", "%", "../../etc/passwd", "a" * 3000,
    "//evil.example", "javascript:alert(1)", "[", "{", "1..2", "..", "5..1", "-..-", "1,2,,", "true", "\u202e", "😀",
    "", "generations", "prompt", "tags", "2026-11", "2026-11-01", "yes", "newest", "1", "kling-2-6",
]  # fmt: skip
VALUES = st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
QUERIES = st.sampled_from(sorted(ADDRESSES)).flatmap(
    lambda address: st.tuples(
        st.just(address),
        st.lists(st.tuples(st.sampled_from(ADDRESSES[address].split()), VALUES), min_size=1, max_size=4),
    )
)


@pytest.fixture
def paths(db: None) -> dict[str, int]:
    prompt = a_prompt()
    video = a_video(a_task(Status.STORED, prompt=prompt))
    return {"video": video.pk, "prompt": prompt.pk}


def assert_answered(client: Client, paths: dict[str, int], address: str, pairs: list[tuple[str, str]]) -> None:
    answer = client.get(address.format(**paths) + "?" + urlencode(pairs))
    assert answer.status_code < 500, (address, pairs)
    content = b"".join(answer)  # read whole: a ZIP occupies its place until then
    assert answer.status_code != 400 or content.strip(), (address, pairs)


def test_each_page_takes_each_nasty_value(admin_client: Client, paths: dict[str, int]) -> None:
    """One value is in all names at once, and each page meets some of them."""
    for place, (address, names) in enumerate(ADDRESSES.items()):
        for value in NASTY[place % 4 :: 4]:
            assert_answered(admin_client, paths, address, [(name, value) for name in names.split()])


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(QUERIES)
def test_any_query_is_answered(
    admin_client: Client, paths: dict[str, int], asked: tuple[str, list[tuple[str, str]]]
) -> None:
    assert_answered(admin_client, paths, *asked)
