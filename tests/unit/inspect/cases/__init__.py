"""One small repository per file: ``FILES``, what must be guessed (``EXPECTED``, by field), and ``NAMES``: the packages
and folders that the renaming test may call otherwise. To add a class of projects, add a file here."""
