"""Run what needs no person: the conductor, due rows, the rate limit, jobs and schedules, the queue, the supervisor.

Not here: what happens to a task (lifecycle). This package says when and how often it happens.
"""
