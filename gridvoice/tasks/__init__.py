"""The tasks: take rows, call the pure function, write rows, commit. Nowhere else is that written.

Each is small and idempotent: any process may die at any instruction and the next run goes on.
"""
