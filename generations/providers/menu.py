"""What each provider x model x mode accepts, read from the providers' documents: the only home of limits and waits.

A new model is an entry here; what an order is checked against and described with stands in offers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from generations.providers.base import Order
from generations.providers.parameters import (
    Choice,
    Found,
    Images,
    Number,
    Parameter,
    Stated,
    Text,
    Video,
    WholeNumber,
    YesNo,
)
from generations.translation import _, gettext_noop

DAY = 86_400
PROVIDER_NAMES = {"apixo": "APIXO", "apikley": "Apikley"}
MODEL_NAMES = {
    "kling-2-6": "Kling 2.6",
    "kling-2-5-turbo-pro": "Kling 2.5 Turbo Pro",
    "kling-2-1": "Kling 2.1",
    "kling-3-0-std": "Kling 3.0 Std",
    "kling-3-0-turbo": "Kling 3.0 Turbo",
}
MODE_NAMES = {
    "text-to-video": gettext_noop("Text to video"),
    "image-to-video": gettext_noop("Image to video"),
    "standard-image-to-video": gettext_noop("Standard image to video"),
    "pro-image-to-video": gettext_noop("Pro image to video"),
    "master-text-to-video": gettext_noop("Master text to video"),
    "master-image-to-video": gettext_noop("Master image to video"),
    "motion-control": gettext_noop("Motion control"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One line of a provider's menu; times in seconds."""

    provider: str
    model: str
    mode: str
    parameters: Mapping[str, Parameter]  # in the order of the form, the receipt and the request
    rules: tuple[Callable[[Order], Found], ...] = ()  # between parameters: the field, and what is wrong with it
    remote_model: str = ""  # what the provider calls model and mode, where it has one name for both
    expected_seconds: Mapping[int, tuple[int, int]] = field(default_factory=dict)  # duration -> time, as documented
    first_poll_seconds: int
    poll_seconds: int
    result_life_seconds: int
    source: str
    read_on: date

    @property
    def key(self) -> tuple[str, str, str]:
        return self.provider, self.model, self.mode

    @property
    def name(self) -> str:
        """The model and its provider, for people: `Kling 2.6 on Apikley`."""
        model, provider = MODEL_NAMES.get(self.model, self.model), PROVIDER_NAMES.get(self.provider, self.provider)
        return _("{model} on {provider}").format(model=model, provider=provider)

    @property
    def image_formats(self) -> tuple[str, ...]:
        """The endings of the pictures that are taken; empty when none is."""
        images = self.parameters.get("images")
        return images.formats if isinstance(images, Images) else ()

    def as_json(self) -> dict[str, Any]:
        """The keys of one line of `manage.py offers --json`, but for its prices."""
        return {
            "provider": self.provider,
            "model": self.model,
            "mode": self.mode,
            "parameters": {name: parameter.as_json() for name, parameter in self.parameters.items()},
            "expected_seconds": {str(seconds): list(times) for seconds, times in self.expected_seconds.items()},
            "first_poll_seconds": self.first_poll_seconds,
            "poll_seconds": self.poll_seconds,
            "result_life_seconds": self.result_life_seconds,
            "source": self.source,
            "read_on": self.read_on.isoformat(),
        }


READ_ON = date(2026, 11, 20)
DURATION = WholeNumber(values=(5, 10), unit=gettext_noop("seconds"), required=True, default=5, phrase="{} s")
RATIO = Choice(values=("16:9", "9:16", "1:1"), phrase="{}")
SOUND = YesNo(
    words=(gettext_noop("with sound"), gettext_noop("silent")),
    required=True,
    advice=gettext_noop("With sound: describe the sounds in the prompt, such as “birds chirping”."),
)
ROUTES = ("auto", "value", "official")
ACCOUNT_DEFAULT = gettext_noop("Account default")
ROUTE = Choice(values=ROUTES, if_not_sent=ACCOUNT_DEFAULT)
CFG_SCALE = Number(
    minimum=Decimal(0),
    maximum=Decimal(1),
    step=Decimal("0.1"),
    advice=gettext_noop(
        "How closely the prompt is followed. 0.3 to 0.5: freer; 0.6 to 0.8: moderate; 0.9 to 1.0: strict."
    ),
)

IMAGES_2_6 = Images(
    required=True,
    max_items=2,
    stated=Stated.COPY,
    caution=gettext_noop("The page does not say what a second picture does: it may not become the last frame."),
)
kling_2_6 = partial(
    Offer,
    model="kling-2-6",
    expected_seconds={5: (50, 70), 10: (80, 100)},
    first_poll_seconds=50,
    poll_seconds=5,
    read_on=READ_ON,
)
apixo_2_6 = partial(
    kling_2_6,
    provider="apixo",
    result_life_seconds=15 * DAY,
    source="APIXO documents, Kling 2.6",
)
apikley_2_6 = partial(kling_2_6, provider="apikley", result_life_seconds=DAY)
TEXT_2_6 = {"prompt": Text(max_length=1000, required=True, stated=Stated.COPY), "duration": DURATION, "sound": SOUND}
TEXT_2_6_APIKLEY = TEXT_2_6 | {"prompt": Text(max_length=1000, required=True)}

apixo_2_5 = partial(
    Offer,
    provider="apixo",
    model="kling-2-5-turbo-pro",
    expected_seconds={5: (30, 45), 10: (45, 60)},
    first_poll_seconds=30,
    poll_seconds=5,
    result_life_seconds=15 * DAY,
    source="APIXO documents, Kling 2.5 Turbo Pro",
    read_on=READ_ON,
)
TEXT_2_5 = {"prompt": Text(max_length=2500, required=True), "duration": DURATION}
MORE_2_5 = {
    "negative_prompt": Text(max_length=2500),
    "cfg_scale": CFG_SCALE,
    # The newer page leaves it to the key's settings.
    "route": Choice(values=ROUTES, if_not_sent=ACCOUNT_DEFAULT, stated=Stated.OLDER_PAGE),
}

