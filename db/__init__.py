"""The store: engine, tables, migrations and the queries, each named as a sentence.

Every query takes an open `Connection` first; the caller owns the transaction
(`with write(engine) as conn`). Imports only `domain`.
"""
