"""One .xlsx that a reviewer can change: what was simulated as values, everything that follows from them as formulas.

Formulas are written with their values, because readers that do not recalculate show zeros otherwise, and with functions
that Excel 2016 and LibreOffice both know.
"""
