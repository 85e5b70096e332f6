"""The database models, one file for each subject."""

from generations.models.accounts import Account, BalanceReading
from generations.models.audit import Action, AuditEntry
from generations.models.batches import Batch
from generations.models.budgets import Budget, BudgetEvent, BudgetPeriod, Period, Scope
from generations.models.campaigns import Campaign
from generations.models.collections import Collection, CollectionItem, Folder
from generations.models.comments import ClipEvent, Comment, Disclosure, Favourite
from generations.models.cost_centers import CostCenter
from generations.models.deliveries import Delivery
from generations.models.endpoints import Endpoint, WebhookMessage, WebhookTry
from generations.models.events import TaskEvent
from generations.models.images import ReferenceImage
from generations.models.last_choices import LastChoice
from generations.models.leases import Lease
from generations.models.ledger import EntryKind, LedgerEntry
from generations.models.notices import Happening, HowOften, Notice, NoticeChoice, NoticeCursor, NoticeKind
from generations.models.pauses import Pause
from generations.models.people import Person
from generations.models.prices import Price
from generations.models.prompts import FavouritePrompt, Prompt, PromptVersion, Tag
from generations.models.sessions import Session
from generations.models.shares import SavedSearch, Share
from generations.models.shots import Shot
from generations.models.statuses import Status
from generations.models.tasks import DeliveryMode, GenerationTask
from generations.models.videos import Review, Video

__all__ = [
    "Account",
    "Action",
    "AuditEntry",
    "BalanceReading",
    "Batch",
    "Pause",
    "Budget",
    "BudgetEvent",
    "BudgetPeriod",
    "Campaign",
    "ClipEvent",
    "Collection",
    "CollectionItem",
    "Comment",
    "Delivery",
    "DeliveryMode",
    "Disclosure",
    "Favourite",
    "FavouritePrompt",
    "Endpoint",
    "Folder",
    "GenerationTask",
    "CostCenter",
    "EntryKind",
    "Happening",
    "HowOften",
    "LastChoice",
    "Lease",
    "LedgerEntry",
    "Notice",
    "NoticeChoice",
    "NoticeCursor",
    "NoticeKind",
    "Period",
    "Person",
    "Price",
    "Prompt",
    "PromptVersion",
    "ReferenceImage",
    "Review",
    "SavedSearch",
    "Scope",
    "Session",
    "Share",
    "Shot",
    "Status",
    "Tag",
    "TaskEvent",
    "Video",
    "WebhookMessage",
    "WebhookTry",
]
