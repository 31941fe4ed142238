"""Runs of a model, many thousands of them: kept shard by shard, made anywhere, resumed after any interruption.

Sensitivity studies, the probabilistic analysis of the economics and the validation all run here. `model` says what can be
run, `shards` how runs are kept, `execution` what is still to do, `processes` and `cluster` where it may be done.
"""
