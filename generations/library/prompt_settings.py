"""The settings that a prompt carries: provider, model, mode and what decides the price, as the form's fields hold them.

The menu may change after they were saved: whoever uses them asks which of them it still takes.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from generations.providers import offers
from generations.providers.base import Order, Value
from generations.providers.menu import Offer

WHERE = ("provider", "model", "mode")
EXAMPLE = "provider=apixo; model=kling-2-6; mode=text-to-video; duration=5"

Settings = Mapping[str, str]


def problems(settings: Settings) -> list[str]:
    """Say which settings the menu does not take; empty when it takes all, or there are none."""
    if not settings:
        return []
    if missing := [name for name in WHERE if not settings.get(name)]:
        words = _("settings name a provider, a model and a mode: {names} missing")
        return [words.format(names=", ".join(missing))]
    if not (offer := _offer(settings)):
        return [_("there is no model {model} with the mode {mode} at {provider}").format(**settings)]
    return [text for name, value in settings.items() if name not in WHERE and (text := _problem(offer, name, value))]


def usable(settings: Settings) -> dict[str, str]:
    """Return the settings that the menu takes now; none where it no longer has the model."""
    if not (offer := _offer(settings)):
        return {}
    return {name: value for name, value in settings.items() if name in WHERE or not _problem(offer, name, value)}


def in_words(settings: Settings) -> str:
    """Say what the usable settings are: `Kling 2.6 at APIXO, Text to video, 5 s, 16:9`; empty for none."""
    chosen = usable(settings)
    if not (offer := _offer(chosen)):
        return ""
    values = {name: offer.parameters[name].parse(text) for name, text in chosen.items() if name not in WHERE and text}
    facts = offers.facts(Order(provider=offer.provider, model=offer.model, mode=offer.mode, parameters=values))
    where = _("{model} at {provider}").format(
        model=offers.model_name(offer.model), provider=offers.provider_name(offer.provider)
    )
    return ", ".join([where, offers.mode_name(offer.mode), *facts])


def as_text(settings: Settings) -> str:
    """Write settings as a cell of a table holds them: `provider=apixo; model=kling-2-6; ...`."""
    return "; ".join(f"{name}={value}" for name, value in settings.items())


def from_text(text: str) -> dict[str, str]:
    """Read what `as_text` wrote. Raises: ValidationError, one message for each thing that is wrong."""
    found: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in text.split(";"))):
        name, sign, value = (each.strip() for each in part.partition("="))
        if not sign:
            words = _("“{text}” is no setting: write name=value, such as {example}")
            raise ValidationError(words.format(text=part[:40], example=EXAMPLE))
        if name in found:
            raise ValidationError(_("{name} is given twice").format(name=name))
        found[name] = value
    if wrong := problems(found):
        raise ValidationError(wrong)
    return found


def _offer(settings: Settings) -> Offer | None:
    return offers.find(*(settings.get(name, "") for name in WHERE))


def _problem(offer: Offer, name: str, text: str) -> str:
    """Say why an offer does not take a value; empty when it does, and for an empty value that it may leave out."""
    parameter = offer.parameters.get(name)
    if parameter is None or not parameter.decides:
        return _("{offer} takes no setting {name}").format(offer=offer.name, name=name)
    if not text.strip():
        needed = _("{offer} needs a value of {name}").format(offer=offer.name, name=name)
        return needed if parameter.required or parameter.default is not None else ""
    try:
        value: Value = parameter.parse(text)
    except ValueError as error:
        return f"{offer.name} {name}: {error}"
    refused = parameter.problem(value)
    return f"{offer.name} {name}: {refused}" if refused else ""
