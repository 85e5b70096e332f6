"""Check orders against the menu, and describe what they choose in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generations.providers.base import Order, Value
from generations.providers.menu import MENU, MODE_NAMES, MODEL_NAMES, PROVIDER_NAMES, Offer
from generations.providers.parameters import Found, Images, Parameter, Rule, Text, Video, fields_of
from generations.providers.words import alternatives, label, spoken
from generations.translation import _

OFFERS: dict[tuple[str, str, str], Offer] = {offer.key: offer for offer in MENU}


def find(provider: str, model: str, mode: str) -> Offer | None:
    return OFFERS.get((provider, model, mode))


def provider_name(provider: str) -> str:
    """Return the display name: `APIXO` for `apixo`; an unknown id stays as it is."""
    return PROVIDER_NAMES.get(provider, provider)


def model_name(model: str) -> str:
    """Return the display name: `Kling 2.6` for `kling-2-6`; an unknown id stays as it is."""
    return MODEL_NAMES.get(model, model)


def mode_name(mode: str) -> str:
    """Return the display name: `Text to video` for `text-to-video`."""
    return _(MODE_NAMES[mode]) if mode in MODE_NAMES else _plain(mode).capitalize()


def _plain(mode: str) -> str:
    return mode.replace("-", " ")


def title(order: Order) -> str:
    """Return the name of a clip that is made without words, as rows keep it: `Kling 3.0 Std motion control`."""
    return f"{model_name(order.model)} {_plain(order.mode)}"


def problems(order: Order) -> dict[str, list[str]]:
    """Return each documented rule that an order breaks, by field; empty when there is none."""
    offer = find(order.provider, order.model, order.mode)
    found: dict[str, list[str]] = {}
    for field_name, text in _not_offered(order) if offer is None else _broken(order, offer):
        found.setdefault(field_name, []).append(text)
    return found


def facts(order: Order) -> list[str]:
    """Say what was chosen, but for words and pictures: `5 s`, `16:9`, `with sound`."""
    known, chosen = _known(order), order.parameters
    as_the_video = _("{seconds} s, as long as the video").format(seconds=order.video_seconds)
    measured = [as_the_video] if order.video_seconds and "duration" not in chosen else []
    named = [each.describe(name, chosen[name]) for name, each in known.items() if each.decides and name in chosen]
    return measured + named


def texts(order: Order) -> list[str]:
    """Return the names of the texts and of the video that were chosen, which `facts` leaves out."""
    known, chosen = _known(order), order.parameters
    return [name for name, each in known.items() if isinstance(each, Text | Video) and name in chosen]


def left_out(order: Order) -> list[str]:
    """Say what the provider decides, because it was not chosen: `Aspect ratio: Provider default (1:1)`."""
    chosen = order.parameters
    return [
        f"{label(name)}: {_(each.if_not_sent)}"
        for name, each in _known(order).items()
        if each.decides and name not in chosen
    ]


def cautions(order: Order) -> dict[str, str]:
    """Return by name what no page says of the parameters that were chosen, and a buyer should know."""
    known, chosen = _known(order), order.parameters
    return {name: text for name, each in known.items() if name in chosen and (text := each.warning(chosen[name]))}


def _known(order: Order) -> Mapping[str, Parameter]:
    offer = find(order.provider, order.model, order.mode)
    return offer.parameters if offer else {}


def _broken(order: Order, offer: Offer) -> Found:
    found: Found = []
    for name, parameter in offer.parameters.items():
        if name in order.parameters:
            broken = parameter.problems(name, order.parameters[name])
            found += [(at, _with_source(parameter, text)) for at, text in broken]
        elif parameter.required:
            found += _missing(name, parameter)
    for name in order.parameters.keys() - offer.parameters.keys():
        for each in fields_of(name, order.parameters[name]):
            found.append((each, _unknown(name, each, offer)))
    found += [pair for rule in offer.rules for pair in rule(order)]
    return [(name, f"{offer.name} {text}" if isinstance(text, Rule) else text) for name, text in found]


def _with_source(parameter: Parameter, text: str) -> str:
    """Say behind a refusal where its limit was read, if that is not the provider's page."""
    return Rule(f"{text} ({parameter.limit_source})") if parameter.limit_source and isinstance(text, Rule) else text


def _missing(name: str, parameter: Parameter) -> Found:
    """Say that a parameter is required and, where its values are listed, which there are."""
    if isinstance(parameter, Images):
        return parameter.problems(name, ())
    listed = bool(parameter.options())
    return [(name, _("is required: {values}").format(values=parameter.rule()) if listed else _("is required"))]


def _unknown(name: str, field: str, offer: Offer) -> Rule:
    """Say that a parameter is not taken; name the mode, where another one of the same model takes it."""
    same = [other for other in OFFERS.values() if (other.provider, other.model) == (offer.provider, offer.model)]
    if any(name in other.parameters for other in same):
        words = _("takes no {parameter} in the mode {mode}: leave it out")
        return Rule(words.format(parameter=spoken(field), mode=offer.mode))
    return Rule(_("takes no {parameter}: leave it out").format(parameter=spoken(field)))


def _not_offered(order: Order) -> Found:
    """Return which of provider, model and mode does not exist."""
    found: Found = [] if order.prompt.strip() else [("prompt", _("is required"))]
    menu = [offer for offer in OFFERS.values() if offer.provider == order.provider]
    if not menu:
        known = sorted({offer.provider for offer in OFFERS.values()})
        text = _("{provider} is not one of {known}")
        return [*found, ("provider", text.format(provider=order.provider or _("empty"), known=alternatives(known)))]
    models = sorted({offer.model for offer in menu})
    modes = [offer.mode for offer in menu if offer.model == order.model]
    if not modes:
        text, model = _("{provider} offers {models}, not {model}"), order.model or _("an empty one")
        found.append(("model", text.format(provider=order.provider, models=alternatives(models), model=model)))
    if not order.mode:
        found.append(("mode", _("is required")))
    elif modes:
        text = _("{model} on {provider} has {modes}, not {mode}").format(
            model=order.model, provider=order.provider, modes=alternatives(modes), mode=order.mode
        )
        found.append(("mode", text))
    return found


def with_defaults(order: Order) -> Order:
    """Return the order with the offer's own default for each parameter that was not chosen."""
    known, chosen = _known(order), order.parameters
    return order.but(**{name: each.default for name, each in known.items() if name not in chosen})


def thawed(provider: str, model: str, mode: str, stored: Mapping[str, Any]) -> dict[str, Value]:
    """Return frozen parameters as an order has them, in the order of the offer."""
    offer = find(provider, model, mode)
    known = offer.parameters if offer else {}
    names = [*(name for name in known if name in stored), *(name for name in stored if name not in known)]
    return {name: known[name].from_json(stored[name]) if name in known else stored[name] for name in names}
