"""The one form for acts that do not come back: the project's name, typed again."""

from __future__ import annotations

from typing import Any

from django import forms


class Typed(forms.Form):
    typed = forms.CharField(max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, name: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.name = name
        self.fields["typed"].label = f"Type {name}, the project's name"

    def clean_typed(self) -> str:
        if self.cleaned_data["typed"] != self.name:
            raise forms.ValidationError(f"Nothing was done: what was typed is not {self.name}.")
        return self.name
