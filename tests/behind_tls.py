"""The settings that a site has behind TLS, as its settings file makes them of an https PUBLIC_URL."""

from __future__ import annotations

import os
import re
import runpy
from typing import Any
from unittest.mock import patch

from django.conf import settings as site
from django.test import Client

NAMES = re.compile("BEHIND_TLS|PUBLIC_URL|SECURE_|CSRF_|[A-Z_]*COOKIE_")


def made_of(public_url: str) -> dict[str, Any]:
    """Return those settings that follow from PUBLIC_URL."""
    with patch.dict(os.environ, PUBLIC_URL=public_url):
        made = runpy.run_path(str(site.BASE_DIR / "kling_site/settings.py"))
    return {name: value for name, value in made.items() if NAMES.match(name)}


def put_behind_tls(settings: Any) -> None:
    for name, value in made_of("https://testserver").items():
        setattr(settings, name, value)


def by_tls(client: Client) -> Client:
    """Return a browser whose requests came by TLS, as the proxy says."""
    client.defaults["HTTP_X_FORWARDED_PROTO"] = "https"
    return client
