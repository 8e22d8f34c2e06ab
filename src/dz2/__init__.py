"""usercontrol."""
