"""Figures: one module per kind, all in the style set by `style`.

In: tables of results. Out: PNG, SVG and PDF files. Only these modules import matplotlib.
"""
