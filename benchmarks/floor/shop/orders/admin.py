from django.contrib import admin

from .models import Customer, Order, OrderLine


class LineInline(admin.TabularInline):
    model = OrderLine


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    inlines = [LineInline]
    list_display = ["id", "customer", "state", "created"]


admin.site.register(Customer)
