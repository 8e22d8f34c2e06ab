from catalog.api import CategoryViewSet, ProductViewSet
from django.contrib import admin
from django.urls import include, path
from orders.api import OrderViewSet
from rest_framework.routers import DefaultRouter

from . import views

router = DefaultRouter()
router.register("categories", CategoryViewSet)
router.register("products", ProductViewSet)
router.register("orders", OrderViewSet)

urlpatterns = [
    path("version/", views.version),
    path("healthz/", views.healthz),
    path("", include("catalog.urls")),
    path("orders/", include("orders.urls")),
    path("blog/", include("blog.urls")),
    path("api/", include(router.urls)),
    path("admin/", admin.site.urls),
]
