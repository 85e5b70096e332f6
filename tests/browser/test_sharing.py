"""A link in two browsers: made in one, opened with its password in the other, commented on, and revoked."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page

from generations import clock
from generations.library import sharing
from generations.library.sharing import Terms
from generations.media import clips
from generations.models import Collection, CollectionItem, Comment, Share, Video
from tests.browser.conftest import LOOKS, sins, until
from tests.catalog.conftest import with_poster
from tests.clips import clip
from tests.factories import NOW, a_video

pytestmark = pytest.mark.django_db(transaction=True)
PLAYER = "document.querySelector('.stage video')"
RUN = "globalThis.hit=1"
# Ten ways to run a script, each alone and behind what would end the place where it stands: fifty texts.
VECTORS = [
    f"<script>{RUN}</script>", f"<img src=x onerror={RUN}>", f"<svg onload={RUN}>", f"<b onmouseover={RUN}>x</b>",
    f"<a href=javascript:{RUN}>x</a>", f"<details open ontoggle={RUN}>", f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}>", f"<iframe srcdoc='<script>{RUN}</script>'>", f"{{{{constructor('{RUN}')()}}}}",
]  # fmt: skip
PAYLOADS = [before + each for before, each in itertools.product(("", '">', "'>", "</textarea>", "]]>-->"), VECTORS)]


@pytest.fixture
def video(media_root: Path) -> Video:
    video = with_poster(a_video(content=clip(seconds=2, width=112, height=64), width=112, height=64, title="A fox"))
    Path(video.poster.path).write_bytes(clips.poster(video.path).poster)
    Path(video.poster_small.path).write_bytes(clips.poster(video.path).poster)
    return video


@pytest.fixture
def as_guest(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser of its own, in which nobody is signed in."""
    contexts = []

    def opened(path: str, *, scheme: Any = "light", width: int = 1280) -> Page:
        context = browser.new_context(base_url=site, color_scheme=scheme, viewport={"width": width, "height": 844})
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()


def test_a_link_is_made_opened_with_its_password_commented_on_and_revoked(
    open_page: Any, as_guest: Callable[..., Page], video: Video, told: list[str]
) -> None:
    page = open_page(video.get_absolute_url())
    page.get_by_role("link", name="Share").click()
    page.get_by_label("Password").fill("open sesame")
    page.get_by_label("Guests may comment").check()
    page.get_by_role("button", name="Make the link").click()
    page.get_by_role("heading", name="My links").wait_for()
    address = page.locator(".address code").first.inner_text()

    guest = as_guest(address)
    guest.get_by_label("Password").fill("wrong one")
    guest.keyboard.press("Enter")
    guest.get_by_text("This is not the password").wait_for()
    guest.get_by_label("Password").fill("open sesame")
    guest.keyboard.press("Enter")
    guest.get_by_role("heading", name="A fox").wait_for()
    until(guest, f"{PLAYER}.readyState >= 1")
    guest.evaluate(f"{PLAYER}.currentTime = 1.5")
    until(guest, f"!{PLAYER}.seeking")
    guest.get_by_label("Your name").fill("Ada")
    guest.get_by_role("button", name="Take from the player").click()
    guest.get_by_label("Comment", exact=True).fill("Can the fox look left?")
    guest.get_by_role("button", name="Send").click()
    guest.get_by_role("link", name="0:01.50").click()
    until(guest, f"{PLAYER}.currentTime === 1.5")
    assert guest.get_by_text("Can the fox look left?").is_visible()
    guest.locator("summary", has_text="Reply").click()
    guest.get_by_label("Reply", exact=True).fill("Or right.")
    guest.keyboard.press("Tab")
    guest.keyboard.press("Enter")
    guest.get_by_text("Or right.").wait_for()
    assert guest.get_by_label("Your name").first.input_value() == "Ada"

    page.get_by_role("button", name="Revoke").click()
    page.get_by_text("Revoked").wait_for()
    guest.reload()
    assert guest.get_by_role("heading", name="There is nothing at this address").is_visible()
    assert not told


def test_no_text_of_a_guest_runs(as_guest: Callable[..., Page], open_page: Any, video: Video, staff: User) -> None:
    share = sharing.share(video, Terms(may_comment=True), at=clock.now(), by=staff)
    assert len(set(PAYLOADS)) == 50
    for payload in PAYLOADS:
        sent = {"guest_name": payload[:60], "text": payload}
        Client().post(f"{share.get_absolute_url()}videos/{video.pk}/comments/", sent)
    assert Comment.objects.count() == 50
    for page in (as_guest(share.get_absolute_url()), open_page(video.get_absolute_url())):
        page.wait_for_load_state("networkidle")
        for line in page.locator(".talk .text").all()[:50]:
            line.hover()
        assert page.evaluate("globalThis.hit") is None
    guest = as_guest(share.get_absolute_url())
    assert guest.locator(".talk .text").count() == 50
    assert guest.locator(".talk :is(.who, .text) :is(script, img, svg, iframe, input, video, b, details)").count() == 0


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_what_guests_see_is_accessible_and_no_wider_than_the_screen(
    as_guest: Callable[..., Page], open_page: Any, video: Video, staff: User, scheme: str, width: int
) -> None:
    collection = Collection.objects.create(name="Reel", slug="reel", created_at=NOW)
    CollectionItem.objects.create(collection=collection, video=video, position=0)

    def link(subject: Any, **terms: Any) -> Share:
        return sharing.share(subject, Terms(**terms), at=clock.now(), by=staff)

    shared = link(video, may_comment=True, may_download=True)
    closed, listed = link(video, password="open sesame"), link(collection)
    paths = [each.get_absolute_url() for each in (shared, closed, listed)] + [f"/embed/{shared.token}/", "/s/unknown/"]
    pages = [as_guest(path, scheme=scheme, width=width) for path in paths]
    own = ["/links/", f"/links/new/?video={video.pk}"]
    for page in (*pages, *(open_page(path, scheme=scheme, width=width) for path in own)):
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url
        assert not sins(page), page.url
