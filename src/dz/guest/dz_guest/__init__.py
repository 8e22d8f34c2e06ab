"""The guest's modules; see ``dz.guest``. One package name, so that nothing of a project can be meant by it."""
