"""Figures: one module for each kind, all in the style of `style`.

In: tables of results. Out: PNG, SVG and PDF files. Only these modules import matplotlib and seaborn.
"""