apixo_2_1 = partial(
    Offer,
    provider="apixo",
    model="kling-2-1",
    expected_seconds={5: (60, 90), 10: (90, 120)},
    first_poll_seconds=60,
    poll_seconds=5,
    result_life_seconds=15 * DAY,
    source="APIXO documents, Kling 2.1",
    read_on=READ_ON,
)
TEXT_2_1 = {"prompt": Text(max_length=5000, required=True), "duration": DURATION}
MORE_2_1 = {
    "negative_prompt": Text(max_length=500, stated=Stated.OLDER_PAGE),  # the newer page says only that there is a limit
    "cfg_scale": replace(CFG_SCALE, stated=Stated.OTHER_MODEL),
}
ONE_IMAGE, TWO_IMAGES = Images(required=True), Images(required=True, max_items=2)
IMAGE_2_1, IMAGES_2_1 = (replace(images, stated=Stated.OTHER_MODEL) for images in (ONE_IMAGE, TWO_IMAGES))

COPIES = "Stored copies of APIXO's page of Kling 3.0 Std and other sellers' pages; its own page was not read"
kling_3 = partial(
    Offer,
    provider="apixo",
    first_poll_seconds=60,  # no page says how long it takes: some 240 s with another seller
    poll_seconds=5,
    result_life_seconds=DAY,
    source=COPIES,
    read_on=date(2026, 11, 21),
)
kling_3_std = partial(kling_3, model="kling-3-0-std")
kling_3_turbo = partial(kling_3, model="kling-3-0-turbo")
TEXT_3 = {
    "prompt": Text(max_length=2500, required=True, stated=Stated.OTHER_SELLER),
    "duration": replace(DURATION, values=(), minimum=3, maximum=15, stated=Stated.COPY),
}
TEXT_3_STD = TEXT_3 | {"sound": replace(SOUND, required=False, default=False, advice="", stated=Stated.COPY)}
TEXT_3_TURBO = TEXT_3 | {
    "resolution": Choice(
        values=("720p", "1080p"), required=True, default="720p", phrase="{}", stated=Stated.OTHER_SELLER
    ),
}
MOTION_3 = {
    "prompt": Text(max_length=2500, stated=Stated.OTHER_SELLER),
    "sound": TEXT_3_STD["sound"],
    "images": Images(required=True, stated=Stated.COPY),
    "video": Video(required=True, max_seconds=30, stated=Stated.COPY),
}
IMAGE_3 = Images(required=True, stated=Stated.OTHER_SELLER)

MENU = (
    apixo_2_6(
        mode="text-to-video",
        parameters={
            **TEXT_2_6,
            "aspect_ratio": replace(RATIO, if_not_sent=gettext_noop("Provider default (1:1)")),
            "route": ROUTE,
        },
    ),
    apixo_2_6(mode="image-to-video", parameters={**TEXT_2_6, "images": IMAGES_2_6, "route": ROUTE}),
    apixo_2_5(mode="text-to-video", parameters={**TEXT_2_5, "aspect_ratio": RATIO, **MORE_2_5}),
    apixo_2_5(mode="image-to-video", parameters={**TEXT_2_5, "images": TWO_IMAGES, **MORE_2_5}),
    apixo_2_1(mode="standard-image-to-video", parameters={**TEXT_2_1, "images": IMAGE_2_1, **MORE_2_1}),
    apixo_2_1(mode="pro-image-to-video", parameters={**TEXT_2_1, "images": IMAGES_2_1, **MORE_2_1}),
    apixo_2_1(mode="master-text-to-video", parameters={**TEXT_2_1, "aspect_ratio": RATIO, **MORE_2_1}),
    apixo_2_1(mode="master-image-to-video", parameters={**TEXT_2_1, "images": IMAGE_2_1, **MORE_2_1}),
    apikley_2_6(
        mode="text-to-video",
        remote_model="kling-2.6/text-to-video",
        parameters={**TEXT_2_6_APIKLEY, "aspect_ratio": replace(RATIO, required=True)},
        source="Apikley OpenAPI, Kling-2.6 text to video; waits as on APIXO's page of the same model",
    ),
    apikley_2_6(
        mode="image-to-video",
        remote_model="kling-2.6/image-to-video",
        parameters={
            **TEXT_2_6_APIKLEY,
            "images": Images(required=True, formats=("jpg", "png"), stated=Stated.OTHER_SELLER),
        },
        source="Apikley, Kling-2.6 image to video, whose input is KIE.ai's; waits as on APIXO's page of the same model",
    ),
    kling_3_std(mode="text-to-video", parameters={**TEXT_3_STD, "aspect_ratio": replace(RATIO, stated=Stated.COPY)}),
    kling_3_std(mode="image-to-video", parameters={**TEXT_3_STD, "images": IMAGES_2_6}),
    kling_3_std(mode="motion-control", parameters=MOTION_3),
    kling_3_turbo(
        mode="text-to-video",
        parameters={**TEXT_3_TURBO, "aspect_ratio": replace(RATIO, stated=Stated.OTHER_SELLER)},
    ),
    kling_3_turbo(mode="image-to-video", parameters={**TEXT_3_TURBO, "images": IMAGE_3}),
)
