from rest_framework import serializers, viewsets

from .models import Order, OrderLine


class LineSerializer(serializers.ModelSerializer):
    class Meta:
        model = OrderLine
        fields = ["product", "quantity", "price"]


class OrderSerializer(serializers.ModelSerializer):
    lines = LineSerializer(many=True, read_only=True)

    class Meta:
        model = Order
        fields = ["id", "customer", "state", "created", "lines"]


class OrderViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Order.objects.prefetch_related("lines")
    serializer_class = OrderSerializer
    filterset_fields = ["state"]
