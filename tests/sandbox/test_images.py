"""Start images: fetched from this machine, taken on trust from elsewhere."""

import io

import av
import pytest
import requests
from PIL import Image

MODELS = {"kling-2-6": {"sound": False}, "kling-2-5-turbo-pro": {}}


def picture(size=(300, 200), colour="red", kind="PNG") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, kind)
    return data.getvalue()


@pytest.fixture
def serve(httpserver):
    def put(body: bytes, status: int = 200) -> str:
        httpserver.expect_request("/image").respond_with_data(body, status=status)
        return str(httpserver.url_for("/image"))

    return put


def order(apixo, url, model="kling-2-6", mode="image-to-video"):
    return apixo.order("a ship", model=model, mode=mode, image_urls=[url])


def first_frame(url: str) -> Image.Image:
    with av.open(io.BytesIO(requests.get(url, timeout=5).content), "r") as container:
        frame: Image.Image = next(container.decode(video=0)).to_image()
        return frame


def test_the_clip_shows_the_image_in_its_ratio(apixo, serve):
    answer = order(apixo, serve(picture((1500, 1000), (200, 30, 30))))
    frame = first_frame(apixo.urls(answer.json()["data"]["taskId"])[0])
    assert frame.width / frame.height == pytest.approx(1.5, abs=0.02)
    assert frame.width % 2 == frame.height % 2 == 0
    red, green, blue = frame.crop((5, 5, 6, 6)).tobytes()
    assert red > 150 and green < 90 and blue < 90


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_apixo_takes_the_documented_formats(apixo, serve, kind):
    assert order(apixo, serve(picture(kind=kind))).status_code == 200


def test_apikley_takes_no_webp(apikley, serve):
    url = serve(picture(kind="WEBP"))
    answer = apikley.order(model="kling-2.6/image-to-video", image_urls=[url])
    assert answer.json()["code"] == 422


@pytest.mark.parametrize(("model", "word"), [("kling-2-6", "INVALID_IMAGE_URL"), ("kling-2-1", "ImageNotAccess")])
def test_an_image_that_cannot_be_fetched_refuses_the_order_in_the_page_s_words(apixo, serve, model, word):
    mode = "image-to-video" if model == "kling-2-6" else "standard-image-to-video"
    answer = order(apixo, serve(b"", 404), model, mode)
    assert answer.status_code == 400 and answer.json()["message"].startswith(word)
    assert apixo.sandbox.truth()["accepted"] == 0


@pytest.mark.parametrize("body", [b"", b"<html>", picture(kind="GIF"), picture()[:60]])
def test_what_is_no_image_refuses_the_order(apixo, serve, body):
    answer = order(apixo, serve(body), "kling-2-5-turbo-pro")
    assert (answer.status_code, answer.json()["message"]) == (400, "ImageFormatIncorrect")


def test_an_image_over_10_mb_refuses_the_order(apixo, serve):
    answer = order(apixo, serve(picture() + bytes(10 * 1024 * 1024)), "kling-2-5-turbo-pro")
    assert (answer.status_code, answer.json()["message"]) == (400, "Upload error")


def test_other_addresses_are_never_fetched(apixo):
    task_id = order(apixo, "https://images.example/ref.jpg").json()["data"]["taskId"]
    frame = first_frame(apixo.urls(task_id)[0])
    assert frame.size == (640, 360)
