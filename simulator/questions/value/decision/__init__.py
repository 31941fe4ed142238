"""Decision analysis of costs and effects per draw, whoever made them; knows no simulation."""
