"""The rules of APIXO's model pages for the fields, the price and the generation time of an order.

Read from https://apixo.ai/docs/models/video/kling-2-1, kling-2-5-turbo-pro and kling-2-6, not from the product's
offers: when one of the two has misread a page, they disagree, and a test fails.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from . import rules, videos
from .tasks import Order
from .wire import Json

RATIOS = ("1:1", "9:16", "16:9")
ROUTES = ("auto", "value", "official")
Rule = Callable[[Mapping[str, Json], str], object]  # of the functions in rules, with its limits; raises Refused


@dataclass(frozen=True)
class Mode:
    """One value of `mode`. Prices are in USD for 5 and 10 seconds; one price is by the second."""

    images: tuple[int, int]  # at least, at most; see Model.ignores_images for text modes
    prices: tuple[str, ...]
    longest_video: int = 0  # seconds; not 0: the length of the clip is read from one video
    prompt_required: bool = True
    text: bool = False  # text modes obey aspect_ratio; the others take the ratio of their image


@dataclass(frozen=True)
class Model:
    """One model page."""

    name: str
    modes: Mapping[str, Mode]
    longest_prompt: int
    typical: Mapping[int, tuple[float, float]]  # duration -> documented seconds of making it
    default_ratio: str = "16:9"
    longest_negative: int = 0  # 0: the page knows no negative prompt and no cfg_scale
    number_strings: bool = False  # whether duration and cfg_scale may come as strings
    sound: bool = False  # whether `sound` exists, and then it is required
    routes: bool = False  # whether the page has the field `provider`
    ignores_images: bool = True  # in a text mode; the kling-2-1 page refuses them
    old_wording: bool = False
    durations: tuple[int, ...] = (5, 10)
    always_sound: bool = False
    further: Mapping[str, Rule] = field(default_factory=dict)  # other fields, each with the function that checks it

    def read(self, body: dict[str, Json]) -> Order:
        """Return the order in a request's body. Raises: Refused."""
        callback_url = self._delivery(body)
        if self.routes:
            rules.choice(body, "provider", ROUTES, default="auto")
        given = rules.mapping(body, "input")
        mode = self.modes[rules.choice(given, "mode", tuple(self.modes))]
        prompt = rules.text(given, "prompt", most=self.longest_prompt, required=mode.prompt_required)
        seconds = self._seconds(given, mode)
        sound = rules.flag(given, "sound") if self.sound else self.always_sound
        self._settings(given)
        price = Decimal(mode.prices[seconds == 10]) if mode.prices[1:] else Decimal(mode.prices[0]) * seconds
        return Order(
            provider="apixo",
            model=self.name,
            prompt=prompt,
            seconds=seconds,
            # Elsewhere the page says that it "appears ignored".
            ratio=rules.choice(given, "aspect_ratio", RATIOS, default=self.default_ratio) if mode.text else "",
            sound=sound,
            price=price * 2 if self.sound and sound else price,
            typical=self.typical[seconds],
            image_urls=self._images(given, mode),
            callback_url=callback_url,
        )

    def _delivery(self, body: dict[str, Json]) -> str:
        if rules.choice(body, "request_type", ("async", "callback"), default="async") == "async":
            return ""
        if body.get("callback_url") in (None, ""):
            raise rules.Refused(rules.MISSING, "callback_url is required for request_type callback")
        return rules.callback(body, "callback_url", public=True)

    def _seconds(self, given: dict[str, Json], mode: Mode) -> int:
        if mode.longest_video:
            (url,) = rules.image_urls(given, least=1, most=1, name="video_urls", public=True)
            return videos.seconds_of(url, most=mode.longest_video)
        return rules.duration(given, numbers=True, strings=self.number_strings, allowed=self.durations)

    def _settings(self, given: dict[str, Json]) -> None:
        for name, rule in self.further.items():
            rule(given, name)
        if self.longest_negative:
            rules.text(given, "negative_prompt", most=self.longest_negative, required=False)
            rules.number(given, "cfg_scale", strings=self.number_strings)

    def _images(self, given: dict[str, Json], mode: Mode) -> tuple[str, ...]:
        if mode.text and self.ignores_images:
            return ()
        least, most = mode.images
        return rules.image_urls(given, least=least, most=most, public=True)


MODELS: Mapping[str, Model] = {
    model.name: model
    for model in (
        Model(
            name="kling-2-6",
            # No price is published. These are KIE's figures for the same model, and practice money only;
            # sound doubles them.
            modes={
                "text-to-video": Mode((0, 0), ("0.275", "0.55"), text=True),
                "image-to-video": Mode((1, 2), ("0.275", "0.55")),
            },
            longest_prompt=1000,
            typical={5: (50, 70), 10: (80, 100)},
            default_ratio="1:1",
            sound=True,
            routes=True,
            old_wording=True,
        ),
        Model(
            name="kling-2-5-turbo-pro",
            modes={
                "text-to-video": Mode((0, 0), ("0.30", "0.60"), text=True),
                "image-to-video": Mode((1, 2), ("0.30", "0.60")),
            },
            longest_prompt=2500,
            typical={5: (30, 45), 10: (45, 60)},
            longest_negative=2500,
            number_strings=True,
            routes=True,
        ),
        Model(
            name="kling-2-1",
            modes={
                "standard-image-to-video": Mode((1, 1), ("0.20", "0.40")),
                "pro-image-to-video": Mode((1, 2), ("0.35", "0.70")),
                "master-text-to-video": Mode((0, 0), ("1.00", "2.00"), text=True),
                "master-image-to-video": Mode((1, 1), ("1.00", "2.00")),
            },
            longest_prompt=5000,
            typical={5: (60, 90), 10: (90, 120)},
            # The page has no number ("exceeds the backend limit"); an older Russian copy of it says 500.
            longest_negative=500,
            ignores_images=False,
        ),
        # Copies of APIXO's page; where they are silent, other sellers: prompt, times and prices by the second.
        Model(
            name="kling-3-0-std",
            modes={
                "text-to-video": Mode((0, 0), ("0.10",), text=True),
                "image-to-video": Mode((1, 2), ("0.10",)),
                "motion-control": Mode((1, 1), ("0.10",), longest_video=30, prompt_required=False),
            },
            longest_prompt=2500,
            typical=dict.fromkeys(range(1, 31), (120, 240)),
            sound=True,
            durations=tuple(range(3, 16)),
        ),
        Model(
            name="kling-3-0-turbo",
            modes={
                "text-to-video": Mode((0, 0), ("0.10",), text=True),
                "image-to-video": Mode((1, 1), ("0.10",)),
            },
            longest_prompt=2500,
            typical=dict.fromkeys(range(3, 16), (120, 240)),
            durations=tuple(range(3, 16)),
            always_sound=True,
            further={"resolution": partial(rules.choice, allowed=("720p", "1080p"))},
        ),
    )
}
