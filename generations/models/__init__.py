"""The rows, one file a subject."""

from generations.models.breakers import Breaker
from generations.models.deliveries import Delivery
from generations.models.events import TaskEvent
from generations.models.images import ReferenceImage
from generations.models.leases import Lease
from generations.models.ledger import Kind, LedgerEntry
from generations.models.prices import Price
from generations.models.prompts import Prompt, Tag
from generations.models.tasks import DeliveryMode, GenerationTask, Status
from generations.models.videos import Video

__all__ = [
    "Breaker",
    "Delivery",
    "DeliveryMode",
    "GenerationTask",
    "Kind",
    "Lease",
    "LedgerEntry",
    "Price",
    "Prompt",
    "ReferenceImage",
    "Status",
    "Tag",
    "TaskEvent",
    "Video",
]
