import os

from django.db import connection
from django.http import HttpResponse, JsonResponse

from .version import VERSION


def version(request):
    """What changes with every release: the code's version, the platform's number, a variable."""
    words = [VERSION, os.environ.get("DZ_RELEASE", ""), os.environ.get("GREETING", "")]
    return HttpResponse(" ".join(words), content_type="text/plain")


def healthz(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM catalog_product")
        (count,) = cursor.fetchone()
    return JsonResponse({"version": VERSION, "products": count})
