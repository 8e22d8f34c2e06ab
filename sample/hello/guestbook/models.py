from django.db import models


class Entry(models.Model):
    name = models.CharField(max_length=60)
    words = models.CharField(max_length=280)
    written = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-written", "-pk"]
        verbose_name_plural = "entries"

    def __str__(self):
        return f"{self.name}: {self.words[:40]}"
