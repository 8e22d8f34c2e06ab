"""``/api/v1``: what ``dz`` and scripts speak to. Thin views over ``dz2.services``; documents in ``documents``.

Every request carries the bearer token, the schema is at ``/api/v1/openapi.json``. Answers that wait (``wait=``, at most
20 s) poll the rows: the job's own row tells whether anything is new, so that a poll is one indexed read.
"""
