"""Questions: a request in, tidy tables out, no words for people. They meet in `living` and `work`, never in each other."""
