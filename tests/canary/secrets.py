"""The secrets of a run, and how a text may hold one: as it is, or in base64."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass, field
from functools import cached_property


def new() -> str:
    """A secret that stands in no text by chance, and that neither JSON nor a URL writes in another way."""
    return f"Canary{secrets.token_hex(12)}"


def spellings(secret: str) -> list[str]:
    """As it is, and what base64 makes of it, wherever it begins: without the characters that its neighbours share."""
    found = [secret]
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + secret.encode()).decode()
        found.append(encoded[(before * 8 + 5) // 6 : (before + len(secret)) * 8 // 6])
    return [*found, *(each.replace("+", "-").replace("/", "_") for each in found[1:])]


@dataclass
class Secrets:
    """Secrets by what they are; more are added while they come to be."""

    named: dict[str, str] = field(default_factory=dict)

    def make(self, name: str) -> str:
        return self.add(name, new())

    def add(self, name: str, secret: str) -> str:
        assert len(secret) >= 16, f"{name}: {secret!r} may stand in a text by chance"
        self.named[name] = secret
        self.__dict__.pop("pattern", None)
        return secret

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        self.names = {spelling: name for name, secret in self.named.items() for spelling in spellings(secret)}
        return re.compile("|".join(map(re.escape, self.names)))

    def found_in(self, text: str) -> set[str]:
        """The names of the secrets that a text holds."""
        return {self.names[match[0]] for match in self.pattern.finditer(text)}

    def lines_of(self, text: str) -> list[str]:
        """Each line that holds a secret, after the secrets' names."""
        return [f"{sorted(found)}: {line[:400]}" for line in text.splitlines() if (found := self.found_in(line))]
