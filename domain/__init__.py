"""The words of the system. Imports none of the other folders."""
