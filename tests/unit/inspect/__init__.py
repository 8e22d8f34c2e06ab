"""The inspector over small trees."""
