"""Sample sizes and power by formula and by enumeration."""
