"""SQLite is the developer's, behind a variable of its own; the site's database is read from a URL."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS

FILES = {
    "manage.py": MANAGE.format("bettong.settings"),
    "bettong/__init__.py": "",
    "bettong/settings.py": SETTINGS.replace("wombat", "bettong").replace(
        "DATABASES = {",
        'if os.getenv("DEVELOPMENT_MODE") != "True":\n    import dj_database_url\n'
        '    DATABASES = {"default": dj_database_url.parse(os.environ.get("DATABASE_URL"))}\n'
        'if os.getenv("DEVELOPMENT_MODE") == "True":\n    DATABASES = {',
    ),
    "requirements.txt": "Django==4.0.3\ndjango-redis==5.0\n",
}
EXPECTED = {"database_engines": "postgresql", "services": "redis"}
NAMES = ("bettong",)
