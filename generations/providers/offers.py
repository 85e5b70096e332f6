"""What each provider x model x mode accepts, read from the providers' documents: the only home of limits and waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from generations.providers.base import UNSTORABLE, Order

DAY = 86_400
DURATIONS = (5, 10)
RATIOS = ("16:9", "9:16", "1:1")
CFG_STEP = Decimal("0.1")
PROVIDER_NAMES = {"apixo": "APIXO", "apikley": "Apikley"}
MODEL_NAMES = {"kling-2-6": "Kling 2.6", "kling-2-5-turbo-pro": "Kling 2.5 Turbo Pro", "kling-2-1": "Kling 2.1"}
NO_TEXT = "has a character that is no text: NUL, or half of a surrogate pair"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One line of a provider's menu; times in seconds, sizes in characters."""

    provider: str
    model: str
    mode: str
    prompt_max: int
    durations: tuple[int, ...] = DURATIONS
    aspect_ratios: tuple[str, ...] = ()  # empty: none may be sent
    aspect_ratio_required: bool = False
    images_min: int = 0
    images_max: int = 0
    image_formats: tuple[str, ...] = ("jpg", "png", "webp")  # endings, as an uploaded picture gets them
    sound: bool = False  # True: it must be said, yes or no; False: it may not be sent
    negative_prompt_max: int = 0  # 0: may not be sent
    cfg_scale: bool = False
    routes: tuple[str, ...] = ()  # not sent unless chosen
    expected_seconds: dict[int, tuple[int, int]]  # duration -> the documented range of generation times
    first_poll_seconds: int
    poll_seconds: int
    result_life_seconds: int
    source: str
    read_on: date

    @property
    def key(self) -> tuple[str, str, str]:
        return self.provider, self.model, self.mode


READ_ON = date(2026, 11, 20)
kling_2_6 = partial(
    Offer,
    model="kling-2-6",
    prompt_max=1000,
    sound=True,
    expected_seconds={5: (50, 70), 10: (80, 100)},
    first_poll_seconds=50,
    poll_seconds=5,
    read_on=READ_ON,
)
apixo_2_6 = partial(
    kling_2_6,
    provider="apixo",
    routes=("auto", "value", "official"),
    result_life_seconds=15 * DAY,
    source="APIXO documents, Kling 2.6",
)
apikley_2_6 = partial(
    kling_2_6,
    provider="apikley",
    result_life_seconds=DAY,
)
apixo_2_5 = partial(
    Offer,
    provider="apixo",
    model="kling-2-5-turbo-pro",
    prompt_max=2500,
    negative_prompt_max=2500,
    cfg_scale=True,
    routes=(
        "auto",
        "value",
        "official",
    ),  # on the older page only; the newer one leaves it to the key's settings
    expected_seconds={5: (30, 45), 10: (45, 60)},
    first_poll_seconds=30,
    poll_seconds=5,
    result_life_seconds=15 * DAY,
    source="APIXO documents, Kling 2.5 Turbo Pro",
    read_on=READ_ON,
)
apixo_2_1 = partial(
    Offer,
    provider="apixo",
    model="kling-2-1",
    prompt_max=5000,
    negative_prompt_max=500,  # from an older page; the newer one says only that there is a limit
    cfg_scale=True,
    expected_seconds={5: (60, 90), 10: (90, 120)},
    first_poll_seconds=60,
    poll_seconds=5,
    result_life_seconds=15 * DAY,
    source="APIXO documents, Kling 2.1",
    read_on=READ_ON,
)

MENU = (
    apixo_2_6(mode="text-to-video", aspect_ratios=RATIOS),
    apixo_2_6(mode="image-to-video", images_min=1, images_max=2),  # the page does not say what the second image does
    apixo_2_5(mode="text-to-video", aspect_ratios=RATIOS),
    apixo_2_5(mode="image-to-video", images_min=1, images_max=2),  # the second one is the final frame
    apixo_2_1(mode="standard-image-to-video", images_min=1, images_max=1),
    apixo_2_1(mode="pro-image-to-video", images_min=1, images_max=2),
    apixo_2_1(mode="master-text-to-video", aspect_ratios=RATIOS),
    apixo_2_1(mode="master-image-to-video", images_min=1, images_max=1),
    apikley_2_6(
        mode="text-to-video",
        aspect_ratios=RATIOS,
        aspect_ratio_required=True,
        source="Apikley OpenAPI, Kling-2.6 text to video; waits as on APIXO's page of the same model",
    ),
    apikley_2_6(
        mode="image-to-video",
        images_min=1,
        images_max=1,
        image_formats=("jpg", "png"),
        source="Apikley, Kling-2.6 image to video, whose input is KIE.ai's; waits as on APIXO's page of the same model",
    ),
)
OFFERS: dict[tuple[str, str, str], Offer] = {offer.key: offer for offer in MENU}


def find(provider: str, model: str, mode: str) -> Offer | None:
    return OFFERS.get((provider, model, mode))


def provider_name(provider: str) -> str:
    """The name for people: `APIXO` for `apixo`; an id that is not known stays as it is."""
    return PROVIDER_NAMES.get(provider, provider)


def model_name(model: str) -> str:
    """The name for people: `Kling 2.6` for `kling-2-6`; an id that is not known stays as it is."""
    return MODEL_NAMES.get(model, model)


