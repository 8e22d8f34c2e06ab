"""``git push dz main``: a small service that takes pushes over HTTP and answers with the deploy they begin.

Promise: a repository per project, named by its app id; git itself (``git http-backend``) speaks and stores, with no
configuration and no hook but ours. The service holds no right of its own: whatever it asks of the API it asks with the
token that came with the push. It runs as a user of its own, and imports nothing of the platform but its command line.
"""
