# Everything goes through bin/bootstrap.py, which needs nothing but python3 (3.8 or later).
demo test lint bench corpus soak faults up down sync:
	@python3 bin/bootstrap.py $@

.PHONY: demo test lint bench corpus soak faults up down sync
