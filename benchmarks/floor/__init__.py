"""The sample project and the floors: deploys and requests with nothing in between, written by hand."""
