"""What the engine takes by itself: a program of the same shape whose resources do nothing.

A component with two dynamic resources for each partner, the second depending on the first. The program is linked into
a working copy; `idle` is copied beside it, where the provider process finds it.
"""
