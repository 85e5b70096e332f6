"""The rule of this site's own for passwords: enough of it must be a surprise."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop", "1234567890", "йцукенгшщзхъ", "фывапролджэ")
NEIGHBOURS = frozenset(pair for row in ROWS for pair in zip(row, row[1:], strict=False))
# What somebody who guesses at this site tries first; docs/operating.md lists them.
EXPECTED = re.compile("kling|kuaishou|apixo|apikley|studio|video|clip|admin|password|contraseña|welcome|bienvenid")
SURPRISES = 5  # different characters, that do not just follow the one before


class SurpriseValidator:
    """Refuse passwords such as aaaaaaaaab, abcdefghij, qwertyuiop, abcabcabcabc and KlingStudio2026."""

    def validate(self, password: str, user: object = None) -> None:
        """Check a password. Raises: ValidationError."""
        folded = EXPECTED.sub("", password.casefold())
        follows = (_follows(*pair) for pair in zip(folded, folded[1:], strict=False))
        surprising = {folded[:1], *(each for each, is_next in zip(folded[1:], follows, strict=True) if not is_next)}
        if len(surprising) < SURPRISES:
            raise ValidationError(self.get_help_text(), code="password_too_regular")

    def get_help_text(self) -> str:
        return _(
            "Your password must have at least {count} different characters that do not just repeat or continue the "
            "one before, as in aaaa, abcd, 4321 or qwerty. Words that anybody expects here, such as kling, studio or "
            "admin, do not count."
        ).format(count=SURPRISES)


def _follows(before: str, after: str) -> bool:
    """Return whether a character repeats the one before, or is next to it in the alphabet or on a keyboard."""
    return abs(ord(after) - ord(before)) <= 1 or (before, after) in NEIGHBOURS or (after, before) in NEIGHBOURS
