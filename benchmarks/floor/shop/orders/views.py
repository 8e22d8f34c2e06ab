from django.shortcuts import render

from .models import Order


def index(request):
    return render(request, "orders/index.html", {"orders": Order.objects.select_related("customer")[:50]})
