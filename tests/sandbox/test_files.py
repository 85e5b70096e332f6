"""Result files over HTTP: ranges, validators, expiry, and files that are spoiled on purpose."""

import pytest
import requests


@pytest.fixture
def url(apixo):
    return apixo.urls(apixo.accepted("a lighthouse"))[0]


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()}, timeout=5)


def test_a_result_is_a_video_of_the_promised_length(url):
    answer = get(url)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "video/mp4"
    assert int(answer.headers["Content-Length"]) == len(answer.content) > 10_000
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_head_has_the_same_headers_and_no_body(url):
    whole, head = get(url), requests.head(url, timeout=5)
    assert head.content == b""
    for name in ("Content-Length", "ETag", "Content-Type", "Last-Modified"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    ("wanted", "piece"),
    [
        ("bytes=0-99", slice(0, 100)),
        ("bytes=1000-", slice(1000, None)),
        ("bytes=-50", slice(-50, None)),
        ("bytes=5-99999999", slice(5, None)),
    ],
)
def test_a_range_is_answered_with_its_piece(url, wanted, piece):
    whole, part = get(url).content, get(url, Range=wanted)
    assert part.status_code == 206
    assert part.content == whole[piece]
    first = range(len(whole))[piece][0]
    assert part.headers["Content-Range"] == f"bytes {first}-{first + len(part.content) - 1}/{len(whole)}"


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=9-3", "bytes=-0"])
def test_a_range_outside_is_answered_with_416(url, wanted):
    answer = get(url, Range=wanted)
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(get(url).content)}"


@pytest.mark.parametrize("wanted", ["bytes=-", "bytes=0-1,5-6", "seconds=1-2"])
def test_a_range_that_is_not_understood_gives_the_whole_file(url, wanted):
    assert get(url, Range=wanted).status_code == 200


def test_if_range_gives_the_piece_only_of_the_same_file(url):
    etag = get(url).headers["ETag"]
    assert get(url, Range="bytes=5-", If_Range=etag).status_code == 206
    assert get(url, Range="bytes=5-", If_Range='"other"').status_code == 200


def test_if_none_match_spares_the_download(url):
    assert get(url, If_None_Match=get(url).headers["ETag"]).status_code == 304


@pytest.mark.parametrize("change", ["-0-", "-1-", "/files/x"])
def test_a_guessed_address_is_not_found(url, change):
    guesses = {"-0-": url[:-8] + "0000.mp4", "-1-": url.replace("-0-", "-1-"), "/files/x": url[:30] + "x"}
    assert get(guesses[change]).status_code == 404


def test_the_address_of_an_unfinished_task_is_not_found(apixo, clock):
    task_id = apixo.accepted("[slow]")
    assert get(f"{apixo.sandbox.url}/files/{task_id}-0-000000000000.mp4").status_code == 404


def test_apixo_results_expire_after_15_days(url, clock):
    clock.advance(15 * 86400 - 700)
    assert get(url).status_code == 200
    clock.advance(700)
    assert get(url).status_code == 403


def test_apikley_results_expire_after_24_hours(apikley, clock):
    import json

    (url,) = json.loads(apikley.finished(apikley.accepted())["resultJson"])["resultUrls"]
    assert get(url).status_code == 200
    clock.advance(86400)
    assert get(url).status_code == 403


def test_truncated_file_never_gets_past_60_percent(apixo):
    (url,) = apixo.urls(apixo.accepted("[truncated file]"))
    size = int(requests.head(url, timeout=5).headers["Content-Length"])
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(url)
    cut = int(size * 0.6)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        get(url, Range=f"bytes={cut}-")  # nor for a client that resumes
    assert get(url, Range=f"bytes=0-{cut - 1}").status_code == 206


def test_truncated_once_is_whole_the_second_time(apixo):
    (url,) = apixo.urls(apixo.accepted("[truncated once]"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(url)
    assert get(url).status_code == 200


def test_short_file_hides_its_cut(apixo):
    (whole,) = apixo.urls(apixo.accepted("a lighthouse"))
    (short,) = apixo.urls(apixo.accepted("a lighthouse [short file]"))
    assert len(get(short).content) < 0.8 * len(get(whole).content)


def test_html_file_is_a_page(apixo):
    answer = get(apixo.urls(apixo.accepted("[html file]"))[0])
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")


def test_empty_file_has_no_bytes(apixo):
    answer = get(apixo.urls(apixo.accepted("[empty file]"))[0])
    assert (answer.status_code, answer.content) == (200, b"")


def test_expired_is_refused_under_the_same_address_for_ever(apixo):
    first = apixo.urls(task_id := apixo.accepted("[expired]"))
    assert get(first[0]).status_code == 403
    assert apixo.urls(task_id) == first


def test_fresh_url_works_under_the_second_address(apixo):
    (dead,) = apixo.urls(task_id := apixo.accepted("[fresh url]"))
    assert get(dead).status_code == 410
    (alive,) = apixo.urls(task_id)
    assert get(alive).status_code == 200
    assert get(dead).status_code == 410


def test_the_truth_counts_the_bytes(apixo, url, wait):
    size = len(get(url).content)
    wait(lambda: apixo.sandbox.truth()["tasks"][0]["bytes_served"] == size)
