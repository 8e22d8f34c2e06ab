"""Hundreds of changes of one site under load: ``make soak``. ``jobs`` does them, ``footprint`` sees what is left."""
