"""The order form with stored pictures: an earlier reference image, or a frame of a clip that is continued."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django import forms
from django.core import signing
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.forms.orders import OrderForm
from generations.lifecycle.ordering import OrderRequest, Upload
from generations.models import GenerationTask, Prompt, ReferenceImage

SALT = "generations.continuation"


@dataclass(frozen=True, slots=True)
class Continuation:
    """That an image is the frame of a task's clip at a time, in seconds."""

    task: GenerationTask
    at_seconds: float
    image: int

    def __str__(self) -> str:
        words = gettext("Continues {task} from the frame at {seconds} s")
        return words.format(task=self.task, seconds=f"{self.at_seconds:.2f}")

    def sign(self) -> str:
        """Return it as a token, so that a form carries nothing that this site did not say."""
        return signing.dumps([self.task.pk, self.at_seconds, self.image], salt=SALT)

    @classmethod
    def read(cls, token: str) -> Continuation:
        """Read a token. Raises: ValidationError for one that this site did not make."""
        try:
            task, at_seconds, image = signing.loads(token, salt=SALT)
            return cls(GenerationTask.objects.get(pk=task), at_seconds, image)
        except (signing.BadSignature, GenerationTask.DoesNotExist) as error:
            raise forms.ValidationError(gettext("this site does not know this frame: choose it again")) from error

    @classmethod
    def of(cls, task: GenerationTask) -> Continuation | None:
        """Return what a task continues; None when nothing."""
        if task.continued_from is None or task.start_image_id is None:
            return None
        return cls(task.continued_from, task.continued_at_seconds or 0.0, task.start_image_id)


class ContinuationField(forms.Field):
    """A hidden token of a continuation."""

    widget = forms.HiddenInput

    def to_python(self, value: str | None) -> Continuation | None:
        """Raises: ValidationError for a token that this site did not make."""
        return Continuation.read(value) if value else None


class PicturesForm(OrderForm):
    """An order whose pictures may also be stored ones; it continues a clip as long as its start image is that frame."""

    start_image_kept = forms.ModelChoiceField(ReferenceImage.objects.all(), required=False)
    end_image_kept = forms.ModelChoiceField(ReferenceImage.objects.all(), required=False)
    continued_from = ContinuationField(label=_("Start image"), required=False)

    @property
    def continuation(self) -> Continuation | None:
        """What the order continues; another start image ends it."""
        found: Continuation | None = self.cleaned_data.get("continued_from")
        start = self.images.get("start_image")
        return found if found and isinstance(start, ReferenceImage) and start.pk == found.image else None

    def order_request(self, prompt: Prompt | None) -> OrderRequest:
        asked, found = super().order_request(prompt), self.continuation
        return replace(asked, continued_from=found.task, continued_at_seconds=found.at_seconds) if found else asked

    def _image(self, name: str) -> Upload | ReferenceImage | None:
        kept: ReferenceImage | None = self.cleaned_data.get(f"{name}_kept")
        chosen = self.cleaned_data.get(name) or self.cleaned_data.get(f"{name}_url")
        if kept is None or chosen:
            return super()._image(name)
        if kept.file.storage.exists(str(kept.file)):
            return kept
        self.add_error(name, gettext("its file is gone; choose it again"))
        return None
