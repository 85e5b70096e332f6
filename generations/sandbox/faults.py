"""The faults that a prompt can request with words in square brackets, such as `[no credit]`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# Word -> its effect, in one sentence. The documentation and the start page list this table.
FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "fail": "The task fails; `[fail NSFW]` names the failCode, without one it is SensitiveContent.",
        "reject": "The order is refused as invalid (400; Apikley: code 422); nothing is accepted.",
        "busy": "The order is refused with 429 and Retry-After once, `[busy 3]` three times, then accepted.",
        "server error": "The order is answered with 500 and not accepted.",
        "unavailable": "The order is answered with 503 and not accepted.",
        "upstream timeout": "The order is answered with 504 and not accepted.",
        "not generated": "The order is answered with Apikley's code 501 (APIXO: 500) and not accepted.",
        "maintenance": "The order is refused once with Apikley's code 455 (APIXO: 503), then accepted.",
        "disabled": "The order is refused once with Apikley's code 505 (APIXO: 503), then accepted.",
        "no access": "The order is refused with 403: the key or its route may not use the model.",
        "content refused": "The order is refused with 403: its content is not allowed.",
        "no credit": "The order is refused with 402 (APIXO's Kling 2.6: 400): the account has no money.",
        "bad key": "The order is refused with 401: the key is not accepted.",
        "gateway error": "The order is accepted, but the answer is a gateway's HTML page with status 502.",
        "lost answer": "The order is accepted, but the connection closes without an answer.",
        "hang": "The order is accepted, but no answer comes until the client gives up (at most 120 s).",
        "no id": "The order is accepted, but the answer says 200 with `data: null`.",
        "stuck": "The task never leaves processing.",
        "slow": "The task takes 5 times as long as usual.",
        "fast": "The task takes a tenth of the usual time.",
        "unknown state": "The task reports the undocumented state `processing_r2` before its success.",
        "late visible": "The first 3 status requests say that there is no such task.",
        "forgotten": "Every status request says that there is no such task.",
        "no urls": "The task succeeds, but its first 2 status answers hold an empty list of URLs.",
        "two videos": "The task delivers two videos.",
        "object result": "resultJson is an object instead of a string.",
        "truncated file": "Every download stops at 60 % of the length that was promised.",
        "truncated once": "The first download stops at 60 %, later ones are whole.",
        "short file": "The file itself is cut at 60 %, and its Content-Length agrees.",
        "html file": "The result URL answers 200 with an HTML page instead of a video.",
        "empty file": "The result URL answers 200 with no bytes.",
        "expired": "The result URL answers 403 from the beginning, and asking again gives the same URL.",
        "fresh url": "The first result URL answers 410; asking for the status again gives one that works.",
        "wrong duration": "The video is 3 seconds long, whatever was ordered.",
        "wrong ratio": "The video has another aspect ratio than the one that was ordered.",
        "mute": "The video has no audio track although sound was ordered.",
        "callback twice": "The callback is delivered twice.",
        "callback never": "The callback is never delivered.",
        "callback early": "The task finishes at once, and its callback arrives before the order is answered.",
    }
)

DEFAULT_FAIL_CODE = "SensitiveContent"
# failCode -> failMsg, in the providers' own sentences where their pages have one.
FAIL_MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        "SensitiveContent": "Content violates upstream policy, please adjust the prompt",
        "CONTENT_VIOLATION": "Content does not meet safety guidelines",
        "INVALID_IMAGE_URL": "Cannot access provided image URL",
        "ImageNotAccess": "An input image URL could not be fetched",
        "ImageFormatIncorrect": "Input image format could not be processed",
        "Upload error": "Image upload failed or exceeded size limits",
        "PromptInvalid": "Prompt was rejected or malformed",
        "PromptLengthExceeded": "Prompt exceeded model limits",
        "ProhibitedContentDetected": "Prompt, input image, or output failed safety checks",
        "NSFW": "Prompt, input image, or output failed safety checks",
        "RateLimited": "Upstream rate limit was reached",
        "Timeout": "Upstream service timed out",
        "Unknown error": "Upstream service returned an unmapped error",
    }
)
_DOCUMENTED_CODES = {code.casefold(): code for code in FAIL_MESSAGES}
_TAKES_ARGUMENT = {"fail": r"\S[^\]]*", "busy": r"\d{1,3}"}


def _pattern() -> re.Pattern[str]:
    def spelled(word: str) -> str:
        argument = _TAKES_ARGUMENT.get(word)
        return word.replace(" ", r"\s+") + (rf"(?:\s+({argument}))?" if argument else "()")

    words = "|".join(rf"(?P<{word.replace(' ', '_')}>{spelled(word)})" for word in FAULTS)
    return re.compile(rf"\[\s*(?:{words})\s*\]", re.IGNORECASE)


_WORDS = _pattern()


@dataclass(frozen=True)
class Faults:
    """The faults that a prompt requests: words, each with its argument or an empty string."""

    words: Mapping[str, str]

    def __contains__(self, word: str) -> bool:
        return word in self.words

    @property
    def fail_code(self) -> str:
        """Return the failCode, in the spelling of the documents when it is one of theirs."""
        code = self.words.get("fail", "") or DEFAULT_FAIL_CODE
        return _DOCUMENTED_CODES.get(code.casefold(), code)

    @property
    def fail_message(self) -> str:
        return FAIL_MESSAGES.get(self.fail_code, "The generation failed")

    @property
    def busy_times(self) -> int:
        return int(self.words.get("busy", "") or 1) if "busy" in self.words else 0

    @classmethod
    def of(cls, prompt: str) -> "Faults":
        """Parse a prompt; other words in square brackets belong to the prompt."""
        words: dict[str, str] = {}
        for match in _WORDS.finditer(prompt):
            name = str(match.lastgroup)
            argument = match.group(_WORDS.groupindex[name] + 1)  # the argument's group follows the word's group
            words[name.replace("_", " ")] = (argument or "").strip()
        return cls(MappingProxyType(words))


def without_faults(prompt: str) -> str:
    """Return the prompt without its fault words, as it is drawn on the clip."""
    return " ".join(_WORDS.sub(" ", prompt).split())
