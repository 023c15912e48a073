"""Reads back what was written, by another way than it was written: nothing here is shared with a writer but the
format's rules.
"""
