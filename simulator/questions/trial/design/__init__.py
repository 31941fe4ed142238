"""What a design file states: arms, endpoints, estimands, size, looks, who is randomised how."""
