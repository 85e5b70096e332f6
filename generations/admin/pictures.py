"""The pictures of the Generate page: those chosen so far, and where others come from.

A person leaves the form to choose an earlier image or a frame of a clip. What was typed waits in the session, and the
address that leads back names the choice.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext

from generations.admin import display
from generations.catalog.wrong_addresses import NUMBER
from generations.forms.pictures import Continuation, PicturesForm
from generations.lifecycle import ordering
from generations.lifecycle.ordering import Upload
from generations.models import GenerationTask, ReferenceImage
from generations.providers.base import IMAGE_FIELDS

BUTTON = "pick"  # its value: which picture, and where it comes from
SOURCES = {"earlier": "admin:generations_referenceimage_pick", "frame": "admin:generations_video_pick"}
DRAFTS, MOST_DRAFTS = "drafts", 5  # of a session


@dataclass(frozen=True, slots=True)
class Draft:
    """A form that waits for one of its pictures."""

    key: str
    field: str
    back: str

    @property
    def picture(self) -> str:
        """The picture in words: `start image`."""
        return gettext("start image") if self.field == IMAGE_FIELDS[0] else gettext("end image")

    @property
    def query(self) -> str:
        """The part of an address that names it."""
        return urlencode({"draft": self.key, "for": self.field})

    def with_image(self, image: ReferenceImage, continued: Continuation | None = None) -> str:
        """Return the address of the form with this picture chosen."""
        token = {"continued": continued.sign()} if continued and self.field == IMAGE_FIELDS[0] else {}
        return f"{self.back}?{self.query}&{urlencode({'image': image.pk, **token})}"

    @property
    def without_image(self) -> str:
        """The address of the form as it was left."""
        return f"{self.back}?{urlencode({'draft': self.key})}"


def leave(request: HttpRequest, form: PicturesForm) -> HttpResponse:
    """Keep what was typed, and lead to where the picture is chosen that the button names."""
    field, __, source = request.POST[BUTTON].partition(" ")
    form.is_valid()  # a good upload is stored, so that it need not be chosen again
    sent = request.POST
    fields: dict[str, Any] = {name: sent.getlist(name) for name in form.fields if name in sent}
    fields = {name: values if len(values) > 1 else values[0] for name, values in fields.items()}
    fields |= {f"{name}_kept": str(image["pk"]) for name in IMAGE_FIELDS if (image := kept(form, name))}
    key = uuid.uuid4().hex
    others = list(request.session.get(DRAFTS, {}).items())
    request.session[DRAFTS] = dict([*others, (key, {"fields": fields, "back": request.path})][-MOST_DRAFTS:])
    draft = Draft(key, field, request.path)
    if field not in IMAGE_FIELDS or source not in SOURCES:
        return redirect(draft.without_image)
    return redirect(f"{reverse(SOURCES[source])}?{draft.query}")


def draft_of(request: HttpRequest) -> Draft | None:
    """Return the form that the address names, where it is one of this session."""
    key, field = request.GET.get("draft", ""), request.GET.get("for", "")
    found = request.session.get(DRAFTS, {}).get(key)
    return Draft(key, field, found["back"]) if found and field in IMAGE_FIELDS else None


def typed(request: HttpRequest) -> dict[str, Any]:
    """Return the fields of the form that the address names; empty where there is none."""
    found = request.session.get(DRAFTS, {}).get(request.GET.get("draft", ""))
    return dict(found["fields"]) if found else {}


def chosen(request: HttpRequest) -> dict[str, Any]:
    """Return the fields of the picture that the address names, in the place of what was there before."""
    field, image, continued = request.GET.get("for"), request.GET.get("image", ""), continued_by(request)
    if continued and (field, image) == (None, ""):
        field, image = IMAGE_FIELDS[0], str(continued.image)
    if field not in IMAGE_FIELDS or not NUMBER.fullmatch(image):
        return {}
    token = {"continued_from": continued.sign() if continued else ""} if field == IMAGE_FIELDS[0] else {}
    return {f"{field}_kept": image, f"{field}_url": "", **token}


def continued_by(request: HttpRequest) -> Continuation | None:
    """Return what the address continues; None for a token that this site did not make."""
    with suppress(ValidationError):
        token = request.GET.get("continued", "")
        return Continuation.read(token) if token else None
    return None


def of_task(task: GenerationTask) -> dict[str, Any]:
    """Return the fields of a task's pictures, and of what it continues."""
    continued = Continuation.of(task)
    return {
        **{f"{name}_kept": getattr(task, f"{name}_id") for name in IMAGE_FIELDS},
        **{f"{name}_url": getattr(task, f"{name}_url") for name in IMAGE_FIELDS},
        "continued_from": continued.sign() if continued else "",
    }


def kept(form: PicturesForm, name: str) -> dict[str, Any] | None:
    """Return the stored picture of a field; a good upload of a form with problems is stored, to be chosen once."""
    if form.is_bound and name not in form.errors and isinstance(upload := form.images.get(name), Upload):
        image: ReferenceImage | None = ordering.stored(upload)
    else:
        value = str(form[f"{name}_kept"].value() or "")
        image = ReferenceImage.objects.filter(pk=value).first() if value.isdecimal() and len(value) < 19 else None
    if image is None:
        return None
    continued = _continued(form, image) if name == IMAGE_FIELDS[0] else None
    return {
        "pk": image.pk, "poster": display.poster(image.file.url), "name": str(image),
        "continues": str(continued or ""), "token": continued.sign() if continued else "",
    }  # fmt: skip


def _continued(form: PicturesForm, image: ReferenceImage) -> Continuation | None:
    """Return what a form continues, if this is its start image."""
    with suppress(ValidationError):
        token = form["continued_from"].value()
        found = Continuation.read(token) if token else None
        return found if found and found.image == image.pk else None
    return None
