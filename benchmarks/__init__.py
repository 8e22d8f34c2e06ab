"""``make bench``: what DjangoZoom takes, beside the same work done by hand on this machine in the same run."""
