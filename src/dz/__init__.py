"""DjangoZoom."""
