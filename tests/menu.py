"""The menu as a table written from the documents, and every way to break one of its rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from generations.providers.base import Order
from tests.factories import but, order_of

RATIOS = ("16:9", "9:16", "1:1")
ROUTES = ("auto", "value", "official")
D15, D1 = 1_296_000, 86_400  # days, in seconds
START, END = "https://example.com/start.jpg", "https://example.com/end.jpg"
VIDEO = "https://example.com/dance.mp4"
BAD_CFG = ["1.1", "0.05", "-0.1", "0.55", "2", "1E+400", "1E-400", "NaN", "Infinity", "-Infinity"]


@dataclass(frozen=True)
class Other:
    """A parameter that few offers have: values that it takes, and others with what is said of them."""

    takes: tuple[Any, ...]
    refuses: dict[Any, str]
    required: bool = False


@dataclass(frozen=True)
class Row:
    """What a page of the documents says of one mode."""

    key: tuple[str, str, str]
    prompt: int
    ratios: tuple[str, ...]
    images: tuple[int, int]
    sound: bool
    negative: int
    cfg: bool
    routes: tuple[str, ...]
    takes: dict[int, tuple[int, int]]
    first_poll: int
    life: int
    ratio_required: bool = False
    formats: tuple[str, ...] = ("jpg", "png", "webp")
    durations: tuple[int, ...] = (5, 10)
    durations_in_words: str = "5 or 10 seconds"
    others: dict[str, Other] = field(default_factory=dict)  # further parameters
    duration_default: int = 5
    sound_default: bool | None = None
    prompt_required: bool = True
    video: bool = False  # a reference video, from which the length is read

    @property
    def name(self) -> str:
        return "/".join(self.key)


K26, K25, K21 = "kling-2-6", "kling-2-5-turbo-pro", "kling-2-1"
K3S, K3T = "kling-3-0-std", "kling-3-0-turbo"
K3: Any = {"durations": tuple(range(3, 16)), "durations_in_words": "3 to 15 seconds", "sound_default": False}
MOTION: Any = {"durations": (), "sound_default": False, "prompt_required": False, "video": True}
SIZE = Other(("720p", "1080p"), {"another": "takes 720p or 1080p, not another"}, required=True)
SIZES: Any = {"others": {"resolution": SIZE}}
NAMES = {
    K26: "Kling 2.6", K25: "Kling 2.5 Turbo Pro", K21: "Kling 2.1", K3S: "Kling 3.0 Std", K3T: "Kling 3.0 Turbo",
    "apixo": "APIXO", "apikley": "Apikley",
}  # fmt: skip
TAKES_26 = {5: (50, 70), 10: (80, 100)}
TAKES_25 = {5: (30, 45), 10: (45, 60)}
TAKES_21 = {5: (60, 90), 10: (90, 120)}
# fmt: off
TABLE = [
    # provider, model, mode; prompt; ratios; images; sound; negative prompt; cfg_scale; routes; times; first poll; life
    Row(("apixo", K26, "text-to-video"),          1000, RATIOS, (0, 0), True, 0, False, ROUTES, TAKES_26, 50, D15),
    Row(("apixo", K26, "image-to-video"),         1000, (),     (1, 2), True, 0, False, ROUTES, TAKES_26, 50, D15),
    Row(("apixo", K25, "text-to-video"),          2500, RATIOS, (0, 0), False, 2500, True, ROUTES, TAKES_25, 30, D15),
    Row(("apixo", K25, "image-to-video"),         2500, (),     (1, 2), False, 2500, True, ROUTES, TAKES_25, 30, D15),
    Row(("apixo", K21, "standard-image-to-video"),5000, (),     (1, 1), False, 500, True, (), TAKES_21, 60, D15),
    Row(("apixo", K21, "pro-image-to-video"),     5000, (),     (1, 2), False, 500, True, (), TAKES_21, 60, D15),
    Row(("apixo", K21, "master-text-to-video"),   5000, RATIOS, (0, 0), False, 500, True, (), TAKES_21, 60, D15),
    Row(("apixo", K21, "master-image-to-video"),  5000, (),     (1, 1), False, 500, True, (), TAKES_21, 60, D15),
    Row(("apikley", K26, "text-to-video"),        1000, RATIOS, (0, 0), True, 0, False, (), TAKES_26, 50, D1,
        ratio_required=True),
    Row(("apikley", K26, "image-to-video"),       1000, (),     (1, 1), True, 0, False, (), TAKES_26, 50, D1,
        formats=("jpg", "png")),
    Row(("apixo", K3S, "text-to-video"),          2500, RATIOS, (0, 0), True, 0, False, (), {}, 60, D1, **K3),
    Row(("apixo", K3S, "image-to-video"),         2500, (),     (1, 2), True, 0, False, (), {}, 60, D1, **K3),
    Row(("apixo", K3S, "motion-control"),         2500, (),     (1, 1), True, 0, False, (), {}, 60, D1, **MOTION),
    Row(("apixo", K3T, "text-to-video"),          2500, RATIOS, (0, 0), False, 0, False, (), {}, 60, D1, **K3, **SIZES),
    Row(("apixo", K3T, "image-to-video"),         2500, (),     (1, 1), False, 0, False, (), {}, 60, D1, **K3, **SIZES),
]
# fmt: on


def good(row: Row, **changes: Any) -> Order:
    """The least that a row accepts."""
    provider, model, mode = row.key
    order = order_of(
        provider=provider,
        model=model,
        mode=mode,
        prompt="a lighthouse at dawn" if row.prompt_required else None,
        duration_seconds=5 if row.durations else None,
        video=VIDEO if row.video else None,
        aspect_ratio="16:9" if row.ratio_required else "",
        sound=False if row.sound else None,
        start_image=START if row.images[0] else "",
        **{name: other.takes[0] for name, other in row.others.items() if other.required},
    )
    return but(order, **changes)


def full(row: Row) -> Order:
    """All that a row accepts, at its limits."""
    return good(
        row,
        prompt="x" * row.prompt,
        duration_seconds=row.durations[-1] if row.durations else None,
        aspect_ratio="1:1" if row.ratios else "",
        sound=True if row.sound else None,
        negative_prompt="y" * row.negative,
        cfg_scale=Decimal(1) if row.cfg else None,
        start_image=START if row.images[1] else "",
        end_image=END if row.images[1] == 2 else "",
        route=row.routes[-1] if row.routes else "",
        **{name: other.takes[-1] for name, other in row.others.items()},
    )


@dataclass(frozen=True)
class Broken:
    """One rule broken: where it shows, what it says, and whether the documents say that the provider refuses it."""

    rule: str
    changes: dict[str, Any]
    field: str
    words: str
    refused: bool = True  # False: a field that the page does not know, or calls ignored


def elsewhere(row: Row, column: str) -> str:
    """What is said behind a refusal where another mode of the model takes it."""
    same = [other for other in TABLE if other.key[:2] == row.key[:2]]
    taken = any(getattr(other, column) not in ((), (0, 0)) for other in same)
    return f" in the mode {row.key[2]}" if taken else ""


def broken_rules(row: Row) -> list[Broken]:
    """Every way to break a rule of a row with one change."""
    provider, model, mode = row.key
    who, long = f"{NAMES[model]} on {NAMES[provider]}", row.prompt + 1
    found = [
        Broken("no prompt", {"prompt": ""}, "prompt", "is required"),
        Broken("blank prompt", {"prompt": " \n\t\u3000"}, "prompt", "is required"),
        Broken("long", {"prompt": "x" * long}, "prompt", f"{who} takes at most {row.prompt} characters, not {long}"),
    ]
    if not row.prompt_required:
        found = [broken for broken in found if "prompt" not in broken.rule]
    if row.video:
        found.append(Broken("no video", {"video": None}, "video", "is required"))
    if not row.durations:
        text = f"{who} takes no duration{elsewhere(row, 'durations')}: leave it out"
        found.append(Broken("seconds", {"duration_seconds": 5}, "duration", text, refused=False))
    for seconds in {0, -5, 2, 7, 15, 16} - set(row.durations) if row.durations else ():
        text = f"{who} takes {row.durations_in_words}, not {seconds}"
        found.append(Broken(f"{seconds} seconds", {"duration_seconds": seconds}, "duration", text))
    if row.ratios:
        text = f"{who} takes 16:9, 9:16 or 1:1, not 4:3"
        found.append(Broken("4:3", {"aspect_ratio": "4:3"}, "aspect_ratio", text))
    else:
        text = f"{who} takes no aspect ratio{elsewhere(row, 'ratios')}: leave it out"
        found.append(Broken("ratio", {"aspect_ratio": "16:9"}, "aspect_ratio", text, refused=False))
    if row.ratio_required:
        found.append(Broken("no ratio", {"aspect_ratio": ""}, "aspect_ratio", "is required: 16:9, 9:16 or 1:1"))
    for name, other in row.others.items():
        for value, text in other.refuses.items():
            found.append(Broken(f"{name} {value}", {name: value}, name, f"{who} {text}"))
    if row.sound and row.sound_default is None:
        found.append(Broken("no sound", {"sound": None}, "sound", "is required: yes or no"))
    elif not row.sound:
        text = f"{who} takes no sound: leave it out"
        for sound in (True, False):
            found.append(Broken(f"sound {sound}", {"sound": sound}, "sound", text, refused=False))
    if row.negative:
        text = f"{who} takes at most {row.negative} characters, not {row.negative + 1}"
        found.append(Broken("long negative", {"negative_prompt": "x" * (row.negative + 1)}, "negative_prompt", text))
    else:
        changes = {"negative_prompt": "blur"}
        text = f"{who} takes no negative prompt: leave it out"
        found.append(Broken("negative", changes, "negative_prompt", text, refused=False))
    for value in BAD_CFG if row.cfg else ["0.5"]:
        text = (
            f"{who} takes 0 to 1 in steps of 0.1, not {value}" if row.cfg else f"{who} takes no CFG scale: leave it out"
        )
        found.append(Broken(f"cfg {value}", {"cfg_scale": Decimal(value)}, "cfg_scale", text, refused=row.cfg))
    if row.images[1] == 0:
        text = f"{who} takes no start image{elsewhere(row, 'images')}: leave it out"
        # Only the page of kling-2-1 says that a picture is refused where none belongs.
        found.append(Broken("image", {"start_image": START}, "start_image", text, refused=model == K21))
    elif row.images[0]:
        found.append(Broken("no image", {"start_image": ""}, "start_image", "is required"))
    if row.images[1] == 1:
        found.append(Broken("end image", {"end_image": END}, "end_image", f"{who} takes no end image: leave it out"))
    if row.images[1] == 0:
        text = f"{who} takes no end image{elsewhere(row, 'images')}: leave it out"
        found.append(Broken("end image", {"end_image": END}, "end_image", text, refused=model == K21))
    if row.routes:
        text = f"{who} takes auto, value or official, not cheap"
        found.append(Broken("route", {"route": "cheap"}, "route", text))
    else:
        text = f"{who} takes no route: leave it out"
        found.append(Broken("route", {"route": "auto"}, "route", text, refused=False))
    return found
