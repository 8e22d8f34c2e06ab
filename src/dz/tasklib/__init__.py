"""The work of the platform: values in, values out, and the user told through the log it was given.

Imports neither celery nor django, and reads no environment.
"""
