"""Which distributions a project's imports stand for: a table of well-known ones.

A name outside the table is never turned into a distribution: whoever owns that name on the index would be trusted by
accident. What is missing then is told by the probe, with the line that imports it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from dz.tasklib.build.inspect.tree import Tree

# Module → distribution; a module that is a prefix of others stands for them.
_OTHER_NAME = {
    "allauth": "django-allauth",
    "axes": "django-axes",
    "bootstrap3": "django-bootstrap3",
    "bootstrap4": "django-bootstrap4",
    "bootstrap_datepicker_plus": "django-bootstrap-datepicker-plus",
    "bs4": "beautifulsoup4",
    "ckeditor": "django-ckeditor",
    "ckeditor_uploader": "django-ckeditor",
    "cloudinary_storage": "django-cloudinary-storage",
    "compressor": "django-compressor",
    "corsheaders": "django-cors-headers",
    "crispy_bootstrap4": "crispy-bootstrap4",
    "crispy_bootstrap5": "crispy-bootstrap5",
    "crispy_tailwind": "crispy-tailwind",
    "crispy_forms": "django-crispy-forms",
    "channels_redis": "channels-redis",
    "cv2": "opencv-python-headless",
    "constance": "django-constance",
    "dateutil": "python-dateutil",
    "debug_toolbar": "django-debug-toolbar",
    "decouple": "python-decouple",
    "django_bootstrap5": "django-bootstrap5",
    "django_browser_reload": "django-browser-reload",
    "django_ckeditor_5": "django-ckeditor-5",
    "django_cleanup": "django-cleanup",
    "django_countries": "django-countries",
    "django_extensions": "django-extensions",
    "django_filters": "django-filter",
    "django_htmx": "django-htmx",
    "django_tables2": "django-tables2",
    "django_crontab": "django-crontab",
    "django_q": "django-q2",
    "django_rq": "django-rq",
    "django_celery_beat": "django-celery-beat",
    "django_celery_results": "django-celery-results",
    "django_redis": "django-redis",
    "django_quill": "django-quill-editor",
    "django_summernote": "django-summernote",
    "django_tailwind_cli": "django-tailwind-cli",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "drf_spectacular": "drf-spectacular",
    "drf_yasg": "drf-yasg",
    "environ": "django-environ",
    "embed_video": "django-embed-video",
    "easy_thumbnails": "easy-thumbnails",
    "factory": "factory-boy",
    "fontawesome_5": "django-fontawesome-5",
    "graphene_django": "graphene-django",
    "guardian": "django-guardian",
    "import_export": "django-import-export",
    "jazzmin": "django-jazzmin",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "markdownify": "django-markdownify",
    "markdownx": "django-markdownx",
    "mptt": "django-mptt",
    "ninja": "django-ninja",
    "multiselectfield": "django-multiselectfield",
    "mathfilters": "django-mathfilters",
    "colorfield": "django-colorfield",
    "hitcount": "django-hitcount",
    "polymorphic": "django-polymorphic",
    "rosetta": "django-rosetta",
    "tailwind": "django-tailwind",
    "unfold": "django-unfold",
    "django_recaptcha": "django-recaptcha",
    "phonenumber_field": "django-phonenumber-field[phonenumbers]",
    "PIL": "pillow",
    "rest_framework": "djangorestframework",
    "rest_framework_simplejwt": "djangorestframework-simplejwt",
    "simple_history": "django-simple-history",
    "sentry_sdk": "sentry-sdk",
    "sklearn": "scikit-learn",
    "social_django": "social-auth-app-django",
    "silk": "django-silk",
    "slugify": "python-slugify",
    "sorl": "sorl-thumbnail",
    "storages": "django-storages",
    "taggit": "django-taggit",
    "tinymce": "django-tinymce",
    "widget_tweaks": "django-widget-tweaks",
    "watchman": "django-watchman",
    "webpack_loader": "django-webpack-loader",
    "yaml": "pyyaml",
}
_SAME_NAME = re.compile(
    r"arrow|bleach|bokeh|boto3|celery|channels|cloudinary|coreapi|cryptography|daphne|djoser|faker|feedparser"
    r"|folium|fontawesomefree|geopy|gtts|gunicorn|html5lib|httpx|humanize|lxml|markdown|markdown2|matplotlib|nltk|numpy"
    r"|oauthlib|openai|openpyxl|pandas|pdfkit|plotly|psutil|psycopg2|pydantic|pygments|pymongo|pymysql|pytest"
    r"|pytz|qrcode|raven|razorpay|redis|reportlab|requests|scipy|seaborn|selenium|sendgrid|sqlalchemy|stripe"
    r"|textblob|tweepy|twilio|unidecode|wagtail|waitress|watchdog|weasyprint|whitenoise|wikipedia|xhtml2pdf"
    r"|xlrd|xlsxwriter|yfinance"
)


def distributions(tree: Tree, paths: list[str], apps: list[str]) -> list[str]:
    """What these files import and these INSTALLED_APPS name, as far as it is well known; Django always."""
    modules = {name for path in paths for name in _imported(tree, path)} | {app.split(".")[0] for app in apps}
    if any("ImageField(" in tree.text(path) for path in paths):
        modules.add("PIL")
    own = {path.split("/")[depth].removesuffix(".py") for path in tree.files for depth in range(path.count("/") + 1)}
    strange = modules - set(sys.stdlib_module_names) - own
    return sorted({"django", *(found for name in strange if (found := distribution(name)))})


def distribution(module: str) -> str:
    """What brings a top-level module, "" for one that is not well known."""
    same = module.lower()
    return _OTHER_NAME.get(module) or (same if _SAME_NAME.fullmatch(same) else "")


def is_distribution(name: str) -> bool:
    """Whether a canonical name is one of the well-known distributions."""
    brought = {one.partition("[")[0] for one in _OTHER_NAME.values()}
    return name == "django" or name in brought or _SAME_NAME.fullmatch(name) is not None


def _imported(tree: Tree, path: str) -> Iterator[str]:
    module = tree.syntax(path)
    for one in ast.walk(module) if module else ():
        if isinstance(one, ast.Import):
            yield from (alias.name.split(".")[0] for alias in one.names)
        elif isinstance(one, ast.ImportFrom) and one.module and not one.level:
            yield one.module.split(".")[0]
