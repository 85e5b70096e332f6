"""Two readings of the same documents: what one refuses, the other refuses too.

The practice provider is written from the documents alone, so a difference is a misreading by one of the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from generations.providers import ADAPTERS, apikley, apixo
from generations.providers.base import Order
from generations.sandbox import Sandbox
from tests.menu import TABLE, Broken, Row, broken_rules, full, good

rows = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One practice provider for all refusals, which leave nothing behind; the address of its APIs."""
    directory: Path = tmp_path_factory.mktemp("sandbox")
    with Sandbox(directory=directory, wait_scale=0.01, apikley_orders_per_10_seconds=1000) as running:
        yield running.apixo_url


def post(url: str, order: Order) -> tuple[int, int]:
    """Send an order without asking the offers first; the HTTP status and the envelope's code."""
    if order.provider == "apikley":
        path, body = "/jobs/createTask", apikley.request_body(order)
    else:
        path, body = f"/generateTask/{order.model}", apixo.request_body(order)
    answer = requests.post(url + path, json=body, headers={"Authorization": "Bearer practice"}, timeout=10)
    return answer.status_code, answer.json()["code"]


@rows
def test_a_good_order_is_accepted(sandbox: Sandbox, row: Row) -> None:
    provider = ADAPTERS[row.key[0]](sandbox.apixo_url, "practice")
    assert provider.submit(good(row)) != provider.submit(full(row))
    assert sandbox.truth()["accepted"] == 2


def over_the_wire(row: Row) -> list[Broken]:
    """The rules whose breaking the documents say is refused, and that JSON can carry."""
    numbers = ("cfg 1E+400", "cfg NaN", "cfg Infinity", "cfg -Infinity")  # no JSON
    tiny = ("cfg 1E-400",)  # a zero, as a float
    return [broken for broken in broken_rules(row) if broken.refused and broken.rule not in numbers + tiny]


@rows
def test_what_the_offers_refuse_the_sandbox_refuses(strict: str, row: Row) -> None:
    for broken in over_the_wire(row):
        expected = {(400, 400)} if row.key[0] == "apixo" else {(200, 422), (422, 422)}
        assert post(strict, good(row, **broken.changes)) in expected, broken.rule
