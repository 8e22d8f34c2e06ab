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
    "actstream": "django-activity-stream",
    "admin_honeypot": "django-admin-honeypot",
    "admin_interface": "django-admin-interface",
    "adminsortable2": "django-admin-sortable2",
    "allauth": "django-allauth",
    "anymail": "django-anymail",
    "autoslug": "django-autoslug",
    "axes": "django-axes",
    "background_task": "django-background-tasks",
    "barcode": "python-barcode",
    "bootstrap3": "django-bootstrap3",
    "bootstrap4": "django-bootstrap4",
    "bootstrap5": "django-bootstrap-v5",
    "bootstrap_datepicker_plus": "django-bootstrap-datepicker-plus",
    "bootstrap_modal_forms": "django-bootstrap-modal-forms",
    "bootstrapform": "django-bootstrap-form",
    "bs4": "beautifulsoup4",
    "channels_redis": "channels-redis",
    "ckeditor": "django-ckeditor",
    "ckeditor_uploader": "django-ckeditor",
    "cloudinary_storage": "django-cloudinary-storage",
    "colorfield": "django-colorfield",
    "compressor": "django-compressor",
    "constance": "django-constance",
    "corsheaders": "django-cors-headers",
    "crispy_bootstrap4": "crispy-bootstrap4",
    "crispy_bootstrap5": "crispy-bootstrap5",
    "crispy_bulma": "crispy-bulma",
    "crispy_forms": "django-crispy-forms",
    "crispy_tailwind": "crispy-tailwind",
    "cv2": "opencv-python-headless",
    "dal": "django-autocomplete-light",
    "dal_select2": "django-autocomplete-light",
    "dateutil": "python-dateutil",
    "debug_toolbar": "django-debug-toolbar",
    "decouple": "python-decouple",
    "dj_database_url": "dj-database-url",
    "dj_rest_auth": "dj-rest-auth",
    "dj_static": "dj-static",
    "django_apscheduler": "django-apscheduler",
    "django_bootstrap5": "django-bootstrap5",
    "django_browser_reload": "django-browser-reload",
    "django_celery_beat": "django-celery-beat",
    "django_celery_results": "django-celery-results",
    "django_ckeditor_5": "django-ckeditor-5",
    "django_cleanup": "django-cleanup",
    "django_countries": "django-countries",
    "django_crontab": "django-crontab",
    "django_extensions": "django-extensions",
    "django_filters": "django-filter",
    "django_heroku": "django-heroku",
    "django_htmx": "django-htmx",
    "django_jalali": "django-jalali",
    "django_otp": "django-otp",
    "django_q": "django-q2",
    "django_quill": "django-quill-editor",
    "django_ratelimit": "django-ratelimit",
    "django_recaptcha": "django-recaptcha",
    "django_redis": "django-redis",
    "django_registration": "django-registration",
    "django_resized": "django-resized",
    "django_rq": "django-rq",
    "django_seed": "django-seed",
    "django_select2": "django-select2",
    "django_social_share": "django-social-share",
    "django_summernote": "django-summernote",
    "django_tables2": "django-tables2",
    "django_tailwind_cli": "django-tailwind-cli",
    "django_user_agents": "django-user-agents",
    "djmoney": "django-money",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "drf_spectacular": "drf-spectacular",
    "drf_yasg": "drf-yasg",
    "easy_thumbnails": "easy-thumbnails",
    "embed_video": "django-embed-video",
    "environ": "django-environ",
    "extra_views": "django-extra-views",
    "factory": "factory-boy",
    "firebase_admin": "firebase-admin",
    "fontawesome_5": "django-fontawesome-5",
    "formtools": "django-formtools",
    "friendship": "django-friendship",
    "froala_editor": "django-froala-editor",
    "graphene_django": "graphene-django",
    "grappelli": "django-grappelli",
    "guardian": "django-guardian",
    "haystack": "django-haystack",
    "hitcount": "django-hitcount",
    "imagekit": "django-imagekit",
    "import_export": "django-import-export",
    "ipware": "django-ipware",
    "jalali_date": "django-jalali-date",
    "jazzmin": "django-jazzmin",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "knox": "django-rest-knox",
    "leaflet": "django-leaflet",
    "location_field": "django-location-field",
    "markdown_deux": "django-markdown-deux",
    "markdownify": "django-markdownify",
    "markdownx": "django-markdownx",
    "mathfilters": "django-mathfilters",
    "mdeditor": "django-mdeditor",
    "model_utils": "django-model-utils",
    "modeltranslation": "django-modeltranslation",
    "mptt": "django-mptt",
    "multiselectfield": "django-multiselectfield",
    "mysql": "mysql-connector-python",
    "nested_admin": "django-nested-admin",
    "newsapi": "newsapi-python",
    "ninja": "django-ninja",
    "notifications": "django-notifications-hq",
    "oauth2_provider": "django-oauth-toolkit",
    "pagedown": "django-pagedown",
    "parler": "django-parler",
    "paypal": "django-paypal",
    "phone_field": "django-phone-field",
    "phonenumber_field": "django-phonenumber-field[phonenumbers]",
    "PIL": "pillow",
    "polymorphic": "django-polymorphic",
    "post_office": "django-post-office",
    "pwa": "django-pwa",
    "qr_code": "django-qr-code",
    "registration": "django-registration-redux",
    "requests_oauthlib": "requests-oauthlib",
    "rest_auth": "django-rest-auth",
    "rest_framework": "djangorestframework",
    "rest_framework_jwt": "djangorestframework-jwt",
    "rest_framework_nested": "drf-nested-routers",
    "rest_framework_simplejwt": "djangorestframework-simplejwt",
    "rest_framework_swagger": "django-rest-swagger",
    "rosetta": "django-rosetta",
    "sass_processor": "django-sass-processor",
    "sentry_sdk": "sentry-sdk",
    "silk": "django-silk",
    "simple_history": "django-simple-history",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "smart_selects": "django-smart-selects",
    "social_django": "social-auth-app-django",
    "sorl": "sorl-thumbnail",
    "sslcommerz_lib": "sslcommerz-lib",
    "sslserver": "django-sslserver",
    "star_ratings": "django-star-ratings",
    "storages": "django-storages",
    "taggit": "django-taggit",
    "tailwind": "django-tailwind",
    "tempus_dominus": "django-tempus-dominus",
    "tinymce": "django-tinymce",
    "two_factor": "django-two-factor-auth",
    "unfold": "django-unfold",
    "user_agents": "user-agents",
    "verify_email": "django-verify-email",
    "view_breadcrumbs": "django-view-breadcrumbs",
    "watchman": "django-watchman",
    "webpack_loader": "django-webpack-loader",
    "widget_tweaks": "django-widget-tweaks",
    "wkhtmltopdf": "django-wkhtmltopdf",
    "yaml": "pyyaml",
}
_SAME_NAME = re.compile(
    r"apscheduler|arrow|bcrypt|bleach|bokeh|boto3|braintree|celery|channels|cloudinary|coreapi|cryptography|daphne"
    r"|djangochannelsrestframework|djoser|faker|feedparser|folium|fontawesomefree|geoip2|geopy|gtts|gunicorn|html5lib"
    r"|httpx|humanize|jdatetime|joblib|jsonfield|lxml|markdown|markdown2|matplotlib|mongoengine|motor|nltk|numpy"
    r"|oauthlib|openai|openpyxl|pandas|passlib|paypalrestsdk|pdfkit|pendulum|plotly|psutil|psycopg2|pycountry"
    r"|pydantic|pygments|pymongo|pymysql|pyotp|pypdf|pypdf2|pytest|pytz|qrcode|raven|razorpay|redis|reportlab"
    r"|requests|scipy|seaborn|selenium|sendgrid|shortuuid|sqlalchemy|stripe|tabulate|textblob|tweepy|twilio|unidecode"
    r"|wagtail|waitress|watchdog|weasyprint|whitenoise|wikipedia|wordcloud|xhtml2pdf|xlrd|xlsxwriter|yfinance"
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
