"""What APIXO's pages refuse is refused; what they show as an example is accepted as it stands."""

import json
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parents[1] / "samples/apixo"
EXAMPLES = sorted(path for path in SAMPLES.glob("*.order-*.json") if "all-fields" not in path.name)
IMAGE = "https://example.com/ref.jpg"
TEXT = {"mode": "text-to-video", "prompt": "a lighthouse", "duration": 5}
PICTURE = {"mode": "image-to-video", "prompt": "a lighthouse", "duration": 5, "image_urls": [IMAGE]}
MASTER = TEXT | {"mode": "master-text-to-video"}
STANDARD = PICTURE | {"mode": "standard-image-to-video"}
PRO = PICTURE | {"mode": "pro-image-to-video"}


def given(model: str, base: dict[str, Any], **changes: Any) -> tuple[str, dict[str, Any]]:
    sound = {"sound": True} if model == "kling-2-6" else {}
    whole = base | sound | changes
    return model, {"input": {name: value for name, value in whole.items() if value is not ...}}


REFUSED = {
    "unknown mode": given("kling-2-6", TEXT, mode="video-to-video"),
    "another model's mode": given("kling-2-1", TEXT),
    "missing mode": given("kling-2-5-turbo-pro", TEXT, mode=...),
    "missing prompt": given("kling-2-6", TEXT, prompt=...),
    "blank prompt": given("kling-2-5-turbo-pro", TEXT, prompt="  \n "),
    "prompt of the wrong type": given("kling-2-1", MASTER, prompt=5),
    "2.6 prompt over 1000": given("kling-2-6", TEXT, prompt="x" * 1001),
    "2.5 prompt over 2500": given("kling-2-5-turbo-pro", TEXT, prompt="x" * 2501),
    "2.1 prompt over 5000": given("kling-2-1", MASTER, prompt="x" * 5001),
    "missing duration": given("kling-2-6", TEXT, duration=...),
    "duration 7": given("kling-2-5-turbo-pro", TEXT, duration=7),
    "duration true": given("kling-2-6", TEXT, duration=True),
    "2.6 duration as a string": given("kling-2-6", TEXT, duration="5"),
    "2.1 duration as a string": given("kling-2-1", MASTER, duration="10"),
    "2.5 duration as a wrong string": given("kling-2-5-turbo-pro", TEXT, duration="05"),
    "2.6 without sound": given("kling-2-6", TEXT, sound=...),
    "2.6 sound as a string": given("kling-2-6", TEXT, sound="true"),
    "2.6 unknown ratio": given("kling-2-6", TEXT, aspect_ratio="4:3"),
    "2.5 unknown ratio": given("kling-2-5-turbo-pro", TEXT, aspect_ratio="21:9"),
    "2.1 master with an unknown ratio": given("kling-2-1", MASTER, aspect_ratio="16/9"),
    "2.6 image mode without an image": given("kling-2-6", PICTURE, image_urls=...),
    "2.6 image mode with three images": given("kling-2-6", PICTURE, image_urls=[IMAGE] * 3),
    "2.5 image mode with no image in the list": given("kling-2-5-turbo-pro", PICTURE, image_urls=[]),
    "2.5 image as a string": given("kling-2-5-turbo-pro", PICTURE, image_urls=IMAGE),
    "2.5 image that is no URL": given("kling-2-5-turbo-pro", PICTURE, image_urls=["file:///etc/passwd"]),
    "2.6 image in a private network": given("kling-2-6", PICTURE, image_urls=["https://10.0.0.1/a.png"]),
    "2.5 image at a name of a local network": given("kling-2-5-turbo-pro", PICTURE, image_urls=["http://nas.local/a"]),
    "2.1 standard with two images": given("kling-2-1", STANDARD, image_urls=[IMAGE] * 2),
    "2.1 master image mode with two": given("kling-2-1", PICTURE, mode="master-image-to-video", image_urls=[IMAGE] * 2),
    "2.1 pro with three images": given("kling-2-1", PRO, image_urls=[IMAGE] * 3),
    "2.1 text mode with an image": given("kling-2-1", MASTER, image_urls=[IMAGE]),
    "2.5 negative prompt over 2500": given("kling-2-5-turbo-pro", TEXT, negative_prompt="x" * 2501),
    "2.1 negative prompt over 500": given("kling-2-1", MASTER, negative_prompt="x" * 501),
    "negative prompt of the wrong type": given("kling-2-5-turbo-pro", TEXT, negative_prompt=["x"]),
    "cfg_scale over 1": given("kling-2-5-turbo-pro", TEXT, cfg_scale=1.1),
    "cfg_scale under 0": given("kling-2-1", MASTER, cfg_scale=-0.1),
    "cfg_scale between the steps": given("kling-2-5-turbo-pro", TEXT, cfg_scale=0.55),
    "cfg_scale that is no number": given("kling-2-5-turbo-pro", TEXT, cfg_scale="high"),
    "cfg_scale not a number": given("kling-2-5-turbo-pro", TEXT, cfg_scale="NaN"),
    "2.1 cfg_scale as a string": given("kling-2-1", MASTER, cfg_scale="0.5"),
    "missing input": ("kling-2-6", {}),
    "input of the wrong type": ("kling-2-6", {"input": []}),
    "body of the wrong type": ("kling-2-6", []),
}

