"""A declared Python for which a pinned driver has no wheel: the newest that has one is taken, and it is said."""

from tests.unit.inspect.cases.plain import FILES as PLAIN

FILES = PLAIN | {"requirements.txt": "Django==3.0.14\npsycopg2==2.8.6\n", ".python-version": "3.12.1\n"}
EXPECTED = {"python_version": "3.9", "django_version": "3.0.14"}
NAMES = ("wombat", "uploads", "collected")
