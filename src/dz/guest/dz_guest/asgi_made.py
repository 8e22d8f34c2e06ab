"""The ASGI application as an object of a module, for a uvicorn that calls no factory (before 0.13)."""

from dz_guest import applications

application = applications.asgi()
