"""What people look at: one module for each kind of figure, all in the style of `style`.

Only these modules import matplotlib and seaborn.
"""
