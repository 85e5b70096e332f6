"""`manage.py generate`: exit codes, words and JSON that other people's scripts rely on."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from generations.management.commands.generate import Command
from generations.models import GenerationTask, Person, ReferenceImage, Status
from generations.providers import apixo
from tests.factories import a_budget, a_campaign, a_prompt, a_task, configure

pytestmark = pytest.mark.django_db

GOOD = ["--prompt", "a lighthouse", "--model", "kling-2-6", "--mode", "text-to-video", "--sound"]
PRICED = ["--prompt", "a lighthouse", "--model", "kling-2-5-turbo-pro", "--mode", "text-to-video"]


def generate(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("generate", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), err.getvalue() + str(error)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_an_order_that_a_budget_does_not_carry_is_exit_code_2() -> None:
    a_budget("0.50", at=timezone.now())
    order = ["--prompt", "a lighthouse", "--model", "kling-2-5-turbo-pro", "--mode", "text-to-video", "--takes", "2"]
    code, out, err = generate(*order, "--json")
    (text,) = json.loads(out)["errors"]["budget"]
    assert (code, err) == (2, "")
    assert "Estimated $0.60, Reserved $0.00, Spent $0.00, Remaining $0.50" in text
    assert generate(*order)[2].splitlines() == [f"budget: {text}", "Nothing was ordered. Nothing was charged."]
    assert not GenerationTask.objects.exists()


def test_an_order_names_its_campaign() -> None:
    campaign = a_campaign()
    assert generate(*GOOD, "--campaign", "autumn")[0] == 0
    task = GenerationTask.objects.get()
    assert (task.campaign, task.prompt.campaign) == (campaign, campaign)
    generate(*GOOD)
    assert GenerationTask.objects.filter(campaign=None).count() == 1


def test_an_order_counts_for_the_person_that_it_names() -> None:
    mira, _guest = (Person.objects.create(username=name) for name in ("mira", "guest"))
    needed = ("order_clips", "view_prompt", "view_generationtask")
    mira.user_permissions.add(*Permission.objects.filter(codename__in=needed))
    assert generate(*GOOD, "--by", "mira")[0] == 0
    assert GenerationTask.objects.get().ordered_by == mira
    a_budget("0.50", scope="person", person=mira, at=timezone.now(), hard=True)
    code, _out, err = generate(*PRICED, "--takes", "2", "--by", "mira")
    assert (code, "Over budget “mira, in total”" in err) == (2, True)
    assert generate(*PRICED, "--takes", "2")[0] == 0
    assert "by: guest may not order clips" in generate(*GOOD, "--by", "guest")[2]
    assert "by: there is no user nobody" in generate(*GOOD, "--by", "nobody")[2]
    assert GenerationTask.objects.count() == 3


def test_an_order_is_of_its_prompt_s_campaign() -> None:
    campaign = a_campaign()
    prompt = a_prompt(campaign=campaign)
    generate("--prompt-id", str(prompt.pk), "--model", "kling-2-6", "--mode", "text-to-video", "--sound")
    generate("--prompt-id", str(prompt.pk), *GOOD[2:], "--campaign", a_campaign("Spring").slug)
    assert [str(task.campaign) for task in GenerationTask.objects.order_by("id")] == ["Autumn", "Spring"]


def test_a_campaign_that_takes_no_orders_is_refused() -> None:
    a_campaign("Old", archived=True)
    for slug in ("old", "none"):
        code, __, err = generate(*GOOD, "--campaign", slug)
        assert (code, err.splitlines()[0]) == (2, f"campaign: there is no campaign {slug} that takes orders")


def test_an_order_is_a_row_and_exit_code_0() -> None:
    code, out, __ = generate(*GOOD, "--json")
    (row,) = json.loads(out)
    assert code == 0
    assert (row["status"], row["prompt"], row["duration_seconds"], row["sound"]) == ("queued", "a lighthouse", 5, True)
    assert row["id"] == GenerationTask.objects.get().pk


@pytest.mark.parametrize(
    ("arguments", "field", "rule"),
    [
        (["--prompt", "x" * 1001], "prompt", "at most 1000 characters, not 1001"),
        (["--prompt", " "], "prompt", "is required"),
        (["--model", "kling-3"], "model", "kling-2-6, kling-3-0-std or kling-3-0-turbo, not kling-3"),
        (["--mode", "pro"], "mode", "text-to-video or image-to-video, not pro"),
        (["--provider", "acme"], "provider", "acme is not one of"),
        (["--duration", "7"], "duration", "Kling 2.6 on APIXO takes 5 or 10 seconds, not 7"),
        (["--duration", "five"], "duration", "a whole number of seconds"),
        (["--aspect-ratio", "4:3"], "aspect_ratio", "16:9, 9:16 or 1:1, not 4:3"),
        (["--negative-prompt", "fog"], "negative_prompt", "Kling 2.6 on APIXO takes no negative prompt: leave it out"),
        (["--cfg-scale", "0.5"], "cfg_scale", "takes no CFG scale: leave it out"),
        (["--route", "cheap"], "route", "auto, value or official, not cheap"),
        (
            ["--start-image", "https://example.com/a.png"],
            "start_image",
            "takes no start image in the mode text-to-video: leave it out",
        ),
        (["--start-image", "/no/such/file.png"], "start_image", "No such file"),
        (["--start-image", __file__], "start_image", "not a JPG, PNG or WebP"),
        (["--takes", "0"], "takes", "1 to 10,000"),
        (["--takes", "10001"], "takes", "1 to 10,000"),
        (["--delivery", "pigeon"], "delivery", "polling or callback, not pigeon"),
        (["--delivery", ""], "delivery", "polling or callback, not an empty one"),
        (["--duration", ""], "duration", "is required"),
        (["--takes", ""], "takes", "is required"),
        (["--provider", ""], "provider", "empty is not one of"),
        (["--prompt-id", "1"], "prompt", "not both"),
        (["--spend-at-most", "-1"], "spend_at_most", "more than 0 and at most $1,000,000.00"),
        (["--spend-at-most", "NaN"], "spend_at_most", "an amount in USD"),
        (["--spend-at-most", ""], "spend_at_most", "an amount in USD"),
        (["--spend-at-most", "5"], "spend_at_most", "the price of this order is unknown"),
        (["--mode", "image-to-video"], "start_image", "is required"),
        (["--start-image", "data:image/png;base64,AAAA"], "start_image", "not a picture: data:image/png"),
        (["--var", "who=fox"], "var", "the text has no variable {{who}}"),
        (["--set", "seed=7"], "set", "no model takes seed"),
        (["--set", "duration=5", "--duration", "5"], "duration", "is given twice"),
        (["--set", "duration=7"], "duration", "takes 5 or 10 seconds, not 7"),
    ],
)
def test_a_rule_that_is_broken_is_named_with_its_field_and_nothing_is_written(
    arguments: list[str], field: str, rule: str
) -> None:
    code, out, __ = generate(*GOOD, *arguments, "--json")
    found = json.loads(out)["errors"]
    assert code == 2
    assert list(found) == [field]
    assert rule in found[field][0]
    assert not GenerationTask.objects.exists()
    assert not ReferenceImage.objects.exists()


def test_an_order_of_nothing_is_told_everything_that_it_lacks() -> None:
    code, out, __ = generate("--json")
    assert code == 2
    assert list(json.loads(out)["errors"]) == ["prompt", "model", "mode"]


def test_for_people_each_problem_is_a_line_on_stderr_and_the_last_one_speaks_of_money() -> None:
    code, out, err = generate("--prompt", "x", "--model", "kling-2-6", "--mode", "text-to-video", "--duration", "7")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "duration: Kling 2.6 on APIXO takes 5 or 10 seconds, not 7",
        "sound: is required: yes or no",
        "Nothing was ordered. Nothing was charged.",
    ]


PRICED = ["--prompt", "a lighthouse", "--model", "kling-2-5-turbo-pro", "--mode", "text-to-video"]


def test_takes_are_trimmed_to_an_amount_and_what_was_dropped_is_said() -> None:
    code, out, err = generate(*PRICED, "--takes", "5", "--spend-at-most", "1.00", "--json")
    assert (code, len(json.loads(out))) == (0, 3)
    assert "warning: $1.00 at most, so 3 of 5 takes are ordered. The last takes are dropped first: 2" in err


def test_an_amount_that_pays_for_nothing_is_refused_with_the_numbers() -> None:
    code, __, err = generate(*PRICED, "--spend-at-most", "0.10")
    assert code == 2
    assert err.splitlines() == [
        "spend_at_most: $0.10 at most, and one take costs $0.30: no take fits; nothing was charged",
        "Nothing was ordered. Nothing was charged.",
    ]
    assert not GenerationTask.objects.exists()


def test_takes_may_stop_once_one_is_approved() -> None:
    assert generate(*PRICED, "--takes", "2", "--stop-when-approved")[0] == 0
    assert set(GenerationTask.objects.values_list("stops_when_approved", flat=True)) == {True}


def test_what_a_person_should_know_is_on_stderr_and_stops_no_order() -> None:
    a_task(Status.FAILED, error_kind="content", error_message="too dark", prompt_text="a lighthouse")
    code, out, err = generate(*PRICED, "--json")
    assert (code, json.loads(out)[0]["status"]) == (0, "queued")
    assert "warning: No worker is running" in err
    assert "too dark (task" in err


def test_a_picture_at_an_address_that_gives_none_is_refused(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a.png").respond_with_data("<html>", content_type="image/png")
    there = ["--mode", "image-to-video", "--start-image", httpserver.url_for("/a.png")]
    code, out, __ = generate(*PRICED, *there, "--json")
    assert (code, list(json.loads(out)["errors"])) == (2, ["start_image"])
    assert not GenerationTask.objects.exists()


def test_a_kept_prompt_is_ordered_with_its_negative_prompt() -> None:
    prompt = a_prompt(text="gulls", negative_prompt="fog")
    mode = ["--model", "kling-2-5-turbo-pro", "--mode", "text-to-video"]
    assert generate("--prompt-id", str(prompt.pk), *mode)[0] == 0
    task = GenerationTask.objects.get()
    assert (task.prompt, task.prompt_text, task.negative_prompt) == (prompt, "gulls", "fog")


@pytest.mark.parametrize("given", ["99", "x", "-1", "9" * 30])
def test_a_prompt_that_is_not_there_is_told(given: str) -> None:
    code, out, __ = generate(f"--prompt-id={given}", *GOOD[2:], "--json")
    assert code == 2
    assert json.loads(out)["errors"]["prompt"] == [f"there is no prompt with the id {given}"]


def test_a_local_picture_is_checked_and_kept_under_a_name_of_ours(tmp_path: Path) -> None:
    Image.new("RGB", (80, 60), "navy").save(tmp_path / "start.jpg")
    arguments = ["--mode", "image-to-video", "--start-image", str(tmp_path / "start.jpg")]
    assert generate(*GOOD, *arguments)[0] == 0
    image = GenerationTask.objects.get().start_image
    assert image is not None
    assert (image.original_name, image.width) == ("start.jpg", 80)
    assert "start" not in str(image.file)


def test_a_local_picture_needs_an_address_that_the_provider_can_reach(tmp_path: Path, settings: Settings) -> None:
    settings.PRACTICE, settings.PUBLIC_URL = False, ""
    configure(settings, "apixo", api_key="key", base_url="https://api.apixo.ai/api/v1")
    Image.new("RGB", (80, 60), "navy").save(tmp_path / "start.jpg")
    code, __, err = generate(*GOOD, "--mode", "image-to-video", "--start-image", str(tmp_path / "start.jpg"))
    assert code == 2
    assert "PUBLIC_URL is not set" in err


@pytest.mark.django_db(transaction=True)
def test_waiting_ends_with_0_when_all_clips_are_stored(worker: None) -> None:
    code, out, __ = generate(*GOOD, "--takes", "2", "--wait", "--timeout", "30", "--json")
    rows: list[dict[str, Any]] = json.loads(out)
    assert code == 0
    assert [row["status"] for row in rows] == ["stored", "stored"]
    assert all(len(row["videos"][0]["sha256"]) == 64 for row in rows)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("fate", "status"), [("[fail NSFW]", "failed"), ("[lost answer]", "unconfirmed")])
def test_waiting_ends_with_1_when_a_clip_will_not_come(fate: str, status: str, worker: None) -> None:
    code, out, err = generate("--prompt", f"gulls {fate}", *GOOD[2:], "--wait", "--timeout", "30", "--json")
    assert (code, json.loads(out)[0]["status"]) == (1, status)
    assert "not all clips are stored" in err


def test_waiting_ends_with_1_when_the_time_is_up() -> None:
    code, out, __ = generate(*GOOD, "--wait", "--timeout", "0", "--json")
    assert (code, json.loads(out)[0]["status"]) == (1, "queued")


def test_what_was_ordered_is_said_with_the_defaults_and_the_price() -> None:
    order = ["--prompt", "a lighthouse", "--model", "kling-2-5-turbo-pro", "--mode", "text-to-video", "--takes", "2"]
    said = "Ordered: 2 clips of Kling 2.5 Turbo Pro on APIXO; Text to video, 5 s, Aspect ratio: Provider default, "
    assert said in generate(*order)[2]
    assert "from $0.30 each, from $0.60 together." in generate(*order)[2]


def test_an_unknown_price_and_an_undocumented_effect_are_warnings() -> None:
    pictures = ["--start-image", "https://example.com/a.png", "--end-image", "https://example.com/b.png"]
    code, out, err = generate(*GOOD[:4], "--mode", "image-to-video", "--sound", *pictures, "--json")
    warnings = json.loads(out)[0]["warnings"]
    assert code == 0
    assert any(text.startswith("The price is unknown") for text in warnings)
    assert any("does not say what a second picture does" in text for text in warnings)
    assert all(f"warning: {text}" in err for text in warnings)


def test_help_lists_the_values_of_each_choice(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        Command().run_from_argv(["manage.py", "generate", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "16:9, 9:16 or 1:1" in text
    assert "apixo or apikley" in text
    assert "5 or 10 seconds" in text


def test_a_parameter_without_an_option_is_set_kept_and_sent() -> None:
    turbo = ["--prompt", "gulls", "--model", "kling-3-0-turbo", "--mode", "text-to-video", "--duration", "12"]
    code, out, err = generate(*turbo, "--set", "resolution=1080p", "--json")
    (row,) = json.loads(out)
    assert (code, row["duration_seconds"], row["price_usd"]) == (0, 12, None)
    assert row["parameters"] == {"prompt": "gulls", "duration": 12, "resolution": "1080p"}
    sent = {"mode": "text-to-video", "prompt": "gulls", "duration": 12, "resolution": "1080p"}
    assert apixo.request_body(GenerationTask.objects.get().order())["input"] == sent
    assert "Kling 3.0 Turbo on APIXO; Text to video, 12 s, 1080p" in err


def test_at_a_terminal_a_person_is_asked_about_so_many_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    answers = iter(["n", "y"])
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or next(answers))  # type: ignore[func-returns-value]
    order = ["--prompt", "gulls", "--model", "kling-2-5-turbo-pro", "--mode", "text-to-video", "--takes", "501"]
    code, __, said = generate(*order)
    assert (code, said.splitlines()[-1], GenerationTask.objects.count()) == (
        2,
        "Nothing was ordered. Nothing was charged.",
        0,
    )
    assert generate(*order)[0] == 0
    assert (asked, GenerationTask.objects.count()) == (["Order 501 clips, from $150.30? [y/N] "] * 2, 501)


def test_the_variables_of_a_kept_prompt_are_given_and_none_goes_out_without_a_value() -> None:
    prompt = a_prompt(text="a {{who}} in {{where}}")
    arguments = ["--prompt-id", str(prompt.pk), *GOOD[2:]]
    code, out, __ = generate(*arguments, "--var", "who=fox", "--json")
    assert (code, json.loads(out)["errors"]) == (2, {"prompt": ["the variable {{where}} has no value"]})
    code, out, __ = generate(*arguments, "--var", "who=fox", "--var", "where=a = b", "--json")
    assert (code, json.loads(out)[0]["prompt"]) == (0, "a fox in a = b")
