"""Telling findings to people: columns and labels as data, templates, figures. Reads tables, never a result's insides."""
