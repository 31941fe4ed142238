"""From costs and effects per draw to a decision: increments, net benefit, value of information, price.

Nothing here knows the simulation. Everything starts from `results.CostEffectResults`, which any program can fill.
"""
