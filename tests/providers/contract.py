"""What every adapter does, whatever its provider calls things: subclass AdapterContract and fill in the words."""

from .contract_answers import AnswerContract
from .contract_orders import OrderContract
from .contract_questions import QuestionContract
from .contract_words import GOOD_ID
from .exchanges import KEY

__all__ = ["GOOD_ID", "KEY", "AdapterContract"]


class AdapterContract(OrderContract, QuestionContract, AnswerContract):
    """Subclasses say how their provider words what is common to all: see contract_words.py."""
