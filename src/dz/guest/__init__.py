"""What runs inside a project's own interpreter: settings wrapper, probe, management commands, web server.

Never imported by the platform: copied as a folder and started as ``<ENV>/bin/python <GUEST>/main.py COMMAND ...``
inside the sandbox. Standard library and the project's Django only, Python 3.6 syntax, Django 1.8 and later.
"""
