"""How a trial is carried out: looks, decisions to stop, sizes estimated again, arms dropped."""
