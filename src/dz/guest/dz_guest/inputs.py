"""What an expensive command would be made from, as one hash: while it stays, so does what the command made."""

import hashlib
import os
import sys


def told(what, fingerprint, *given):
    """The hash that ``fingerprint`` makes, or "" where it can't: then the command is run, and tells what is wrong."""
    try:
        return fingerprint(*given)
    except Exception as error:
        print("What %s can't be told: %s" % (what, error), file=sys.stderr)
        return ""


def in_environment(path):
    """Whether a file is of the project's packages, which have a hash of their own, or of its code."""
    return os.path.realpath(path).startswith(os.path.realpath(sys.prefix) + os.sep)


def content(path):
    """What stands for a file where the environment is an input of its own."""
    return "environment" if in_environment(path) else digest_of(path)


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1024 * 1024), b""):
            digest.update(piece)
    return digest.hexdigest()
