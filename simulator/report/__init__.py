"""The border to people: from tables and figures to an output folder, a report and the terminal.

Nothing here knows the model. `outputs` writes the folder, `html` the report, `style` and `images` draw the
figures, `formats` turns numbers into what a reader sees, `console` speaks on the terminal.
"""
