"""The embedded platform: everything on one machine, under supervisord, in one folder.

``python -m dz.local COMMAND`` brings it up and down, says how it is, and mends what can be mended.
"""
