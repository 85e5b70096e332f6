"""The names of models and of their fields, which pages show, can be translated; no table changes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class StateOnly(migrations.SeparateDatabaseAndState):
    """Change the state with its models not rendered: otherwise each operation would render most of them anew."""

    def state_forwards(self, app_label, state):
        vars(state).pop("apps", None)
        super().state_forwards(app_label, state)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("generations", "0035_see_drafts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        StateOnly(
            state_operations=[
                migrations.AlterModelOptions(
                    name="auditentry",
                    options={
                        "ordering": ["-at", "-id"],
                        "verbose_name": "audit entry",
                        "verbose_name_plural": "audit entries",
                    },
                ),
                migrations.AlterModelOptions(
                    name="balancereading",
                    options={
                        "ordering": ["-at", "-id"],
                        "verbose_name": "balance reading",
                        "verbose_name_plural": "balance readings",
                    },
                ),
                migrations.AlterModelOptions(
                    name="batch",
                    options={
                        "default_permissions": (),
                        "ordering": ["-id"],
                        "verbose_name": "batch",
                        "verbose_name_plural": "batches",
                    },
                ),
                migrations.AlterModelOptions(
                    name="budget",
                    options={
                        "ordering": ["scope", "campaign__name", "person__username", "period"],
                        "verbose_name": "budget",
                        "verbose_name_plural": "budgets",
                    },
                ),
                migrations.AlterModelOptions(
                    name="budgetevent",
                    options={
                        "ordering": ["-at", "-id"],
                        "verbose_name": "budget event",
                        "verbose_name_plural": "budget events",
                    },
                ),
                migrations.AlterModelOptions(
                    name="budgetperiod",
                    options={
                        "ordering": ["-starts_on"],
                        "verbose_name": "budget period",
                        "verbose_name_plural": "budget periods",
                    },
                ),
                migrations.AlterModelOptions(
                    name="campaign",
                    options={"ordering": ["name"], "verbose_name": "campaign", "verbose_name_plural": "campaigns"},
                ),
                migrations.AlterModelOptions(
                    name="clipevent",
                    options={
                        "ordering": ["at", "id"],
                        "verbose_name": "clip event",
                        "verbose_name_plural": "clip events",
                    },
                ),
                migrations.AlterModelOptions(
                    name="collection",
                    options={
                        "ordering": ["name", "id"],
                        "verbose_name": "collection",
                        "verbose_name_plural": "collections",
                    },
                ),
                migrations.AlterModelOptions(
                    name="collectionitem",
                    options={
                        "ordering": ["position", "id"],
                        "verbose_name": "collection item",
                        "verbose_name_plural": "collection items",
                    },
                ),
                migrations.AlterModelOptions(
                    name="comment",
                    options={
                        "ordering": ["created_at", "id"],
                        "verbose_name": "comment",
                        "verbose_name_plural": "comments",
                    },
                ),
                migrations.AlterModelOptions(
                    name="disclosure",
                    options={
                        "ordering": ["-at", "-id"],
                        "verbose_name": "disclosure",
                        "verbose_name_plural": "disclosures",
                    },
                ),
                migrations.AlterModelOptions(
                    name="favourite",
                    options={"verbose_name": "favourite", "verbose_name_plural": "favourites"},
                ),
                migrations.AlterModelOptions(
                    name="favouriteprompt",
                    options={"verbose_name": "favourite prompt", "verbose_name_plural": "favourite prompts"},
                ),
                migrations.AlterModelOptions(
                    name="folder",
                    options={"ordering": ["name"], "verbose_name": "folder", "verbose_name_plural": "folders"},
                ),
                migrations.AlterModelOptions(
                    name="generationtask",
                    options={
                        "ordering": ["-id"],
                        "permissions": (
                            ("order_clips", "Can order clips, which costs money"),
                            ("decide_orders", "Can decide about orders of unknown outcome"),
                        ),
                        "verbose_name": "task",
                        "verbose_name_plural": "tasks",
                    },
                ),
                migrations.AlterModelOptions(
                    name="lastchoice",
                    options={
                        "default_permissions": (),
                        "verbose_name": "last choice",
                        "verbose_name_plural": "last choices",
                    },
                ),
                migrations.AlterModelOptions(
                    name="ledgerentry",
                    options={
                        "ordering": ["-at", "-id"],
                        "verbose_name": "ledger entry",
                        "verbose_name_plural": "ledger entries",
                    },
                ),
                migrations.AlterModelOptions(
                    name="price",
                    options={
                        "ordering": ["provider", "model", "mode", "duration_seconds", "-valid_from"],
                        "verbose_name": "price",
                        "verbose_name_plural": "prices",
                    },
                ),
                migrations.AlterModelOptions(
                    name="prompt",
                    options={
                        "ordering": ["-created_at", "-id"],
                        "verbose_name": "prompt",
                        "verbose_name_plural": "prompts",
                    },
                ),
                migrations.AlterModelOptions(
                    name="promptversion",
                    options={
                        "ordering": ["-number"],
                        "verbose_name": "prompt version",
                        "verbose_name_plural": "prompt versions",
                    },
                ),
                migrations.AlterModelOptions(
                    name="referenceimage",
                    options={
                        "ordering": ["-created_at", "-id"],
                        "verbose_name": "reference image",
                        "verbose_name_plural": "reference images",
                    },
                ),
                migrations.AlterModelOptions(
                    name="savedsearch",
                    options={
                        "ordering": ["name", "id"],
                        "verbose_name": "saved search",
                        "verbose_name_plural": "saved searches",
                    },
                ),
                migrations.AlterModelOptions(
                    name="share",
                    options={
                        "ordering": ["-created_at", "-id"],
                        "verbose_name": "share",
                        "verbose_name_plural": "shares",
                    },
                ),
                migrations.AlterModelOptions(
                    name="tag",
                    options={"ordering": ["name"], "verbose_name": "tag", "verbose_name_plural": "tags"},
                ),
                migrations.AlterModelOptions(
                    name="video",
                    options={
                        "ordering": ["-created_at", "-id"],
                        "permissions": [
                            ("review_clips", "Can approve and reject clips"),
                            ("publish_clips", "Can publish clips"),
                            ("share_clips", "Can share clips by a link"),
                            ("see_drafts", "Can see clips of others before they are approved"),
                        ],
                        "verbose_name": "video",
                        "verbose_name_plural": "videos",
                    },
                ),
                migrations.AlterField(
                    model_name="auditentry",
                    name="action",
                    field=models.CharField(
                        choices=[
                            ("ordered", "ordered"),
                            ("canceled", "canceled"),
                            ("gave_id", "gave the provider's id"),
                            ("closed", "closed as not accepted"),
                            ("waited", "left undecided"),
                            ("asked", "requested a review"),
                            ("approved", "approved"),
                            ("rejected", "rejected"),
                            ("cleared", "cleared a decision"),
                            ("sent_back", "sent back"),
                            ("published", "published"),
                            ("unpublished", "unpublished"),
                            ("shared", "shared by a link"),
                            ("revoked", "revoked a link"),
                            ("corrected", "corrected a cost"),
                            ("priced", "added a price"),
                            ("limited", "set a budget"),
                            ("paused", "paused orders"),
                            ("resumed", "resumed orders"),
                            ("granted", "changed who may do or see what"),
                            ("deleted", "deleted"),
                        ],
                        max_length=20,
                        verbose_name="action",
                    ),
                ),
                migrations.AlterField(
                    model_name="auditentry",
                    name="practice",
                    field=models.BooleanField(help_text="The amount is practice money.", verbose_name="practice"),
                ),
                migrations.AlterField(
                    model_name="balancereading",
                    name="practice",
                    field=models.BooleanField(verbose_name="practice"),
                ),
                migrations.AlterField(
                    model_name="balancereading",
                    name="provider",
                    field=models.CharField(max_length=20, verbose_name="provider"),
                ),
                migrations.AlterField(
                    model_name="balancereading",
                    name="refused",
                    field=models.BooleanField(
                        default=False,
                        help_text="The key was not accepted, or there is no money.",
                        verbose_name="refused",
                    ),
                ),
                migrations.AlterField(
                    model_name="budget",
                    name="campaign",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="budgets",
                        to="generations.campaign",
                        verbose_name="campaign",
                    ),
                ),
                migrations.AlterField(
                    model_name="budget",
                    name="hard",
                    field=models.BooleanField(
                        default=True,
                        help_text="Hard: an order that does not fit is refused. Otherwise it is only warned about.",
                        verbose_name="hard",
                    ),
                ),
                migrations.AlterField(
                    model_name="budget",
                    name="period",
                    field=models.CharField(
                        choices=[("day", "per day"), ("month", "per month"), ("total", "in total")],
                        default="month",
                        max_length=10,
                        verbose_name="period",
                    ),
                ),
                migrations.AlterField(
                    model_name="budget",
                    name="person",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="budgets",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                migrations.AlterField(
                    model_name="budget",
                    name="scope",
                    field=models.CharField(
                        choices=[("site", "the whole site"), ("campaign", "a campaign"), ("person", "a person")],
                        default="site",
                        max_length=10,
                        verbose_name="scope",
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="archived",
                    field=models.BooleanField(
                        default=False,
                        help_text="Kept with all that was spent on it; takes no new orders.",
                        verbose_name="archived",
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="groups",
                    field=models.ManyToManyField(
                        blank=True, related_name="campaigns", to="auth.group", verbose_name="groups"
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="name",
                    field=models.CharField(max_length=100, unique=True, verbose_name="name"),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="people",
                    field=models.ManyToManyField(
                        blank=True, related_name="campaigns", to=settings.AUTH_USER_MODEL, verbose_name="people"
                    ),
                ),
                migrations.AlterField(
                    model_name="campaign",
                    name="slug",
                    field=models.SlugField(
                        help_text="Names it in commands and addresses.", max_length=60, unique=True, verbose_name="slug"
                    ),
                ),
                migrations.AlterField(
                    model_name="collection",
                    name="created_by",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="created by",
                    ),
                ),
                migrations.AlterField(
                    model_name="collection",
                    name="description",
                    field=models.TextField(blank=True, verbose_name="description"),
                ),
                migrations.AlterField(
                    model_name="collection",
                    name="folder",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="collections",
                        to="generations.folder",
                        verbose_name="folder",
                    ),
                ),
                migrations.AlterField(
                    model_name="collection",
                    name="groups",
                    field=models.ManyToManyField(
                        blank=True, related_name="collections", to="auth.group", verbose_name="groups"
                    ),
                ),
                migrations.AlterField(
                    model_name="collection",
                    name="name",
                    field=models.CharField(max_length=100, verbose_name="name"),
                ),
                migrations.AlterField(
                    model_name="collection",
                    name="people",
                    field=models.ManyToManyField(
                        blank=True, related_name="collections", to=settings.AUTH_USER_MODEL, verbose_name="people"
                    ),
                ),
                migrations.AlterField(
                    model_name="collection",
                    name="slug",
                    field=models.SlugField(
                        help_text="Names it in addresses.", max_length=60, unique=True, verbose_name="slug"
                    ),
                ),
                migrations.AlterField(
                    model_name="generationtask",
                    name="model",
                    field=models.CharField(max_length=50, verbose_name="model"),
                ),
                migrations.AlterField(
                    model_name="generationtask",
                    name="practice",
                    field=models.BooleanField(verbose_name="practice"),
                ),
                migrations.AlterField(
                    model_name="generationtask",
                    name="provider",
                    field=models.CharField(max_length=20, verbose_name="provider"),
                ),
                migrations.AlterField(
                    model_name="ledgerentry",
                    name="by",
                    field=models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                migrations.AlterField(
                    model_name="ledgerentry",
                    name="kind",
                    field=models.CharField(
                        choices=[("hold", "Hold"), ("charge", "Charge"), ("release", "Release"), ("adjust", "Adjust")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                migrations.AlterField(
                    model_name="ledgerentry",
                    name="note",
                    field=models.CharField(blank=True, max_length=300, verbose_name="note"),
                ),
                migrations.AlterField(
                    model_name="ledgerentry",
                    name="practice",
                    field=models.BooleanField(verbose_name="practice"),
                ),
                migrations.AlterField(
                    model_name="pause",
                    name="reason",
                    field=models.CharField(max_length=500, verbose_name="reason"),
                ),
                migrations.AlterField(
                    model_name="price",
                    name="duration_seconds",
                    field=models.PositiveSmallIntegerField(
                        blank=True,
                        default=0,
                        help_text="Empty: any length, for a price by the second.",
                        verbose_name="duration seconds",
                    ),
                ),
                migrations.AlterField(
                    model_name="price",
                    name="mode",
                    field=models.CharField(max_length=50, verbose_name="mode"),
                ),
                migrations.AlterField(
                    model_name="price",
                    name="model",
                    field=models.CharField(max_length=50, verbose_name="model"),
                ),
                migrations.AlterField(
                    model_name="price",
                    name="provider",
                    field=models.CharField(max_length=20, verbose_name="provider"),
                ),
                migrations.AlterField(
                    model_name="price",
                    name="route",
                    field=models.CharField(
                        blank=True, help_text="Empty: the account's default route.", max_length=20, verbose_name="route"
                    ),
                ),
                migrations.AlterField(
                    model_name="price",
                    name="settings",
                    field=models.CharField(
                        blank=True,
                        help_text="Other parameters that it holds for, as NAME=VALUE with spaces between: resolution=1080p.",
                        max_length=200,
                        verbose_name="settings",
                    ),
                ),
                migrations.AlterField(
                    model_name="price",
                    name="sound",
                    field=models.BooleanField(
                        blank=True,
                        help_text="Unknown: the price holds with and without sound.",
                        null=True,
                        verbose_name="sound",
                    ),
                ),
                migrations.AlterField(
                    model_name="price",
                    name="source",
                    field=models.CharField(
                        help_text="Where the price was read.", max_length=200, verbose_name="source"
                    ),
                ),
                migrations.AlterField(
                    model_name="price",
                    name="unit",
                    field=models.CharField(
                        choices=[("clip", "a clip"), ("second", "a second")],
                        default="clip",
                        max_length=10,
                        verbose_name="unit",
                    ),
                ),
                migrations.AlterField(
                    model_name="price",
                    name="valid_from",
                    field=models.DateField(verbose_name="valid from"),
                ),
                migrations.AlterField(
                    model_name="prompt",
                    name="archived",
                    field=models.BooleanField(
                        default=False, help_text="Kept, and out of the way.", verbose_name="archived"
                    ),
                ),
                migrations.AlterField(
                    model_name="prompt",
                    name="campaign",
                    field=models.ForeignKey(
                        blank=True,
                        help_text="What its clips are bought for; an order keeps it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prompts",
                        to="generations.campaign",
                        verbose_name="campaign",
                    ),
                ),
                migrations.AlterField(
                    model_name="prompt",
                    name="negative_prompt",
                    field=models.TextField(
                        blank=True,
                        help_text="What the clip should not show.",
                        max_length=2500,
                        verbose_name="negative prompt",
                    ),
                ),
                migrations.AlterField(
                    model_name="prompt",
                    name="notes",
                    field=models.TextField(
                        blank=True, help_text="For the team; never sent to a provider.", verbose_name="notes"
                    ),
                ),
                migrations.AlterField(
                    model_name="prompt",
                    name="tags",
                    field=models.ManyToManyField(
                        blank=True, related_name="prompts", to="generations.tag", verbose_name="tags"
                    ),
                ),
                migrations.AlterField(
                    model_name="prompt",
                    name="text",
                    field=models.TextField(
                        help_text="Up to 5000 characters; the chosen model may take fewer.",
                        max_length=5000,
                        verbose_name="text",
                    ),
                ),
                migrations.AlterField(
                    model_name="prompt",
                    name="title",
                    field=models.CharField(
                        blank=True,
                        help_text="Left empty, the first words of the text serve.",
                        max_length=200,
                        verbose_name="title",
                    ),
                ),
                migrations.AlterField(
                    model_name="referenceimage",
                    name="original_name",
                    field=models.CharField(
                        blank=True,
                        help_text="As it was called where it came from.",
                        max_length=200,
                        verbose_name="original name",
                    ),
                ),
                migrations.AlterField(
                    model_name="share",
                    name="created_at",
                    field=models.DateTimeField(verbose_name="created at"),
                ),
                migrations.AlterField(
                    model_name="share",
                    name="created_by",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="created by",
                    ),
                ),
                migrations.AlterField(
                    model_name="share",
                    name="expires_at",
                    field=models.DateTimeField(
                        blank=True, help_text="Empty: never.", null=True, verbose_name="expires at"
                    ),
                ),
                migrations.AlterField(
                    model_name="share",
                    name="revoked_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="revoked at"),
                ),
                migrations.AlterField(
                    model_name="share",
                    name="views",
                    field=models.PositiveIntegerField(default=0, editable=False, verbose_name="views"),
                ),
                migrations.AlterField(
                    model_name="tag",
                    name="name",
                    field=models.CharField(max_length=50, unique=True, verbose_name="name"),
                ),
                migrations.AlterField(
                    model_name="video",
                    name="description",
                    field=models.TextField(blank=True, verbose_name="description"),
                ),
                migrations.AlterField(
                    model_name="video",
                    name="has_audio",
                    field=models.BooleanField(verbose_name="has audio"),
                ),
                migrations.AlterField(
                    model_name="video",
                    name="model",
                    field=models.CharField(max_length=50, verbose_name="model"),
                ),
                migrations.AlterField(
                    model_name="video",
                    name="practice",
                    field=models.BooleanField(verbose_name="practice"),
                ),
                migrations.AlterField(
                    model_name="video",
                    name="title",
                    field=models.CharField(max_length=200, verbose_name="title"),
                ),
                migrations.AlterModelOptions(
                    name="account",
                    options={"verbose_name": "account", "verbose_name_plural": "accounts"},
                ),
                migrations.AlterModelOptions(
                    name="costcenter",
                    options={"verbose_name": "cost center", "verbose_name_plural": "cost centers"},
                ),
                migrations.AlterModelOptions(
                    name="delivery",
                    options={"ordering": ["id"], "verbose_name": "delivery", "verbose_name_plural": "deliveries"},
                ),
                migrations.AlterModelOptions(
                    name="lease",
                    options={"verbose_name": "lease", "verbose_name_plural": "leases"},
                ),
                migrations.AlterModelOptions(
                    name="shot",
                    options={"verbose_name": "shot", "verbose_name_plural": "shots"},
                ),
                migrations.AlterModelOptions(
                    name="taskevent",
                    options={"ordering": ["id"], "verbose_name": "task event", "verbose_name_plural": "task events"},
                ),
                migrations.AlterField(
                    model_name="auditentry",
                    name="amount_usd",
                    field=models.DecimalField(decimal_places=4, max_digits=12, null=True, verbose_name="amount in USD"),
                ),
                migrations.AlterField(
                    model_name="auditentry",
                    name="at",
                    field=models.DateTimeField(verbose_name="at"),
                ),
                migrations.AlterField(
                    model_name="auditentry",
                    name="by",
                    field=models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                migrations.AlterField(
                    model_name="auditentry",
                    name="kind",
                    field=models.CharField(
                        help_text="The model of the row that it is about.", max_length=100, verbose_name="kind"
                    ),
                ),
                migrations.AlterField(
                    model_name="auditentry",
                    name="name",
                    field=models.CharField(help_text="What it was called then.", max_length=300, verbose_name="name"),
                ),
                migrations.AlterField(
                    model_name="auditentry",
                    name="row",
                    field=models.BigIntegerField(
                        help_text="Its number, also when the row is gone.", null=True, verbose_name="row"
                    ),
                ),
                migrations.AlterField(
                    model_name="auditentry",
                    name="words",
                    field=models.CharField(
                        blank=True, help_text="The reason, or what was chosen.", max_length=300, verbose_name="words"
                    ),
                ),
                migrations.AlterField(
                    model_name="balancereading",
                    name="amount",
                    field=models.DecimalField(decimal_places=4, max_digits=14, null=True, verbose_name="amount"),
                ),
                migrations.AlterField(
                    model_name="balancereading",
                    name="at",
                    field=models.DateTimeField(verbose_name="at"),
                ),
                migrations.AlterField(
                    model_name="balancereading",
                    name="error",
                    field=models.CharField(blank=True, max_length=500, verbose_name="error"),
                ),
                migrations.AlterField(
                    model_name="balancereading",
                    name="unit",
                    field=models.CharField(
                        help_text="USD or credits: the provider's own.", max_length=10, verbose_name="unit"
                    ),
                ),
                migrations.AlterField(
                    model_name="ledgerentry",
                    name="amount_usd",
                    field=models.DecimalField(decimal_places=4, max_digits=10, null=True, verbose_name="amount in USD"),
                ),
                migrations.AlterField(
                    model_name="ledgerentry",
                    name="at",
                    field=models.DateTimeField(verbose_name="at"),
                ),
                migrations.AlterField(
                    model_name="ledgerentry",
                    name="day",
                    field=models.DateField(
                        help_text="The day of `at` in the site's time zone, as it was then.", verbose_name="day"
                    ),
                ),
                migrations.AlterField(
                    model_name="ledgerentry",
                    name="task",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="generations.generationtask",
                        verbose_name="task",
                    ),
                ),
                migrations.AlterField(
                    model_name="pause",
                    name="model",
                    field=models.CharField(
                        blank=True,
                        help_text="Whose orders are paused; empty: those of all.",
                        max_length=50,
                        verbose_name="model",
                    ),
                ),
                migrations.AlterField(
                    model_name="pause",
                    name="paused_at",
                    field=models.DateTimeField(verbose_name="paused at"),
                ),
                migrations.AlterField(
                    model_name="pause",
                    name="paused_by",
                    field=models.ForeignKey(
                        help_text="Empty: the machine, after a refusal.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="paused by",
                    ),
                ),
                migrations.AlterField(
                    model_name="pause",
                    name="provider",
                    field=models.CharField(
                        blank=True, help_text="Empty: the orders to all.", max_length=20, verbose_name="provider"
                    ),
                ),
            ]
        ),
    ]
