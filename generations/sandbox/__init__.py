"""The practice provider: an HTTP server that speaks the APIs of APIXO and Apikley by their documents.

It is written from the documents and imports nothing of the product, so that a misreading in either of the two shows.
`Sandbox` is the server; `FAULTS` lists the words in square brackets with which a prompt requests a fault.
"""

from .faults import FAULTS
from .practice import Sandbox

__all__ = ["FAULTS", "Sandbox"]
