"""Which distribution brings a module: a table of well-known ones.

A name outside the table is never turned into a distribution: whoever owns that name on the index would be trusted by
accident. A module that several distributions bring is in it where one of them is meant by nearly all.
"""

from __future__ import annotations

# Modules whose distribution has their name, with hyphens for underscores.
_SAME_WORDS = """
adrf anthropic apscheduler arrow asgiref bcrypt bleach bokeh boto3 botocore braintree cachetools celery celery_progress
certifi channels channels_redis chardet click cloudinary colorama coreapi crispy_bootstrap3 crispy_bootstrap4
crispy_bootstrap5 crispy_bulma crispy_forms_foundation crispy_tailwind cryptography cssselect2 daphne deep_translator
defusedxml dj_database_url dj_email_url dj_rest_auth dj_static django_admin_env_notice django_apscheduler
django_bootstrap5 django_bootstrap_icons django_browser_reload django_celery_beat django_celery_results
django_ckeditor_5 django_cleanup django_comments_xtd django_components django_cotton django_countries django_cron
django_crontab django_cryptography django_elasticsearch_dsl django_email_verification django_extensions django_fsm
django_heroku django_hosts django_htmx django_icons django_jalali django_jinja django_json_widget django_jsonform
django_mysql django_object_actions django_otp django_pandas django_plotly_dash django_prometheus django_ratelimit
django_recaptcha django_redis django_registration django_resized django_rest_passwordreset django_rq django_seed
django_select2 django_ses django_social_share django_static_fontawesome django_structlog django_summernote
django_svelte_jsoneditor django_tables2 django_tailwind_cli django_tasks django_tenants django_twilio django_unicorn
django_user_agents django_vite django_weasyprint djangochannelsrestframework djangocms_admin_style djangocms_alias
djangocms_blog djangocms_bootstrap4 djangocms_file djangocms_frontend djangocms_googlemap djangocms_icon djangocms_link
djangocms_page_meta djangocms_picture djangocms_snippet djangocms_style djangocms_text djangocms_text_ckeditor
djangocms_versioning djangocms_video djangoql djangorestframework_camel_case djongo djoser docutils drf_extra_fields
drf_flex_fields drf_social_oauth2 drf_spectacular drf_spectacular_sidecar drf_standardized_errors drf_writable_nested
drf_yasg easy_thumbnails elasticsearch elasticsearch_dsl emoji environs faker fcm_django feedparser filebrowser_safe
firebase_admin flower folium fontawesomefree geocoder geoip2 geopy google_auth_oauthlib googletrans graphene
graphene_django graphene_file_upload grappelli_safe gtts gunicorn hashids haversine html2text html5lib httplib2 httpx
humanize icalendar ics imutils inflection isodate jdatetime jinja2 joblib jsonfield kombu langdetect levenshtein loguru
lxml markdown markdown2 marshmallow martor matplotlib meilisearch mezzanine mock mongoengine motor mozilla_django_oidc
nanoid networkx nh3 nltk numpy oauth2client oauthlib openai openpyxl orjson packaging pandas paramiko passlib
paypalrestsdk pdfkit pendulum phonenumbers pika plotly psutil psycopg psycopg2 puput pycountry pydantic pydub pygments
pymongo pymysql pyodbc pyotp pyparsing pypdf pypdf2 pytesseract pytest pytz qrcode rapidfuzz raven razorpay redis
reportlab requests requests_oauthlib rich rules scipy seaborn selenium sendgrid sentry_sdk shapely shortuuid simplejson
six sqlalchemy sqlparse sslcommerz_lib statsmodels stripe structlog tabulate tenacity textblob toml tqdm tweepy twilio
typing_extensions tzlocal ujson unidecode urllib3 user_agents validators wagtail wagtail_color_panel wagtail_localize
wagtail_modeladmin wagtailmenus waitress watchdog weasyprint websockets whitenoise whoosh wiki wikipedia wordcloud
xhtml2pdf xlrd xlsxwriter xlwt xmltodict yfinance zeep
"""
# Modules whose distribution is called "django-" and their name, with hyphens for underscores.
_DJANGO_WORDS = """
admin_honeypot admin_interface adminlte3 allauth anymail auditlog autoslug axes baton bootstrap3 bootstrap4
bootstrap_datepicker_plus bootstrap_modal_forms braces bulma cachalot cacheops cities_light ckeditor cloudinary_storage
colorfield compressor configurations constance crispy_forms crum csp currencies dbbackup debug_toolbar defender
dynamic_preferences el_pagination embed_video environ extra_views filer fontawesome_5 formtools friendship
froala_editor graphql_auth graphql_jwt grappelli guardian haystack health_check hijack hitcount honeypot imagekit
impersonate import_export invitations ipware jalali_date jazzmin leaflet localflavor location_field loginas machina
maintenance_mode markdown_deux markdownify markdownx material mathfilters mdeditor model_utils modelcluster
modeltranslation mptt multiselectfield nested_admin newsletter ninja ninja_extra ordered_model organizations oscar
pagedown parler payments paypal photologue pipeline polymorphic post_office private_storage pure_pagination
push_notifications pwa qr_code recurrence reversion robots rosetta safedelete sass_processor sekizai sesame silk
simple_history simpleui smart_selects solo sortedm2m split_settings sslserver star_ratings statici18n storages taggit
tailwind templated_mail tempus_dominus timezone_field tinymce treebeard unfold user_sessions versatileimagefield
view_breadcrumbs viewflow waffle watchman watson webpack_loader widget_tweaks wkhtmltopdf
"""
_OTHER_NAME = {
    "Crypto": "pycryptodome",
    "OpenSSL": "pyopenssl",
    "PIL": "pillow",
    "actstream": "django-activity-stream",
    "admin_auto_filters": "django-admin-autocomplete-filter",
    "admin_reorder": "django-modeladmin-reorder",
    "adminsortable": "django-admin-sortable",
    "adminsortable2": "django-admin-sortable2",
    "argon2": "argon2-cffi",
    "attr": "attrs",
    "background_task": "django-background-tasks",
    "barcode": "python-barcode",
    "bootstrap5": "django-bootstrap-v5",
    "bootstrapform": "django-bootstrap-form",
    "bs4": "beautifulsoup4",
    "ckeditor_uploader": "django-ckeditor",
    "classytags": "django-classy-tags",
    "cms": "django-cms",
    "corsheaders": "django-cors-headers",
    "cv2": "opencv-python-headless",
    "dal": "django-autocomplete-light",
    "dal_select2": "django-autocomplete-light",
    "dateutil": "python-dateutil",
    "decouple": "python-decouple",
    "django_admin_listfilter_dropdown": "django-admin-list-filter-dropdown",
    "django_comments": "django-contrib-comments",
    "django_filters": "django-filter",
    "django_q": "django-q2",
    "django_quill": "django-quill-editor",
    "djcelery_email": "django-celery-email",
    "djgeojson": "django-geojson",
    "djmoney": "django-money",
    "djstripe": "dj-stripe",
    "dns": "dnspython",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "factory": "factory-boy",
    "fitz": "pymupdf",
    "git": "gitpython",
    "googleapiclient": "google-api-python-client",
    "jose": "python-jose",
    "js_asset": "django-js-asset",
    "jwt": "pyjwt",
    "knox": "django-rest-knox",
    "magic": "python-magic",
    "mapwidgets": "django-map-widgets",
    "materializecssform": "django-materializecss-form",
    "mysql": "mysql-connector-python",
    "nacl": "pynacl",
    "newsapi": "newsapi-python",
    "notifications": "django-notifications-hq",
    "oauth2_provider": "django-oauth-toolkit",
    "phone_field": "django-phone-field",
    "phonenumber_field": "django-phonenumber-field[phonenumbers]",
    "pptx": "python-pptx",
    "rangefilter": "django-admin-rangefilter",
    "registration": "django-registration-redux",
    "rest_auth": "django-rest-auth",
    "rest_framework": "djangorestframework",
    "rest_framework_api_key": "djangorestframework-api-key",
    "rest_framework_datatables": "djangorestframework-datatables",
    "rest_framework_extensions": "drf-extensions",
    "rest_framework_gis": "djangorestframework-gis",
    "rest_framework_jwt": "djangorestframework-jwt",
    "rest_framework_nested": "drf-nested-routers",
    "rest_framework_simplejwt": "djangorestframework-simplejwt",
    "rest_framework_swagger": "django-rest-swagger",
    "rest_framework_xml": "djangorestframework-xml",
    "rest_polymorphic": "django-rest-polymorphic",
    "sendgrid_backend": "django-sendgrid-v5",
    "serial": "pyserial",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "social_core": "social-auth-core",
    "social_django": "social-auth-app-django",
    "sorl": "sorl-thumbnail",
    "speech_recognition": "speechrecognition",
    "strawberry_django": "strawberry-graphql-django",
    "telebot": "pytelegrambotapi",
    "telegram": "python-telegram-bot",
    "two_factor": "django-two-factor-auth",
    "verify_email": "django-verify-email",
    "wagtailmarkdown": "wagtail-markdown",
    "wagtailmetadata": "wagtail-metadata",
    "websocket": "websocket-client",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}

_SAME_NAME, _WITH_DJANGO = frozenset(_SAME_WORDS.split()), frozenset(_DJANGO_WORDS.split())


def distribution(module: str) -> str:
    """What brings a top-level module, "" for one that is not well known."""
    if module in _OTHER_NAME:
        return _OTHER_NAME[module]
    name = module.lower()
    if name in _WITH_DJANGO:
        return f"django-{name}".replace("_", "-")
    return name.replace("_", "-") if name in _SAME_NAME else ""


def is_distribution(name: str) -> bool:
    """Whether a canonical name is one of the well-known distributions."""
    return name in _BROUGHT


def everything() -> list[str]:
    """All modules of the table."""
    return sorted({*_SAME_NAME, *_WITH_DJANGO, *_OTHER_NAME})


_BROUGHT = {"django", *(distribution(module).partition("[")[0] for module in everything())}
