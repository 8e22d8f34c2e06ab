from django.views.generic import DetailView, ListView

from .models import Product


class ProductList(ListView):
    queryset = Product.objects.select_related("category")
    paginate_by = 20


class ProductDetail(DetailView):
    model = Product
