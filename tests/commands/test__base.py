"""What the commands share."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("command", ["tasks", "cleanup", "worker", "prices", "budgets", "ledger"])
def test_a_database_that_is_not_set_up_is_told_in_words(command: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'generations'")
    with pytest.raises(CommandError, match=r"run `manage.py migrate`"):
        call_command(command)
