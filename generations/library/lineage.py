"""Where a clip came from, up to the first, and what came of it: a chain, and a tree below its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from generations.models import GenerationTask, Video
from generations.models.lineage import line_of

# How a task names what it came from, nearest first: a promotion of a continuation stands below what was promoted.
PARENTS = ("promoted_from", "retry_of", "continued_from")


@dataclass(slots=True)
class Step:
    """A task of a lineage, how it came from the one above it, and what came of it."""

    task: GenerationTask
    video: Video | None
    how: str = ""
    children: list[Step] = field(default_factory=list)

    @property
    def status(self) -> str:
        """What became of a task without a clip, in a word."""
        return str(self.task.get_status_display())


@dataclass(frozen=True, slots=True)
class Lineage:
    """The steps that led to a task, the first one at the front, and its own, with what came of it."""

    before: list[Step]
    here: Step

    def __bool__(self) -> bool:
        return bool(self.before or self.here.children)

    @property
    def tasks(self) -> set[int]:
        """The ids of all tasks in it."""
        found, todo = {step.task.pk for step in self.before}, [self.here]
        while todo:
            step = todo.pop()
            found.add(step.task.pk)
            todo += step.children
        return found


def lineage(here: GenerationTask, known: Iterable[tuple[GenerationTask, Video | None]]) -> Lineage:
    """Return the lineage of a task among those that are known; a task that is not known breaks it."""
    steps: dict[int, Step] = {}
    for task, video in known:
        if task.pk not in steps or steps[task.pk].video is None:
            steps[task.pk] = Step(task, video)
    above: dict[int, Step] = {}
    for pk, step in sorted(steps.items()):
        name = next((name for name in PARENTS if getattr(step.task, f"{name}_id") in steps), "")
        if name:
            above[pk], step.how = steps[getattr(step.task, f"{name}_id")], _how(step.task, name)
            above[pk].children.append(step)
    before, pk = list[Step](), here.pk
    while pk in above and above[pk] not in before:
        before.insert(0, above[pk])
        pk = above[pk].task.pk
    return Lineage(before, steps[here.pk])


def of_task(task: GenerationTask, *, clips: QuerySet[Video] | None = None) -> Lineage:
    """Return the lineage of a task, with the tasks that made no clip; `clips` are those that may be shown, or all."""
    shown = Prefetch("videos", queryset=clips)
    rows = GenerationTask.objects.filter(pk__in=line_of(task.pk)).prefetch_related(shown)
    return lineage(task, ((each, next(iter(each.videos.all()), None)) for each in rows))


def _how(task: GenerationTask, name: str) -> str:
    if name == "continued_from":
        return _("continued at {seconds} s").format(seconds=f"{task.continued_at_seconds or 0:.2f}")
    return _("promoted") if name == "promoted_from" else _("tried again")