OUTER_REFUSED = {
    "unknown request_type": {"request_type": "sync"},
    "callback without an address": {"request_type": "callback"},
    "callback over plain http": {"request_type": "callback", "callback_url": "http://studio.example/hook"},
    "callback to a private address": {"request_type": "callback", "callback_url": "https://10.0.0.1/hook"},
    "callback to a single name": {"request_type": "callback", "callback_url": "https://intranet/hook"},
    "callback to a name of a local network": {"request_type": "callback", "callback_url": "https://nas.local/hook"},
    "callback that is no URL": {"request_type": "callback", "callback_url": "hook"},
    "unknown provider": {"provider": "cheapest"},
}

ACCEPTED = {
    "2.5 duration as a string": given("kling-2-5-turbo-pro", TEXT, duration="10"),
    "2.5 cfg_scale as a string": given("kling-2-5-turbo-pro", TEXT, cfg_scale="0.6"),
    "cfg_scale with binary dust": given("kling-2-5-turbo-pro", TEXT, cfg_scale=0.1 + 0.2),
    "cfg_scale at its ends": given("kling-2-1", MASTER, cfg_scale=1),
    "2.6 prompt of exactly 1000": given("kling-2-6", TEXT, prompt="ж" * 1000),
    "2.1 image mode with a ratio that is ignored": given("kling-2-1", STANDARD, aspect_ratio="4:3"),
    "2.6 image mode with two images": given("kling-2-6", PICTURE, image_urls=[IMAGE] * 2),
    "2.1 pro with two images": given("kling-2-1", PRO, image_urls=[IMAGE] * 2),
    "a null where nothing is required": given("kling-2-5-turbo-pro", TEXT, negative_prompt=None, cfg_scale=None),
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_each_documented_request_is_accepted_verbatim(apixo, example):
    model = example.name.split(".")[0].removesuffix("-es")  # the same page in Spanish
    answer = apixo.session.post(
        f"{apixo.sandbox.apixo_url}/generateTask/{model}",
        data=example.read_bytes(),
        headers={"Content-Type": "application/json"},
        timeout=5,
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["message"] == "success"
    assert list(answer.json()["data"]) == ["taskId"]


def test_all_documented_requests_are_tried():
    assert len(EXAMPLES) == 14


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    from generations.sandbox import Sandbox

    with Sandbox(directory=tmp_path_factory.mktemp("shared"), wait_scale=1.0) as sandbox:
        yield sandbox


def post(sandbox, model, body):
    import requests

    return requests.post(
        f"{sandbox.apixo_url}/generateTask/{model}",
        json=body,
        headers={"Authorization": "Bearer practice"},
        timeout=5,
    )


@pytest.mark.parametrize("case", REFUSED)
def test_each_documented_rule_refuses(shared, case):
    answer = post(shared, *REFUSED[case])
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == 400
    assert shared.truth()["accepted"] == 0


@pytest.mark.parametrize("case", OUTER_REFUSED)
def test_each_rule_about_delivery_refuses(shared, case):
    model, body = given("kling-2-6", TEXT)
    answer = post(shared, model, body | OUTER_REFUSED[case])
    assert (answer.status_code, answer.json()["code"]) == (400, 400)


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_the_pages_allow_is_accepted(apixo, case):
    model, body = ACCEPTED[case]
    assert apixo.post(f"/generateTask/{model}", body).status_code == 200


def test_a_loopback_callback_may_be_plain_http(apixo):
    answer = apixo.order(request_type="callback", callback_url="http://localhost:1/hook")
    assert answer.status_code == 200


def test_provider_is_no_field_of_kling_2_1_and_passed_over_like_any_other(apixo):
    model, body = given("kling-2-1", MASTER)
    assert apixo.post(f"/generateTask/{model}", body | {"provider": "whatever"}).status_code == 200


@pytest.mark.parametrize(
    ("model", "base", "changes", "price"),
    [
        ("kling-2-6", TEXT, {}, 0.55),
        ("kling-2-6", TEXT, {"sound": False, "duration": 10}, 0.55),
        ("kling-2-5-turbo-pro", PICTURE, {"duration": 10}, 0.60),
        ("kling-2-1", STANDARD, {}, 0.20),
        ("kling-2-1", PRO, {"duration": 10}, 0.70),
        ("kling-2-1", MASTER, {}, 1.00),
    ],
)
def test_an_order_costs_what_its_page_says(apixo, model, base, changes, price):
    name, body = given(model, base, **changes)
    apixo.post(f"/generateTask/{name}", body)
    assert apixo.sandbox.truth()["tasks"][0]["price"] == price


def test_a_refusal_names_the_field(shared):
    answer = post(shared, *given("kling-2-5-turbo-pro", TEXT, prompt=...)).json()
    assert answer["message"] == "Missing required parameter"
    assert answer["data"] == {"error": "Missing required field: input.prompt"}


def test_the_old_page_has_one_sentence_and_no_data(shared):
    answer = post(shared, *given("kling-2-6", TEXT, duration=7)).json()
    assert answer["message"].startswith("Invalid parameters or request error")
    assert answer["data"] is None
    assert json.dumps(answer)
