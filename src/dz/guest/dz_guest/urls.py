"""The project's urls, imported beforehand by who needs them to be: what fails now fails at their first use, too."""

from dz_guest import loading


def load():
    """Import them. Some ask the database for what is not there yet: that is said, and nothing else."""
    try:
        with loading.without_collector():
            resolver().url_patterns
    except Exception as error:
        print("The urls can't be loaded yet: %s" % error, flush=True)


def resolver():
    """Of the whole site."""
    try:
        from django.urls import get_resolver
    except ImportError:  # before Django 1.10
        from django.core.urlresolvers import get_resolver

    return get_resolver(None)
