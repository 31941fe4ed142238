"""What policies cost and are worth: from valued lives to a decision, who gains, and what knowing more would be worth."""
