"""A pause: no order of a model, or of any, goes to a provider until a person has seen to the cause."""

from django.db import models

from generations.providers.offers import model_name, provider_name


class Pause(models.Model):
    """Its row is there while orders are paused; deleting it, which the admin records, resumes them."""

    provider = models.CharField(max_length=20)
    model = models.CharField(max_length=50, blank=True, help_text="Whose orders are paused; empty: those of all.")
    reason = models.CharField(max_length=500)
    paused_at = models.DateTimeField()

    class Meta:
        verbose_name = "pause of orders"
        verbose_name_plural = "pauses of orders"
        ordering = ["provider", "model"]
        constraints = [models.UniqueConstraint(fields=["provider", "model"], name="pause_once")]

    def __str__(self) -> str:
        return f"{self.subject} are paused: {self.why}"

    def stops(self, provider: str, model: str) -> bool:
        """Return whether it keeps a model's orders from a provider."""
        return self.provider == provider and self.model in ("", model)

    @property
    def why(self) -> str:
        """The reason as the end of a sentence, without its full stop."""
        return self.reason.rstrip(". ")

    @property
    def subject(self) -> str:
        """What is paused, for people."""
        of_model = f" of {model_name(self.model)}" if self.model else ""
        return f"Orders{of_model} to {provider_name(self.provider)}"

    @property
    def sentence(self) -> str:
        return f"{self.subject} are paused until someone resumes them: {self.why}"
