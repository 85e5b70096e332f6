"""The order form that the Generate page and `manage.py generate` fill in, with one set of rules and words."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, BinaryIO, cast

from django import forms
from django.core.files import File

from generations.formats import usd
from generations.lifecycle import ordering, reachability
from generations.lifecycle.ordering import OrderRequest, Upload
from generations.media.images import BadImage, clean_image
from generations.models import Campaign, Prompt, ReferenceImage
from generations.models.budgets import LIMIT_MAX
from generations.providers import offers
from generations.providers.base import Order

YES_NO = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False, "": None}


def choices_of(name: str) -> list[tuple[str, str]]:
    """Return every provider, model or mode that is offered, with its display name, in the menu's order."""
    words = {"provider": offers.provider_name, "model": offers.model_name, "mode": offers.mode_name}[name]
    values = dict.fromkeys(getattr(offer, name) for offer in offers.OFFERS.values())
    return [(value, words(value)) for value in values]


class SoundField(forms.Field):
    """With sound, silent, or left out: models without sound must not be told."""

    widget = forms.Select(choices=[("", "Provider default"), ("true", "with sound"), ("false", "silent")])

    def to_python(self, value: Any) -> bool | None:
        if isinstance(value, bool) or value is None:
            return value
        if str(value).lower() not in YES_NO:
            raise forms.ValidationError("with sound, silent, or empty")
        return YES_NO[str(value).lower()]


class WholeNumberField(forms.IntegerField):
    """Accept digits and nothing else: Python reads `1_0` as ten."""

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str) and value.strip() and not re.fullmatch(r"-?[0-9]{1,9}", value.strip()):
            raise forms.ValidationError(self.error_messages["invalid"])
        return super().to_python(value)


class UsdField(forms.DecimalField):
    """Accept digits and a point, and nothing else: Python reads `1_0` as ten, and `NaN` as a number."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip() and not re.fullmatch(r"[+-]?[0-9]*\.?[0-9]*", value.strip()):
            raise forms.ValidationError(f"an amount in USD such as 12.50, not {value}")
        return super().to_python(value)


class SpendField(forms.Field):
    """Accept an amount in USD above 0, written plainly: `12`, `12.50`, `$0.35`."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "size": 10})

    def to_python(self, value: Any) -> Decimal | None:
        text = str(value or "").strip()
        if not text:
            return None
        amount = Decimal(plain[1]) if (plain := re.fullmatch(r"\$?([0-9]{1,9}(\.[0-9]{1,4})?)", text)) else None
        if amount is None or not 0 < amount <= LIMIT_MAX:
            given = text if len(text) <= 30 else f"{text[:30]}…"
            rule = f"an amount in USD, more than 0 and at most {usd(LIMIT_MAX)}, with at most four decimals"
            raise forms.ValidationError(f"{rule}, not {given}")
        return amount


