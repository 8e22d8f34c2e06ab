"""The parts of the door to zoomdb: ``dz2.zoomdb`` joins them."""
