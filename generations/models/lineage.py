"""What tasks came from one another: continued, promoted or retried. Read by one statement, however long the line is."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection
from django.db.models.expressions import RawSQL

MOST_STEPS = 50  # up to the first, and down to the last
MOST_DESCENDANTS = 60

# Both parts begin with the task itself. A line without an end cannot be: a task names older ones only.
LINE = """
WITH RECURSIVE up (id, promoted, continued, retried, step) AS (
    SELECT id, promoted_from_id, continued_from_id, retry_of_id, 0 FROM generations_generationtask WHERE id = %s
    UNION
    SELECT t.id, t.promoted_from_id, t.continued_from_id, t.retry_of_id, up.step + 1
    FROM up JOIN generations_generationtask t ON t.id IN (up.promoted, up.continued, up.retried)
    WHERE up.step < %s
), down (id, step) AS (
    SELECT id, 0 FROM generations_generationtask WHERE id = %s
    UNION
    SELECT t.id, down.step + 1
    FROM down JOIN generations_generationtask t
        ON t.promoted_from_id = down.id OR t.continued_from_id = down.id OR t.retry_of_id = down.id
    WHERE down.step < %s
)
SELECT id FROM up UNION SELECT id FROM (SELECT id FROM down LIMIT %s) AS nearest
"""
CONTINUED = """
WITH RECURSIVE line (task, id, step) AS (
    SELECT id, continued_from_id, 1 FROM generations_generationtask WHERE id IN ({ids})
    UNION ALL
    SELECT line.task, t.continued_from_id, line.step + 1
    FROM line JOIN generations_generationtask t ON t.id = line.id
    WHERE line.step < %s
)
SELECT task, count(id) FROM line GROUP BY task
"""


def line_of(task_id: int) -> RawSQL:
    """Return the ids of a task, of all that it came from and of what came of it, to filter by."""
    values = [task_id, MOST_STEPS, task_id, MOST_STEPS, MOST_DESCENDANTS]
    return RawSQL(LINE, values)  # noqa: S611 - its only values are numbers


def count_continuations(task_ids: Collection[int]) -> dict[int, int]:
    """Return how many continuations in a row led to each task's clip; 0 where it continues none."""
    if not task_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(CONTINUED.format(ids=", ".join(["%s"] * len(task_ids))), [*task_ids, MOST_STEPS])
        return dict(cursor.fetchall())