def mode_name(mode: str) -> str:
    """The name for people: `Text to video` for `text-to-video`."""
    return mode.replace("-", " ").capitalize()


def problems(order: Order) -> dict[str, list[str]]:
    """Every rule of the documents that an order breaks, by field, in words that name it; empty when it is fine."""
    offer = find(order.provider, order.model, order.mode)
    if offer is None:
        pairs = [*_prompt_given(order), *_not_offered(order)]
    else:
        pairs = [pair for check in CHECKS for pair in check(order, offer)]
    found: dict[str, list[str]] = {}
    for field, text in pairs:
        found.setdefault(field, []).append(text)
    return found


Found = list[tuple[str, str]]


def _not_offered(order: Order) -> Found:
    """Which of provider, model and mode is the one that nobody has."""
    menu = [offer for offer in OFFERS.values() if offer.provider == order.provider]
    if not menu:
        known = sorted({offer.provider for offer in OFFERS.values()})
        return [("provider", f"{order.provider or 'empty'} is not one of {words(known)}")]
    found: Found = []
    models = sorted({offer.model for offer in menu})
    modes = [offer.mode for offer in menu if offer.model == order.model]
    if not modes:
        found.append(("model", f"{order.provider} offers {words(models)}, not {order.model or 'an empty one'}"))
    if not order.mode:
        found.append(("mode", "is required"))
    elif modes:
        found.append(("mode", f"{order.model} on {order.provider} has {words(modes)}, not {order.mode}"))
    return found


def _prompt_given(order: Order) -> Found:
    return [] if order.prompt.strip() else [("prompt", "is required")]


def _prompt(order: Order, offer: Offer) -> Found:
    found = _prompt_given(order)
    if UNSTORABLE.search(order.prompt):
        found.append(("prompt", NO_TEXT))
    if len(order.prompt) > offer.prompt_max:
        found.append(("prompt", f"{offer.model} takes at most {offer.prompt_max} characters, not {len(order.prompt)}"))
    return found


def _duration(order: Order, offer: Offer) -> Found:
    if order.duration_seconds not in offer.durations:
        makes = words([str(n) for n in offer.durations])
        return [("duration", f"{offer.model} makes {makes} seconds, not {order.duration_seconds}")]
    return []


def _aspect_ratio(order: Order, offer: Offer) -> Found:
    if not order.aspect_ratio:
        return [("aspect_ratio", f"{offer.provider} requires one")] if offer.aspect_ratio_required else []
    if not offer.aspect_ratios:
        return [("aspect_ratio", f"{offer.model} {offer.mode} takes none: the picture decides")]
    if order.aspect_ratio not in offer.aspect_ratios:
        return [("aspect_ratio", f"{offer.model} makes {words(offer.aspect_ratios)}, not {order.aspect_ratio}")]
    return []


def _sound(order: Order, offer: Offer) -> Found:
    if offer.sound and order.sound is None:
        return [("sound", f"{offer.model} must be told: with sound or without")]
    if order.sound is not None and not offer.sound:
        return [("sound", f"{offer.model} makes silent clips and takes no sound choice")]
    return []


def _negative_prompt(order: Order, offer: Offer) -> Found:
    if not order.negative_prompt:
        return []
    if not offer.negative_prompt_max:
        return [("negative_prompt", f"{offer.model} takes none")]
    if UNSTORABLE.search(order.negative_prompt):
        return [("negative_prompt", NO_TEXT)]
    if len(order.negative_prompt) > offer.negative_prompt_max:
        limit, length = offer.negative_prompt_max, len(order.negative_prompt)
        return [("negative_prompt", f"{offer.model} takes at most {limit} characters, not {length}")]
    return []


def _cfg_scale(order: Order, offer: Offer) -> Found:
    value = order.cfg_scale
    if value is None:
        return []
    if not offer.cfg_scale:
        return [("cfg_scale", f"{offer.model} takes none")]
    if not value.is_finite() or not 0 <= value <= 1 or value % CFG_STEP:
        return [("cfg_scale", f"{offer.model} takes 0 to 1 in steps of 0.1, not {value}")]
    return []


def _images(order: Order, offer: Offer) -> Found:
    found: Found = []
    if order.start_image and not offer.images_max:
        found.append(("start_image", f"{offer.model} {offer.mode} takes no image"))
    if not order.start_image and offer.images_min:
        found.append(("start_image", f"{offer.model} {offer.mode} requires one"))
    if order.end_image and offer.images_max < 2:
        found.append(("end_image", f"{offer.model} {offer.mode} takes no end image"))
    return found


def _route(order: Order, offer: Offer) -> Found:
    if not order.route or order.route in offer.routes:
        return []
    if not offer.routes:
        return [("route", f"{offer.model} on {offer.provider} takes none")]
    return [("route", f"{offer.model} takes {words(offer.routes)}, not {order.route}")]


CHECKS = (_prompt, _duration, _aspect_ratio, _sound, _negative_prompt, _cfg_scale, _images, _route)


def words(options: list[str] | tuple[str, ...]) -> str:
    """`5 or 10`; `16:9, 9:16 or 1:1`."""
    return " or ".join([", ".join(options[:-1]), options[-1]] if len(options) > 1 else options)