class OrderForm(forms.Form):
    """One order of one or more takes. Every problem is found at once and reported at its field."""

    prompt = forms.CharField(widget=forms.Textarea(attrs={"rows": 6}), strip=False, required=False)
    provider = forms.CharField(widget=forms.Select(choices=choices_of("provider")), initial="apixo", required=False)
    model = forms.CharField(widget=forms.Select(choices=choices_of("model")), initial="kling-2-6", required=False)
    mode = forms.CharField(widget=forms.Select(choices=choices_of("mode")), initial="text-to-video", required=False)
    duration = WholeNumberField(
        widget=forms.Select(choices=[(n, f"{n} seconds") for n in offers.DURATIONS]),
        initial=5,
        required=False,
        error_messages={"invalid": "a whole number of seconds"},
    )
    aspect_ratio = forms.CharField(
        widget=forms.Select(choices=[("", "Provider default (1:1)"), *((r, r) for r in offers.RATIOS)]), required=False
    )
    sound = SoundField(required=False)
    negative_prompt = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), required=False)
    cfg_scale = forms.DecimalField(
        label="CFG scale",
        required=False,
        widget=forms.NumberInput(attrs={"min": "0", "max": "1", "step": "0.1"}),
        help_text="0 to 1: how closely the prompt is followed. Empty: the model's own choice.",
        error_messages={"invalid": "a number from 0 to 1"},
    )
    start_image = forms.FileField(required=False, widget=forms.FileInput(attrs={"accept": "image/*"}))
    start_image_url = forms.CharField(label="or its URL", required=False, widget=forms.URLInput)
    end_image = forms.FileField(required=False, widget=forms.FileInput(attrs={"accept": "image/*"}))
    end_image_url = forms.CharField(label="or its URL", required=False, widget=forms.URLInput)
    route = forms.CharField(
        required=False,
        widget=forms.Select(choices=[("", "Account default"), *((r, r) for r in ("auto", "value", "official"))]),
    )
    takes = WholeNumberField(
        initial=1,
        required=False,
        help_text="How many clips of this.",
        error_messages={"invalid": "a whole number"},
    )
    spend_at_most = SpendField(
        label="Spend at most, in USD",
        required=False,
        help_text="Orders as many takes as this pays for; the last ones are dropped first. Empty: all of them.",
    )
    stops_when_approved = forms.BooleanField(
        label="Cancel the takes that still wait once one is approved", required=False
    )
    delivery = forms.CharField(
        required=False,
        initial=reachability.default_delivery,
        widget=forms.Select(choices=[("polling", "Check regularly"), ("callback", "Be told by the provider")]),
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.in_use(),
        to_field_name="slug",
        required=False,
        empty_label="None",
        error_messages={"invalid_choice": "there is no campaign %(value)s that takes orders"},
    )
    batch = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self.images = {name: image for name in ordering.IMAGE_FIELDS if (image := self._image(name))}
        for name in ("duration", "takes"):
            if name in data and data[name] is None:
                self._default_or_error(name)
        # A field that cannot be read has its own error; the rules check the rest with a harmless value for it.
        for name, texts in ordering.problems(self.order_request(None)).items():
            if name not in self.errors:
                for text in texts:
                    self.add_error(name, text)
        return data

    def _default_or_error(self, name: str) -> None:
        """Use the default for a field that was not sent; report one that was sent empty: money depends on it."""
        if name in self.data:
            self.add_error(name, "is required")
        else:
            self.cleaned_data[name] = self.fields[name].initial

    def chosen_delivery(self) -> str:
        chosen: str = self.cleaned_data.get("delivery", "")
        return chosen if "delivery" in self.data else reachability.default_delivery()

    def order(self) -> Order:
        data = self.cleaned_data
        return Order(
            provider=data.get("provider", "") if "provider" in self.data else self.fields["provider"].initial,
            model=data.get("model", ""),
            mode=data.get("mode", ""),
            prompt=data.get("prompt", ""),
            duration_seconds=data.get("duration") or 5,
            aspect_ratio=data.get("aspect_ratio", ""),
            sound=data.get("sound"),
            negative_prompt=data.get("negative_prompt", ""),
            cfg_scale=data.get("cfg_scale"),
            start_image=data.get("start_image_url", ""),
            end_image=data.get("end_image_url", ""),
            route=data.get("route", ""),
        )

    def paying_campaign(self, prompt: Prompt | None) -> Campaign | None:
        """Return the campaign that pays: the chosen one, or the prompt's."""
        return self.cleaned_data.get("campaign") or (prompt.campaign if prompt else None)

    def order_request(self, prompt: Prompt | None) -> OrderRequest:
        return OrderRequest(
            self.order(),
            takes=self.cleaned_data.get("takes", 1),
            delivery=self.chosen_delivery(),
            images=self.images,
            campaign=self.paying_campaign(prompt),
            prompt=prompt,
            stops_when_approved=self.cleaned_data.get("stops_when_approved", False),
        )

    def _image(self, name: str) -> Upload | ReferenceImage | None:
        """Return the checked picture of a field, or None with the error at the field."""
        file: File[bytes] | None = self.cleaned_data.get(name)
        if file is None:
            return None
        if self.cleaned_data.get(f"{name}_url"):
            self.add_error(name, "a picture or its URL, not both")
        try:
            return Upload(clean_image(cast(BinaryIO, file)), file.name or "")
        except BadImage as error:
            self.add_error(name, str(error))
            return None


def menu() -> list[dict[str, Any]]:
    """Return what each offer accepts, for generate.js, which shows only the fields that apply."""
    return [
        {
            "provider": offer.provider,
            "model": offer.model,
            "mode": offer.mode,
            "prompt_max": offer.prompt_max,
            "negative_prompt_max": offer.negative_prompt_max,
            "durations": offer.durations,
            "aspect_ratios": offer.aspect_ratios,
            "aspect_ratio_required": offer.aspect_ratio_required,
            "sound": offer.sound,
            "cfg_scale": offer.cfg_scale,
            "routes": offer.routes,
            "images_min": offer.images_min,
            "images_max": offer.images_max,
        }
        for offer in offers.OFFERS.values()
    ]
