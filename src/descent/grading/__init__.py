"""Grades for a class: every submission runs in a process of its own, and a judge decides outside.

In: a folder of submissions, and an assignment: rule, references, settings, limits. Out: grades,
feedback for every student, and a summary. Parity decides what is right; nothing here does.
"""
