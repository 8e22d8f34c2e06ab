"""The inspector: reads a checkout inside the sandbox and says what the project is, with its evidence.

``python -m dz.tasklib.build.inspect TREE`` prints one JSON object. It runs none of the project's code and imports only
the standard library and small pure parsers, for it is started anew for every check. ``runner`` is the outside of it;
``detectors`` holds one small module per class of evidence: adding one is one file there and one fixture in the tests.
"""

BEGIN = "begin\n"  # what it is told once the checkout is there
CPU = 10  # seconds of it that an inspection may take, whatever else its host has to do
