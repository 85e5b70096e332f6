"""What nobody sends by accident: texts, JSON and files for the tests of hostile input."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
FEW = 30


def some(test: Any) -> Any:
    """Run a test with FEW examples, or as many as a longer profile says."""
    many = settings.default.max_examples if settings.default else 0
    quiet = [HealthCheck.function_scoped_fixture, *SLOW]
    return settings(max_examples=many if many > 1000 else FEW, suppress_health_check=quiet)(test)


texts = st.text(max_size=60) | st.sampled_from(
    ["\0", "..", "../../etc/passwd", "9" * 400, "-1", "1e999", "NaN", "‮", "%00"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
envelopes = st.fixed_dictionaries(
    {}, optional={"code": values, "message": values, "taskId": values, "state": values, "data": values}
)


def cut_and_changed(content: bytes) -> st.SearchStrategy[bytes]:
    """Bytes that begin like a good file, are cut somewhere, and have a stretch of others within."""
    places = st.integers(0, len(content))

    def changed(at: int, middle: bytes, end: int) -> bytes:
        return (content[:at] + middle + content[at + len(middle) :])[: max(end, 1)]

    return st.builds(changed, places, st.binary(max_size=40), places) | st.binary(min_size=1, max_size=300)
