"""The practice provider: an HTTP server that speaks the APIs of APIXO and Apikley by their documents.

It is written from the documents alone and imports nothing of the product, so that a misreading in either of
the two shows. `Sandbox` is the server; `FATES` lists the words with which a prompt chooses what goes wrong.
"""

from .fates import FATES
from .practice import Sandbox

__all__ = ["FATES", "Sandbox"]
