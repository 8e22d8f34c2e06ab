"""The four things a host drives: sandbox, supervisor, proxy, database server.

Each package holds a Protocol whose docstring is the contract, the real one, and a fake that passes the same contract
tests (``tests/contract``).
"""
