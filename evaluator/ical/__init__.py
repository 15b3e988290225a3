"""Calendars that others keep, in iCalendar's format (RFC 5545), and the shifts that stand in them."""
