"""The JSON that other programs read: every object of the commands, written once.

Plain functions from a record to a dict, one module a noun. Everything that people wrote is masked
here, character for character, so that spans hold. Names are added, never changed or taken away.
"""
