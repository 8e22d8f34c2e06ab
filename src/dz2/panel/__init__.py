"""The panel: what people see in a browser."""
