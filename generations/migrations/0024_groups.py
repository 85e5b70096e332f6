"""Groups for the people of a studio, with their permissions; a group that staff made under such a name only gains some.

Deciding about orders of unknown outcome and reading balances become permissions of their own; whoever may order at
this moment, and could therefore do both, keeps both.
"""

from django.contrib.auth.management import create_permissions
from django.db import migrations

SEE = [
    f"view_{model}"
    for model in ("prompt", "tag", "campaign", "generationtask", "video", "collection", "referenceimage", "pause")
]
ALL_OF = ("view", "add", "change", "delete")
GROUPS = {
    "Viewer": SEE,
    "Producer": [
        *SEE, *(f"{verb}_{model}" for verb in ALL_OF for model in ("prompt", "tag")),
        "order_clips", "view_price", "view_budget",
    ],
    "Curator": [
        *SEE, *(f"{verb}_collection" for verb in ALL_OF),
        "change_video", "review_clips", "publish_clips", "share_clips", "view_share", "change_share",
    ],
    "Finance": [
        *SEE, *(f"{verb}_{model}" for verb in ALL_OF for model in ("budget", "campaign")),
        "view_price", "add_price", "view_ledgerentry", "add_ledgerentry", "view_balancereading", "add_balancereading",
    ],
    "Operator": [
        *SEE, *(f"{verb}_pause" for verb in ALL_OF),
        "decide_orders", "view_price", "view_budget", "view_balancereading", "add_balancereading",
    ],
}  # fmt: skip
SPLIT = ("decide_orders", "add_balancereading")  # what "order_clips" also allowed before


def make_permissions(apps):
    """Make the permissions of this state's models, which otherwise come only after the last migration."""
    config = apps.get_app_config("generations")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None


def grant(apps, groups):
    """Add permissions to groups by their names; a later migration that brings a permission calls this too."""
    of_ours = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="generations")
    for name, codenames in groups.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        found = list(of_ours.filter(codename__in=codenames))
        if missing := set(codenames) - {each.codename for each in found}:
            raise LookupError(f"{name}: there are no permissions {sorted(missing)}")
        group.permissions.add(*found)


def keep_what_could_be_done(apps, permissions):
    split = list(permissions.filter(codename__in=SPLIT))
    for group in apps.get_model("auth", "Group").objects.filter(permissions__codename="order_clips"):
        group.permissions.add(*split)
    for user in apps.get_model("auth", "User").objects.filter(user_permissions__codename="order_clips"):
        user.user_permissions.add(*split)


def forward(apps, schema_editor):
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="generations")
    is_new = not permissions.filter(codename="decide_orders").exists()
    make_permissions(apps)
    if is_new:  # after a migration back and forth, who may decide was chosen already
        keep_what_could_be_done(apps, permissions)
    grant(apps, GROUPS)


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0020_search_indexes"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.AlterModelOptions(
            name="generationtask",
            options={
                "ordering": ["-id"],
                "verbose_name": "task",
                "permissions": (
                    ("order_clips", "Can order clips, which costs money"),
                    ("decide_orders", "Can decide about orders of unknown outcome"),
                ),
            },
        ),
        migrations.RunPython(forward, migrations.RunPython.noop),
    ]
