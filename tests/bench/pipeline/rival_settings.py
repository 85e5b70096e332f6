"""A stock django-q2 project with a worker for each job that sleeps."""

import os

SECRET_KEY = "only-for-this-measurement"
INSTALLED_APPS = ["django.contrib.contenttypes", "django_q"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": f"{os.environ['RIVAL_FOLDER']}/db.sqlite3",
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
    }
}
Q_CLUSTER = {"orm": "default", "workers": int(os.environ["RIVAL_WORKERS"]), "timeout": 600, "retry": 700, "poll": 0.2}
