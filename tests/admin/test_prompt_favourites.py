"""A person's favourite prompts: the star of the list, and its filter."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from generations.library import ratings
from generations.models import FavouritePrompt, Prompt
from tests.factories import a_prompt

LIST = reverse("admin:generations_prompt_changelist")


def star(prompt: Prompt) -> str:
    return reverse("admin:generations_prompt_favourite", args=[prompt.pk])


def favourites(person: User) -> set[Prompt]:
    return set(Prompt.objects.filter(favourites__person=person))


def test_a_star_adds_a_prompt_to_ones_own_favourites_and_takes_it_out(viewer_client: Client, viewer: User) -> None:
    prompt = a_prompt()
    for liked in ("1", "1", "0", "0"):
        response = viewer_client.post(f"{star(prompt)}?campaign=-&q=dawn", {"liked": liked})
        assert favourites(viewer) == ({prompt} if liked == "1" else set())
    assert response.headers["Location"] == f"{LIST}?campaign=-&q=dawn"


def test_the_filter_lists_ones_own_favourites(viewer_client: Client, viewer: User, buyer: User) -> None:
    mine, theirs = a_prompt(), a_prompt(text="another")
    ratings.set_favourite_prompt(mine, viewer, True)
    ratings.set_favourite_prompt(theirs, buyer, True)
    page = viewer_client.get(LIST, {"favourites": "mine"})
    assert set(page.context["cl"].result_list) == {mine}
    assert f'formaction="{star(mine)}?favourites=mine"' in page.content.decode()


def test_a_pressed_star_takes_the_prompt_out(viewer_client: Client, viewer: User) -> None:
    ratings.set_favourite_prompt(a_prompt(title="Harbour"), viewer, True)
    page = viewer_client.get(LIST).content.decode()
    assert 'aria-pressed="true" aria-label="Favourite: Harbour">★' in page
    assert 'name="liked" value="0"' in page


def test_looking_at_the_address_of_a_star_changes_nothing(viewer_client: Client) -> None:
    assert viewer_client.get(star(a_prompt())).status_code == 405
    assert not FavouritePrompt.objects.exists()


def test_a_star_is_on_or_off(viewer_client: Client) -> None:
    assert viewer_client.post(star(a_prompt()), {"liked": "2"}).status_code == 400
    assert not FavouritePrompt.objects.exists()


def test_one_who_may_not_see_prompts_has_no_favourites(client: Client, django_user_model: type[User]) -> None:
    client.force_login(django_user_model.objects.create_user("nina", is_staff=True))
    assert client.post(star(a_prompt()), {"liked": "1"}).status_code == 403
    assert not FavouritePrompt.objects.exists()
