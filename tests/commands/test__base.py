"""What the commands share."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from generations.management.commands.generate import Command as Generate
from generations.management.commands.prices import Command as Prices

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("command", ["tasks", "cleanup", "worker", "prices", "budgets", "ledger"])
def test_a_database_that_is_not_set_up_is_told_in_words(command: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'generations'")
    with pytest.raises(CommandError, match=r"run `manage.py migrate`"):
        call_command(command)


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        (Generate, ["generate", "--nonsense", "--json"], "unrecognized arguments: --nonsense"),
        (Generate, ["generate", "--prompt", "--json"], "expected one argument"),
        (Prices, ["prices", "add", "--json"], "the following arguments are required: --provider"),
    ],
)
def test_an_option_that_cannot_be_read_is_json_where_json_was_asked_for(
    command: type[Generate | Prices], arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        command().run_from_argv(["manage.py", *arguments])
    (text,) = json.loads(capsys.readouterr().out)["errors"]["options"]
    assert (end.value.code, words in text) == (2, True)
