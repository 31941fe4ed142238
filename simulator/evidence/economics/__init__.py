"""What costs and utilities rest on: payers and their conventions, prices of other years and countries, norms, value sets."""
