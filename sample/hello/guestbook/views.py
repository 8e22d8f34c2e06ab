import os

import django
from django.forms import ModelForm, TextInput
from django.shortcuts import redirect, render

from guestbook.models import Entry


class EntryForm(ModelForm):
    class Meta:
        model = Entry
        fields = ["name", "words"]
        widgets = {"words": TextInput()}


def book(request):
    form = EntryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("book")
    return render(
        request,
        "guestbook/book.html",
        {
            "form": form,
            "entries": Entry.objects.all()[:50],
            "count": Entry.objects.count(),
            "release": os.environ.get("DZ_RELEASE", ""),
            "django": django.get_version(),
        },
        status=422 if form.errors else 200,
    )
